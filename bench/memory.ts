// Measures the peak of resident memory while a workload trains, ours and PyTorch's, each in a fresh process, minus the
// memory resident once the library is loaded.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { withTensors } from './peers/exchange.js'
import { PeerError } from './peers/peer.js'
import { digits } from './report/format.js'
import { printTable } from './report/table.js'
import type { Group, Settings } from './support/group.js'
import { type Workload, workloadsOf } from './workloads/workloads.js'

/** Steps before the peak is read. */
const steps = 20

/** Bytes. */
export interface Peak {
  /** Resident once the library is loaded. */
  readonly idle: number
  /** The peak until the end. */
  readonly peak: number
}

export interface MemoryResult {
  readonly workload: string
  readonly compiled: Peak
  /** Null: not installed. */
  readonly pytorch: Peak | null
  /** Memory that PyTorch adds, relative to ours. */
  readonly ratio: number | null
}

const script = fileURLToPath(new URL('./support/memory-child.js', import.meta.url))

/** Trains in a fresh process. @throws Error if it fails. */
function ours(workload: Workload): Peak {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, workload.name, String(steps)], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`memory: ${workload.name}: expected a peak, got: ${stderr.trim()}`)
  return JSON.parse(stdout) as Peak
}

async function pytorchs(workload: Workload, { peers }: Settings): Promise<Peak | null> {
  const pytorch = await peers.pytorch()
  if (pytorch === null) return null
  try {
    return await withTensors(workload.start().tensors, file => pytorch.peak(workload.task, file, steps))
  } catch (error) {
    if (!(error instanceof PeerError)) throw error
    pytorch.note(`peak of ${workload.name}`, error)
    return null
  }
}

const added = ({ idle, peak }: Peak): number => peak - idle
const megabytes = (bytes: number): string => `${digits(bytes / 1e6)} MB`
const peakCells = (peak: Peak | null): string[] =>
  peak === null ? ['', '', ''] : [megabytes(peak.idle), megabytes(peak.peak), megabytes(added(peak))]

export const memoryBench: Group = async settings => {
  const results: MemoryResult[] = []
  const selected = workloadsOf(settings)
  for (const workload of settings.smoke ? selected.slice(0, 1) : selected) {
    const compiled = ours(workload)
    const pytorch = settings.smoke ? null : await pytorchs(workload, settings)
    const ratio = pytorch === null || added(compiled) <= 0 ? null : added(pytorch) / added(compiled)
    results.push({ workload: workload.name, compiled, pytorch, ratio })
  }
  printTable(
    `memory: the peak of ${steps} steps, each in a fresh process (idle: library loaded)`,
    ['workload', 'idle', 'compiled', 'adds', 'idle', 'PyTorch', 'adds', 'PyTorch adds'],
    results.map(({ workload, compiled, pytorch, ratio }) => [
      workload,
      ...peakCells(compiled),
      ...peakCells(pytorch),
      ratio === null ? '' : `${digits(ratio)}×`,
    ]),
  )
  return results
}
