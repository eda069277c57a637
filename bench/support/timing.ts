// Times contestants against each other: warm-up, enough repetitions per sample, alternating samples. It knows nothing
// about the code that it times.

import { PeerError } from '../peers/peer.js'

/** A function to compare. */
export interface Contestant<Name extends string = string> {
  readonly name: Name
  readonly run: () => void
  /** Runs before each sample, untimed. */
  readonly prepare?: () => void
}

/** A contestant that times itself: in another process, or with awaits between runs. */
export interface SelfTimed<Name extends string = string> {
  readonly name: Name
  /** Milliseconds of that many runs, after 1/8 as many untimed ones. */
  readonly sample: (runs: number) => Promise<number>
}

export interface Plan {
  /** Samples per contestant. */
  readonly rounds: number
  /** The shortest sample, in ms; `run` is repeated to reach it. */
  readonly sampleMs: number
  /** The shortest warm-up per contestant, in ms. */
  readonly warmUpMs: number
  /** Upper bound for a contestant's rounds, in ms: a slow one takes part in the first few only. */
  readonly mostMs?: number
}

/** Rounds that even the slowest contestant takes part in. */
const leastRounds = 3

export const fullPlan: Plan = { rounds: 7, sampleMs: 2, warmUpMs: 15 }
/** Runs everything once, or until the clock moves: a smoke test. */
export const smokePlan: Plan = { rounds: 1, sampleMs: 0.005, warmUpMs: 0 }

/**
 * A plan for contestants that run much TypeScript: a longer warm-up for V8's compiler, and longer samples, so that each
 * has its share of garbage collection.
 */
export const patient = ({ rounds, sampleMs, warmUpMs, ...rest }: Plan): Plan => ({
  ...rest,
  rounds: 2 * rounds + 1,
  sampleMs: 5 * sampleMs,
  warmUpMs: 10 * warmUpMs,
})

/** Timing of one contestant, in µs per run. */
export interface Figure {
  readonly median: number
  readonly min: number
  readonly max: number
  /** Runs in a sample. */
  readonly repetitions: number
  /** One per round. */
  readonly samples: readonly number[]
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[upper] : (sorted[upper - 1] + sorted[upper]) / 2
}

type Clock = () => number

/** Untimed runs before a sample, so that caches and sleeping threads are as in a loop. */
const warmUpRuns = (runs: number): number => (runs > 1 ? Math.ceil(runs / 8) : 0)

/** Milliseconds of that many runs. */
function sample(contestant: Contestant | SelfTimed, runs: number, now: Clock): number | Promise<number> {
  if ('sample' in contestant) return contestant.sample(runs)
  const { prepare, run } = contestant
  prepare?.()
  for (let i = warmUpRuns(runs); i > 0; i--) run()
  const started = now()
  for (let i = 0; i < runs; i++) run()
  return now() - started
}

/** `runs` of `run`, each awaited, as a contestant times itself. */
export async function sampleAwaiting(run: () => Promise<unknown>, runs: number): Promise<number> {
  for (let i = warmUpRuns(runs); i > 0; i--) await run()
  const started = performance.now()
  for (let i = 0; i < runs; i++) await run()
  return performance.now() - started
}

/** Runs until warm. Returns the repetitions per sample and the rounds that fit the limit. */
async function warmUp(
  contestant: Contestant | SelfTimed,
  plan: Plan,
  now: Clock,
): Promise<{ repetitions: number; rounds: number }> {
  let repetitions = 1
  for (let spent = 0; ; ) {
    const took = await sample(contestant, repetitions, now)
    spent += took
    if (took < plan.sampleMs) repetitions *= 2
    else if (spent >= plan.warmUpMs) {
      const { sampleMs, mostMs = Number.POSITIVE_INFINITY } = plan
      const rounds = Math.max(Math.floor(mostMs / Math.max(took, sampleMs)), leastRounds)
      return { repetitions: Math.ceil((sampleMs / took) * repetitions), rounds: Math.min(rounds, plan.rounds) }
    }
  }
}

/** Takes one or more samples and returns the one that counts. */
export type Take = <T>(attempt: () => Promise<T>) => Promise<T>

/** Options of a race. */
export interface Conditions {
  /** A clock in milliseconds. */
  readonly now?: Clock
  /** Takes the samples; each once by default. */
  readonly take?: Take | undefined
}

/** The result of a race: figures, and the errors of contestants that failed. */
export interface Race<Name extends string> {
  readonly figures: Readonly<Partial<Record<Name, Figure>>>
  readonly lost: ReadonlyMap<Name, PeerError>
}

/**
 * Times contestants alternately: each round samples all of them, every other round in reverse order, so that none always
 * follows the same one. A peer that fails drops out.
 */
export async function race<Name extends string>(
  contestants: readonly (Contestant<Name> | SelfTimed<Name>)[],
  plan: Plan,
  { now = () => performance.now(), take = attempt => attempt() }: Conditions = {},
): Promise<Race<Name>> {
  const lost = new Map<Name, PeerError>()
  const entries = contestants.map(contestant => ({
    contestant,
    repetitions: 1,
    rounds: plan.rounds,
    samples: [] as number[],
  }))
  const unlessLost = async (name: Name, action: () => Promise<void>): Promise<void> => {
    if (lost.has(name)) return
    try {
      await action()
    } catch (error) {
      if (!(error instanceof PeerError)) throw error
      lost.set(name, error)
    }
  }
  for (const entry of entries) {
    await unlessLost(entry.contestant.name, async () => {
      Object.assign(entry, await warmUp(entry.contestant, plan, now))
    })
  }
  for (let round = 0; round < plan.rounds; round++) {
    const order = round % 2 === 0 ? entries : [...entries].reverse()
    for (const entry of order.filter(({ rounds }) => round < rounds)) {
      await unlessLost(entry.contestant.name, async () => {
        const { contestant, repetitions, samples } = entry
        const took = await take(async () => sample(contestant, repetitions, now))
        samples.push((took * 1000) / repetitions)
      })
    }
  }
  const figures = entries
    .filter(({ contestant }) => !lost.has(contestant.name))
    .map(({ contestant, repetitions, samples }): [Name, Figure] => [
      contestant.name,
      { median: median(samples), min: Math.min(...samples), max: Math.max(...samples), repetitions, samples },
    ])
  return { figures: Object.fromEntries(figures) as Partial<Record<Name, Figure>>, lost }
}

/** A race of our own functions, which cannot drop out. */
export async function compare<Name extends string>(
  contestants: readonly Contestant<Name>[],
  plan: Plan,
  conditions?: Conditions,
): Promise<Record<Name, Figure>> {
  return (await race(contestants, plan, conditions)).figures as Record<Name, Figure>
}
