// Times functions against each other: warm-up, repetitions until a sample is long enough to be measured, samples taken
// in turns. It knows nothing of what it times.

/** One of those that are compared. */
export interface Contestant<Name extends string = string> {
  readonly name: Name
  readonly run: () => void
  /** Done before each sample, not timed. */
  readonly prepare?: () => void
}

export interface Plan {
  /** Samples of each contestant. */
  readonly rounds: number
  /** What a sample takes at least, in milliseconds; `run` is repeated for it. */
  readonly sampleMs: number
  /** What the warm-up of each contestant takes at least, in milliseconds. */
  readonly warmUpMs: number
}

export const fullPlan: Plan = { rounds: 7, sampleMs: 2, warmUpMs: 15 }
/** Everything once, or as often as the clock needs to move: for seeing that it runs, not how fast. */
export const smokePlan: Plan = { rounds: 1, sampleMs: 0.005, warmUpMs: 0 }

/**
 * The plan for what runs much TypeScript of ours in a run: a longer warm-up, for the compiler to be done with it, and
 * longer samples, so that each has its share of garbage collection.
 */
export const patient = ({ rounds, sampleMs, warmUpMs }: Plan): Plan => ({
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
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[upper] : (sorted[upper - 1] + sorted[upper]) / 2
}

/** Milliseconds of `repetitions` runs. */
function sample({ prepare, run }: Contestant, repetitions: number, now: () => number): number {
  prepare?.()
  const started = now()
  for (let i = 0; i < repetitions; i++) run()
  return now() - started
}

/** Runs until warm, and gives the repetitions that make a sample long enough. */
function warmUp(contestant: Contestant, plan: Plan, now: () => number): number {
  let repetitions = 1
  for (let spent = 0; ; ) {
    const took = sample(contestant, repetitions, now)
    spent += took
    if (took < plan.sampleMs) repetitions *= 2
    else if (spent >= plan.warmUpMs) return Math.ceil((plan.sampleMs / took) * repetitions)
  }
}

/**
 * The figures of contestants timed in turns: each round samples all of them, every other round in reverse order, so that
 * none always follows the same one. `now` is a clock in milliseconds.
 */
export function compare<Name extends string>(
  contestants: readonly Contestant<Name>[],
  plan: Plan,
  now: () => number = () => performance.now(),
): Record<Name, Figure> {
  const entries = contestants.map(contestant => ({
    contestant,
    repetitions: warmUp(contestant, plan, now),
    samples: [] as number[],
  }))
  for (let round = 0; round < plan.rounds; round++) {
    for (const entry of round % 2 === 0 ? entries : [...entries].reverse()) {
      const { contestant, repetitions, samples } = entry
      samples.push((sample(contestant, repetitions, now) * 1000) / repetitions)
    }
  }
  const figures = entries.map(({ contestant, repetitions, samples }): [Name, Figure] => [
    contestant.name,
    { median: median(samples), min: Math.min(...samples), max: Math.max(...samples), repetitions },
  ])
  return Object.fromEntries(figures) as Record<Name, Figure>
}
