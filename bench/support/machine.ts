// What the figures were taken on.

import { availableParallelism, cpus } from 'node:os'
import { backendInfo, version } from 'blasgrad'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly node: string
  readonly blasgrad: string
  readonly native: ReturnType<typeof backendInfo>['native']
}

export const machine = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? process.arch,
  cores: availableParallelism(),
  node: process.version,
  blasgrad: version,
  native: backendInfo().native,
})

/** The machine in one line. */
export function describeMachine({ cpu, cores, node, blasgrad, native }: Machine): string {
  const backend = native === null ? [] : [native.blas, `core ${native.core}`, native.simd, `threads ${native.threads}`]
  return [cpu, `${cores} cores`, `node ${node}`, `blasgrad ${blasgrad}`, ...backend].join(', ')
}
