// The report of a run: JSON with the machine, the date and each group's rows.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { AboutPeers } from '../peers/peers.js'
import type { Machine } from './machine.js'

export interface Report {
  readonly date: string
  readonly machine: Machine
  /** The environment variables that affect speed. */
  readonly environment: Readonly<Record<string, string>>
  readonly peers: AboutPeers
  readonly smoke: boolean
  readonly groups: Readonly<Record<string, readonly object[]>>
}

/** @throws Error that names the first number in `value` that is not finite. */
export function checkFinite(value: unknown, path: string): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new Error(`${path}: expected a finite figure, got ${value}`)
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, part] of Object.entries(value)) checkFinite(part, `${path}.${key}`)
}

/** Writes the report; creates its folder if needed. */
export function writeReport(file: string, report: Report): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
}

/** Reads a report. @throws Error if the file is not the report of a full run. */
export function readReport(file: string): Report {
  let report: Partial<Report> | null = null
  try {
    report = JSON.parse(readFileSync(file, 'utf8')) as Partial<Report> | null
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  const { date, machine, peers, smoke, groups } = report ?? {}
  if (typeof date !== 'string' || !machine || !peers || !groups || smoke !== false) {
    throw new Error(`${file}: expected the report of a full run of the benches`)
  }
  return report as Report
}
