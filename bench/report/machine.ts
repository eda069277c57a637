// Describes the machine, the environment and the peers of a run.

import { availableParallelism, cpus } from 'node:os'
import { backendInfo, version } from 'blasgrad'
import type { AboutPeers } from '../peers/peers.js'

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

const affectsSpeed = /^(OPENBLAS|OMP|GOMP|KMP|MKL|ATEN|BLASGRAD)_/

/** The environment variables that affect speed, ours and the peers'. */
export const environment = (env: NodeJS.ProcessEnv): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(env).filter(([name, value]) => affectsSpeed.test(name) && value !== undefined),
  ) as Record<string, string>

/** Warnings for variables that override OpenBLAS's choice of kernels, here and in the peers. */
export const warnings = (env: NodeJS.ProcessEnv): string[] =>
  ['OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE']
    .filter(name => env[name])
    .map(name => `warning: ${name}=${env[name]} may make OpenBLAS slower, here and in the peers`)

/** The peers in one line. */
export function describePeers(peers: AboutPeers): string {
  const parts = Object.entries(peers).map(([name, about]) => {
    if (typeof about === 'string') return `no ${name}`
    const { version, blas, core } = about as Readonly<Record<string, unknown>>
    return `${name}${version === undefined ? '' : ` ${version}`}${blas === undefined ? '' : ` on ${blas}, core ${core}`}`
  })
  return `peers: ${parts.length === 0 ? 'none' : parts.join('; ')}`
}
