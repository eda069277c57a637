// Whether the machine gives two whole cores just now: a shared host does not always, and changes its mind within tenths of a
// second. Ratios count where it did, so each sample of a race is taken between two probes, and again where one of them fails.

import type { Peers } from '../peers/peers.js'
import type { Take } from './timing.js'

/** Of what was timed: how many times one thread's sgemm two threads did. */
export interface Scaling {
  /** Before or after a sample that was kept, at the worst. */
  readonly least: number
  /** The samples that were taken again. */
  readonly retaken: number
}

/** Below this, two threads did not have two whole cores: what was timed then does not count. */
export const unthrottledScaling = 1.7

/** How long a race waits for whole cores and takes samples again at most, and all races of a run; how long it waits at once. */
const [patienceMs, patienceOfRunMs, waitMs] = [30_000, 600_000, 100]

/** What the watch asks of the world. */
export interface Surroundings {
  /** The scaling now; null where that cannot be tried. */
  readonly probe: () => Promise<number | null>
  /** A clock in milliseconds. */
  readonly now?: () => number
  readonly wait?: (ms: number) => Promise<unknown>
  /** How long to wait and to take samples again, in ms. */
  readonly patience?: number
}

/** Takes the samples of one race while the cores are whole. */
export class CoreWatch {
  readonly #probe: () => Promise<number | null>
  readonly #now: () => number
  readonly #wait: (ms: number) => Promise<unknown>
  readonly #patience: number
  #spent = 0
  /** The probe after the last sample, which is the one before the next. */
  #last: number | null = null
  #least = Number.POSITIVE_INFINITY
  #retaken = 0

  constructor({
    probe,
    now = () => performance.now(),
    wait = ms => new Promise(resolve => setTimeout(resolve, ms)),
    patience = patienceMs,
  }: Surroundings) {
    this.#probe = probe
    this.#now = now
    this.#wait = wait
    this.#patience = patience
  }

  /**
   * What `attempt` gives between two probes that find whole cores: it is made again where they do not, for as long as there
   * is patience; the attempt with the best of the worse probes counts.
   */
  readonly take: Take = async attempt => {
    let best: { readonly value: Awaited<ReturnType<typeof attempt>>; readonly least: number } | undefined
    for (;;) {
      const before = await this.#whole()
      const started = this.#now()
      const value = await attempt()
      const after = await this.#probe()
      if (before === null || after === null) return value
      this.#last = after
      const least = Math.min(before, after)
      if (best === undefined || least > best.least) best = { value, least }
      if (least >= unthrottledScaling || this.#spent >= this.#patience) break
      this.#spent += this.#now() - started
      this.#retaken++
    }
    this.#least = Math.min(this.#least, best.least)
    return best.value
  }

  /** What waiting and taking samples again took, in ms. */
  get spent(): number {
    return this.#spent
  }

  /** Of all that was taken; null where it could not be tried. */
  get scaling(): Scaling | null {
    return this.#least === Number.POSITIVE_INFINITY ? null : { least: this.#least, retaken: this.#retaken }
  }

  /** The probe before a sample, after waiting for whole cores where there is patience. */
  async #whole(): Promise<number | null> {
    let scaling = this.#last ?? (await this.#probe())
    while (scaling !== null && scaling < unthrottledScaling && this.#spent < this.#patience) {
      await this.#wait(waitMs)
      this.#spent += waitMs
      scaling = await this.#probe()
    }
    return scaling
  }
}

/** What is timed, and the scaling around it; null where that cannot be tried. */
export interface Timed<T> {
  readonly result: T
  readonly scaling: Scaling | null
}

let leftOfRunMs = patienceOfRunMs

/** A race of a group, its samples taken on whole cores; a smoke run neither looks nor waits. */
export async function timedOnCores<T>(
  peers: Peers,
  smoke: boolean,
  race: (take: Take | undefined) => Promise<T>,
): Promise<Timed<T>> {
  if (smoke) return { result: await race(undefined), scaling: null }
  const watch = new CoreWatch({ probe: () => peers.scaling(), patience: Math.min(patienceMs, leftOfRunMs) })
  const result = await race(watch.take)
  leftOfRunMs -= watch.spent
  return { result, scaling: watch.scaling }
}

/** What two threads were worth at the worst. */
export function scalingCell(scaling: Scaling | null): string {
  if (scaling === null) return ''
  return `${scaling.least.toFixed(2)}${scaling.least < unthrottledScaling ? '!' : ''}`
}

/** Prints what a mark in a "cores" column means, where there is one. */
export function printScalingNote(scalings: readonly (Scaling | null)[]): void {
  if (scalings.some(scaling => scalingCell(scaling).endsWith('!'))) {
    console.log(
      `!  two threads did less than ${unthrottledScaling}× one's sgemm then: not two whole cores; such a row does not count`,
    )
  }
}
