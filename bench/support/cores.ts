// Takes samples only on unthrottled cores. A shared host throttles within tenths of a second, so each sample lies between
// two probes and is repeated if one of them fails.

import type { Peers } from '../peers/peers.js'
import type { Take } from './timing.js'

/** The speed-up of two threads of sgemm over one, around the samples of a race. */
export interface Scaling {
  /** The worst probe before or after a sample that counts. */
  readonly least: number
  /** Samples that were repeated. */
  readonly retaken: number
}

/** Below this speed-up the cores are throttled, and a sample does not count. */
export const unthrottledScaling = 1.7

/** Limits on waiting and repeating, per race and per run, and the interval between probes, in ms. */
const [patienceMs, patienceOfRunMs, waitMs] = [30_000, 600_000, 100]

/** The watch's dependencies, replaceable in tests. */
export interface Surroundings {
  /** The current speed-up; null: no probe available. */
  readonly probe: () => Promise<number | null>
  /** A clock in milliseconds. */
  readonly now?: () => number
  readonly wait?: (ms: number) => Promise<unknown>
  /** Limit on waiting and repeating, in ms. */
  readonly patience?: number
}

/** Takes the samples of one race while the cores are unthrottled. */
export class CoreWatch {
  readonly #probe: () => Promise<number | null>
  readonly #now: () => number
  readonly #wait: (ms: number) => Promise<unknown>
  readonly #patience: number
  #spent = 0
  /** The probe after the last sample is also the one before the next. */
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
   * Returns the result of `attempt` between two probes on unthrottled cores. It repeats the attempt until then or until
   * the limit; the attempt whose worse probe is best counts.
   */
  readonly take: Take = async attempt => {
    let best: { readonly value: Awaited<ReturnType<typeof attempt>>; readonly least: number } | undefined
    for (;;) {
      const before = await this.#probeUnthrottled()
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

  /** Time spent on waiting and repeating, in ms. */
  get spent(): number {
    return this.#spent
  }

  /** The race's scaling; null: no probe available. */
  get scaling(): Scaling | null {
    return this.#least === Number.POSITIVE_INFINITY ? null : { least: this.#least, retaken: this.#retaken }
  }

  /** The probe before a sample, after waiting for unthrottled cores within the limit. */
  async #probeUnthrottled(): Promise<number | null> {
    let scaling = this.#last ?? (await this.#probe())
    while (scaling !== null && scaling < unthrottledScaling && this.#spent < this.#patience) {
      await this.#wait(waitMs)
      this.#spent += waitMs
      scaling = await this.#probe()
    }
    return scaling
  }
}

/** A race's result and the scaling around it; null: no probe available. */
export interface Timed<T> {
  readonly result: T
  readonly scaling: Scaling | null
}

let leftOfRunMs = patienceOfRunMs

/** Runs a race on unthrottled cores; a smoke run neither probes nor waits. */
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

/** The cell of the "cores" column; `!` marks throttled cores. */
export function scalingCell(scaling: Scaling | null): string {
  if (scaling === null) return ''
  return `${scaling.least.toFixed(2)}${scaling.least < unthrottledScaling ? '!' : ''}`
}

/** Explains the mark in the "cores" column if there is one. */
export function printScalingNote(scalings: readonly (Scaling | null)[]): void {
  if (scalings.some(scaling => scalingCell(scaling).endsWith('!'))) {
    console.log(
      `!  cores throttled: two threads of sgemm did less than ${unthrottledScaling}× the work of one; the row does not count`,
    )
  }
}
