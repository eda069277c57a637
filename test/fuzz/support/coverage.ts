// Which blocks of code an input reaches, as V8 counts them, and a fuzzer that keeps the inputs that reach new ones
// (as AFL does: M. Zalewski, "Technical whitepaper for afl-fuzz", 2014).

import { type Profiler, Session } from 'node:inspector'
import { Random } from '../../support/random.js'
import { mutated } from './mutate-bytes.js'

/** What was reached of code that was first loaded after it was made. */
export class Coverage {
  readonly #session = new Session()
  /** By function, a byte for each character of its text: whether it has run. */
  readonly #covered = new Map<string, Uint8Array>()

  constructor() {
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /**
   * How many functions and blocks `fn` is the first to reach in files whose address matches, and how many it enters.
   * `keeps`: they are then reached.
   */
  of(files: RegExp, keeps: boolean, fn: () => void): { readonly first: number; readonly work: number } {
    this.#take()
    fn()
    let [first, work] = [0, 0]
    for (const { url, functions } of this.#take()) {
      if (!files.test(url)) continue
      for (const { ranges } of functions) {
        if (ranges[0].count === 0) continue
        for (const { count } of ranges) work += count
        first += this.#compare(url, ranges, keeps)
      }
    }
    return { first, work }
  }

  /** Ranges lie within those before them. One that ran as often as what surrounds it is not listed. */
  #compare(url: string, ranges: readonly Profiler.CoverageRange[], keeps: boolean): number {
    const [{ startOffset: start, endOffset: end }] = ranges
    const key = `${url}:${start}`
    const covered = this.#covered.get(key)
    const now = new Uint8Array(end - start)
    for (const { startOffset, endOffset, count } of ranges) {
      now.fill(count > 0 ? 1 : 0, startOffset - start, endOffset - start)
    }
    if (covered === undefined) {
      if (keeps) this.#covered.set(key, now)
      return 1
    }
    const isFirst = now.map((has, i) => has & ~covered[i])
    if (keeps) for (let i = 0; i < now.length; i++) covered[i] |= now[i]
    return isFirst.filter((each, i) => each === 1 && isFirst[i - 1] !== 1).length
  }

  /** Takes everything as not reached. */
  reset(): void {
    this.#covered.clear()
  }

  stop(): void {
    this.#session.disconnect()
  }

  #take(): Profiler.ScriptCoverage[] {
    let found: Profiler.ScriptCoverage[] = []
    // The session is of this thread: it answers at once.
    this.#session.post('Profiler.takePreciseCoverage', (_, { result }) => {
      found = result
    })
    return found
  }
}

export interface Target {
  readonly name: string
  readonly seeds: readonly Uint8Array[]
  /** What inputs are made of, beside one another. */
  readonly words: readonly Uint8Array[]
  /** Addresses of the files whose blocks count. */
  readonly files: RegExp
  /** Gives the outcome in words. @throws Error where the input shows a fault. */
  readonly run: (bytes: Uint8Array) => string
}

export interface Report {
  /** The inputs that reached something new. */
  readonly corpus: readonly Uint8Array[]
  /** How many functions and blocks all of them reached. */
  readonly reached: number
  readonly finding?: { readonly bytes: Uint8Array; readonly error: Error }
}

/** Inputs between two looks at coverage. */
const batchSize = 32

/** Blocks that an input may enter, for each of its bytes and altogether: beyond that, it counts as one that hangs. */
const [workForByte, leastWork] = [2000, 2_000_000]

/** Outcomes that differ in what was given are the same. */
const kindOf = (outcome: string): string =>
  outcome
    .replace(/, got.*/s, '')
    .replace(/"[^"]*"/g, '…')
    .replace(/\d+/g, '#')

class Fuzzer {
  readonly #target: Target
  readonly #coverage: Coverage
  readonly #outcomes = new Set<string>()
  readonly corpus: Uint8Array[] = []
  reached = 0

  constructor(target: Target, coverage: Coverage) {
    this.#target = target
    this.#coverage = coverage
  }

  /** Runs the inputs; those that reach something new stay in the corpus: found by halves, since a look takes long. */
  add(inputs: readonly Uint8Array[]): Report['finding'] {
    const { run, files } = this.#target
    const outcomes: string[] = []
    const isOne = inputs.length === 1
    const { first, work } = this.#coverage.of(files, isOne, () => {
      for (const bytes of inputs) outcomes.push(outcomeOf(run, bytes))
    })
    const allowed = inputs.reduce((sum, { length }) => sum + leastWork + workForByte * length, 0)
    const isNew = first > 0 || outcomes.some(outcome => !this.#outcomes.has(outcome))
    if (!isOne) {
      if (!isNew && work <= allowed) return undefined
      const half = inputs.length >> 1
      return this.add(inputs.slice(0, half)) ?? this.add(inputs.slice(half))
    }
    const [bytes, outcome] = [inputs[0], outcomes[0]]
    if (outcome.startsWith('fault')) return this.#finding(bytes, outcome)
    if (work > allowed) return this.#finding(bytes, `expected ${allowed} blocks, got ${work}`)
    this.reached += first
    this.#outcomes.add(outcome)
    if (isNew) this.corpus.push(bytes)
    return undefined
  }

  #finding(bytes: Uint8Array, what: string): Report['finding'] {
    const { run } = this.#target
    const small = smaller(bytes, each => outcomeOf(run, each) === outcomeOf(run, bytes))
    return { bytes: small, error: new Error(what) }
  }
}

function outcomeOf(run: Target['run'], bytes: Uint8Array): string {
  try {
    return kindOf(run(bytes))
  } catch (error) {
    return kindOf(`fault: ${(error as Error).stack ?? error}`)
  }
}

/** Tries `count` inputs: the seeds, then changes of those that reached something new. Stops at the first fault. */
export function fuzz(target: Target, coverage: Coverage, count: number, seed: number): Report {
  coverage.reset()
  const random = new Random(seed)
  const fuzzer = new Fuzzer(target, coverage)
  const { corpus } = fuzzer
  let inputs = target.seeds
  for (let done = 0; done < count; done += inputs.length) {
    if (done > 0) inputs = Array.from({ length: batchSize }, () => mutated(corpus, target.words, random))
    const finding = fuzzer.add(inputs)
    if (finding !== undefined) return { corpus, reached: fuzzer.reached, finding }
  }
  return { corpus, reached: fuzzer.reached }
}

/** The input without whatever can go. */
function smaller(bytes: Uint8Array, shows: (bytes: Uint8Array) => boolean): Uint8Array {
  let best = bytes
  for (let length = bytes.length >> 1; length > 0; length >>= 1) {
    for (let from = 0; from + length <= best.length; ) {
      const rest = Uint8Array.from([...best.subarray(0, from), ...best.subarray(from + length)])
      if (shows(rest)) best = rest
      else from += length
    }
  }
  return best
}
