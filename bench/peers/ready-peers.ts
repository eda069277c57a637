// The peers of a workload, ready for the race, and the best of them afterwards.

import { difference, tolerance } from '../report/agreement.js'
import { fastest } from '../report/ratio.js'
import type { Settings } from '../support/group.js'
import type { Figure, Plan, Race } from '../support/timing.js'
import type { Workload } from '../workloads/workloads.js'
import { withTensors } from './exchange.js'
import { PyTorch } from './pytorch.js'
import { ScriptPeer } from './script-peer.js'
import type { Finalist } from './timed-peer.js'

/** How each setting of a peer is tried before the race. */
const trialPlan: Plan = { rounds: 3, sampleMs: 10, warmUpMs: 50 }

export interface Ready {
  readonly peer: PyTorch | ScriptPeer
  readonly finalists: readonly Finalist[]
}

/** A peer's best setting. */
export type Best = Figure & { readonly setting: string }

/**
 * The peers that are here, with what each has ready for a workload. A smoke run takes only PyTorch, and only where it is
 * told to.
 */
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

/** Those of PyTorch: what they computed must be what we did. */
export const pytorchIn = (ready: readonly Ready[]): readonly Ready[] =>
  ready.filter(({ peer }) => peer instanceof PyTorch)

/** The other libraries in JavaScript whose value is `ours`; of the others a note says what they computed. */
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

/** Notes who was lost, and forgets what was ready. */
export async function releasePeers(ready: readonly Ready[], lost: Race<string>['lost']): Promise<void> {
  for (const { peer, finalists } of ready) {
    for (const { name } of finalists) {
      const error = lost.get(name)
      if (error !== undefined) peer.note(name, error)
    }
    await peer.release()
  }
}

/** The best of those peers' settings; null where none has a figure. */
export function bestOf(figures: Readonly<Partial<Record<string, Figure>>>, ready: readonly Ready[]): Best | null {
  const best = fastest(
    figures,
    ready.flatMap(({ finalists }) => finalists.map(({ name }) => name)),
  )
  return best && { setting: best[0], ...best[1] }
}
