// Times functions against each other: warm-up, repetitions until a sample is long enough to be measured, samples taken
// in turns. It knows nothing of what it times.

import { PeerError } from '../peers/peer.js'

/** One of those that are compared. */
export interface Contestant<Name extends string = string> {
  readonly name: Name
  readonly run: () => void
  /** Done before each sample, not timed. */
  readonly prepare?: () => void
}

/** One that takes its time itself: in another process, or waiting between runs. */
export interface SelfTimed<Name extends string = string> {
  readonly name: Name
  /** The milliseconds of that many runs, after an eighth as many that are not counted. */
  readonly sample: (runs: number) => Promise<number>
}

export interface Plan {
  /** Samples of each contestant. */
  readonly rounds: number
  /** What a sample takes at least, in milliseconds; `run` is repeated for it. */
  readonly sampleMs: number
  /** What the warm-up of each contestant takes at least, in milliseconds. */
  readonly warmUpMs: number
  /** What the rounds of one contestant are to take at most, in milliseconds: a slow one takes part in fewer, the first. */
  readonly mostMs?: number
}

/** Rounds in which a contestant takes part, however slow it is. */
const leastRounds = 3

export const fullPlan: Plan = { rounds: 7, sampleMs: 2, warmUpMs: 15 }
/** Everything once, or as often as the clock needs to move: for seeing that it runs, not how fast. */
export const smokePlan: Plan = { rounds: 1, sampleMs: 0.005, warmUpMs: 0 }

/**
 * The plan for what runs much TypeScript of ours in a run: a longer warm-up, for the compiler to be done with it, and
 * longer samples, so that each has its share of garbage collection.
 */
export const patient = ({ rounds, sampleMs, warmUpMs, ...rest }: Plan): Plan => ({
  ...rest,
  rounds: 2 * rounds + 1,
  sampleMs: 5 * sampleMs,
  warmUpMs: 10 * warmUpMs,
})

/** Microseconds of one run. */
export interface Figure {
  readonly median: number
  readonly min: number
  readonly max: number
  /** Runs in a sample. */
  readonly repetitions: number
  /** Of each round. */
  readonly samples: readonly number[]
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[upper] : (sorted[upper - 1] + sorted[upper]) / 2
}

type Clock = () => number

/** Runs that go before a sample, so that caches, and threads that sleep, are as they are in a loop. */
const ahead = (runs: number): number => (runs > 1 ? Math.ceil(runs / 8) : 0)

/** Milliseconds of that many runs. */
function sample(contestant: Contestant | SelfTimed, runs: number, now: Clock): number | Promise<number> {
  if ('sample' in contestant) return contestant.sample(runs)
  const { prepare, run } = contestant
  prepare?.()
  for (let i = ahead(runs); i > 0; i--) run()
  const started = now()
  for (let i = 0; i < runs; i++) run()
  return now() - started
}

/** `runs` of `run`, each awaited, as a contestant times itself. */
export async function sampleAwaiting(run: () => Promise<unknown>, runs: number): Promise<number> {
  for (let i = ahead(runs); i > 0; i--) await run()
  const started = performance.now()
  for (let i = 0; i < runs; i++) await run()
  return performance.now() - started
}

/** Runs until warm; the repetitions that make a sample long enough, and the rounds that there is time for. */
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

/** Takes a sample, or as many as it wants, of which it gives the one that is to count. */
export type Take = <T>(attempt: () => Promise<T>) => Promise<T>

/** What a race may be told beside its plan. */
export interface Conditions {
  /** A clock in milliseconds. */
  readonly now?: Clock
  /** How samples are taken; each once by default. */
  readonly take?: Take | undefined
}

/** What a race gives: the figures, and why who has none was lost. */
export interface Race<Name extends string> {
  readonly figures: Readonly<Partial<Record<Name, Figure>>>
  readonly lost: ReadonlyMap<Name, PeerError>
}

/**
 * The figures of contestants timed in turns: each round samples all of them, every other round in reverse order, so that
 * none always follows the same one. A peer that fails is left out from then on.
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

/** A race of functions of ours, none of which can be lost. */
export async function compare<Name extends string>(
  contestants: readonly Contestant<Name>[],
  plan: Plan,
  conditions?: Conditions,
): Promise<Record<Name, Figure>> {
  return (await race(contestants, plan, conditions)).figures as Record<Name, Figure>
}
