// A figure that is not finite fails the run; a report is read back as written.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkFinite, type Report, readReport, writeReport } from '../../bench/report/report.js'

const rows = (median: number) => [{ kernel: 'add', native: { median: 1 }, reference: null }, { native: { median } }]

test('finite figures pass, and so does what was left out', () => {
  expect(() => checkFinite(rows(0), 'kernels')).not.toThrow()
})

test.each([Number.NaN, Number.POSITIVE_INFINITY])('%d is an error that says where', value => {
  expect(() => checkFinite(rows(value), 'kernels')).toThrow(
    `kernels.1.native.median: expected a finite figure, got ${value}`,
  )
})

const machine = { cpu: 'c', cores: 2, node: 'v20', blasgrad: '0', native: null }
const report: Report = { date: '2026', machine, environment: {}, peers: {}, smoke: false, groups: { steps: [] } }

test('a report is read back as written; a smoke run’s report and other files are refused', () => {
  const folder = mkdtempSync(join(tmpdir(), 'blasgrad-test-'))
  try {
    const file = join(folder, 'runs/bench.json')
    writeReport(file, report)
    expect(readReport(file)).toEqual(report)
    const refused = `${file}: expected the report of a full run of the benches`
    writeReport(file, { ...report, smoke: true })
    expect(() => readReport(file)).toThrow(refused)
    for (const text of ['', '{}', 'null', '[1]']) {
      writeFileSync(file, text)
      expect(() => readReport(file)).toThrow(refused)
    }
    expect(() => readReport(join(folder, 'none.json'))).toThrow('ENOENT')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
