// Prepares the peers of a workload for the race, and picks the best afterwards.

import { difference, tolerance } from '../report/agreement.js'
import { fastest } from '../report/ratio.js'
import type { Settings } from '../support/group.js'
import type { Figure, Plan, Race } from '../support/timing.js'
import type { Workload } from '../workloads/workloads.js'
import { withTensors } from './exchange.js'
import { PyTorch } from './pytorch.js'
import { ScriptPeer } from './script-peer.js'
import type { Finalist } from './timed-peer.js'

/** The plan for trying each setting of a peer before the race. */
const trialPlan: Plan = { rounds: 3, sampleMs: 10, warmUpMs: 50 }

export interface Ready {
  readonly peer: PyTorch | ScriptPeer
  readonly finalists: readonly Finalist[]
}

/** A peer's best setting. */
export type Best = Figure & { readonly setting: string }

/** The installed peers with their finalists for a workload. A smoke run takes PyTorch only. */
export async function readyPeers(
  { task, start }: Workload,
  { smoke, peers }: Settings,
  steps: number,
): Promise<readonly Ready[]> {
  const pytorch = await peers.pytorch()
  const all = [...(pytorch === null ? [] : [pytorch]), ...(smoke ? [] : await peers.scripts())]
  return withTensors(start().tensors, async file => {
    const ready: Ready[] = []
    for (const peer of all) {
      ready.push({ peer, finalists: await peer.finalists(task, file, smoke ? null : trialPlan, steps) })
    }
    return ready
  })
}

/** PyTorch's finalists; their values must agree with ours. */
export const pytorchIn = (ready: readonly Ready[]): readonly Ready[] =>
  ready.filter(({ peer }) => peer instanceof PyTorch)

/** The other JavaScript libraries whose value agrees with `ours`; a note reports the others' values. */
export const scriptsThatAgree = (ready: readonly Ready[], ours: number): readonly Ready[] =>
  ready
    .filter(({ peer }) => peer instanceof ScriptPeer)
    .map(({ peer, finalists }) => ({
      peer,
      finalists: finalists.filter(({ name, value }) => {
        const agrees = difference({ ours, value }) <= tolerance
        if (!agrees) peer.note(name, new Error(`expected ${ours} after the same steps, got ${value}`))
        return agrees
      }),
    }))

/** Notes the contestants that failed and releases all. */
export async function releasePeers(ready: readonly Ready[], lost: Race<string>['lost']): Promise<void> {
  for (const { peer, finalists } of ready) {
    for (const { name } of finalists) {
      const error = lost.get(name)
      if (error !== undefined) peer.note(name, error)
    }
    await peer.release()
  }
}

/** The fastest setting of these peers; null if none has a figure. */
export function bestOf(figures: Readonly<Partial<Record<string, Figure>>>, ready: readonly Ready[]): Best | null {
  const best = fastest(
    figures,
    ready.flatMap(({ finalists }) => finalists.map(({ name }) => name)),
  )
  return best && { setting: best[0], ...best[1] }
}
