// Whether the machine gives two whole cores just now: a shared host does not always. Ratios count where it did, so what is
// timed waits for it, and is timed again where it was not so afterwards.

import type { Peers } from './peers.js'

/** How many times one thread's sgemm two threads did, before and after something was timed. */
export interface Scaling {
  readonly before: number
  readonly after: number
}

/** Below this, two threads did not have two whole cores: what was timed then does not count. */
export const wholeCores = 1.7

const [mostAttempts, mostWaits, waitMs] = [2, 4, 500]

export const leastOf = ({ before, after }: Scaling): number => Math.min(before, after)

/** What is timed, and the scaling around it; null where that cannot be tried. */
export interface Timed<T> {
  readonly result: T
  readonly scaling: Scaling | null
}

/**
 * Waits a few seconds at most for whole cores, and runs `attempt`; once more, where the cores were not whole then: the
 * better attempt counts.
 * @param probe the scaling now, or null.
 */
export async function onWholeCores<T>(
  probe: () => Promise<number | null>,
  attempt: () => Promise<T>,
  wait: (ms: number) => Promise<unknown> = ms => new Promise(resolve => setTimeout(resolve, ms)),
): Promise<Timed<T>> {
  let best: Timed<T> | undefined
  for (let attempts = 0; attempts < mostAttempts; attempts++) {
    let before = await probe()
    for (let waits = 0; before !== null && before < wholeCores && waits < mostWaits; waits++) {
      await wait(waitMs)
      before = await probe()
    }
    const result = await attempt()
    const after = await probe()
    if (before === null || after === null) return { result, scaling: null }
    const scaling = { before, after }
    if (!best?.scaling || leastOf(scaling) > leastOf(best.scaling)) best = { result, scaling }
    if (leastOf(scaling) >= wholeCores) break
  }
  return best as Timed<T>
}

/** `onWholeCores` for a group; a smoke run neither looks nor waits. */
export const timedOnCores = async <T>(peers: Peers, smoke: boolean, attempt: () => Promise<T>): Promise<Timed<T>> =>
  smoke ? { result: await attempt(), scaling: null } : onWholeCores(() => peers.scaling(), attempt)

/** What two threads were worth at the worse time. */
export function scalingCell(scaling: Scaling | null): string {
  if (scaling === null) return ''
  const least = leastOf(scaling)
  return `${least.toFixed(2)}${least < wholeCores ? '!' : ''}`
}

/** Prints what a mark in a "cores" column means, where there is one. */
export function printScalingNote(scalings: readonly (Scaling | null)[]): void {
  if (scalings.some(scaling => scalingCell(scaling).endsWith('!'))) {
    console.log(
      `!  two threads did less than ${wholeCores}× one's sgemm then: not two whole cores; such a row does not count`,
    )
  }
}
