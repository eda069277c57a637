// Which bytes of the arena are occupied, and when: a segment tree over the steps. Each span of it holds occupied bytes as
// runs, so that a query meets a few long runs where a list of buffers would have thousands.

/** Disjoint runs of bytes in ascending order, none next to another: start, end, start, end. */
type Runs = number[]

/** The index of the first run that ends at or after `byte`, as a position of its start. */
function firstEndingFrom(runs: Runs, byte: number): number {
  let [low, high] = [0, runs.length / 2]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (runs[2 * middle + 1] < byte) low = middle + 1
    else high = middle
  }
  return 2 * low
}

/** Adds a run, joined with those that it meets. */
function addRun(runs: Runs, start: number, end: number): void {
  const from = firstEndingFrom(runs, start)
  let to = from
  while (to < runs.length && runs[to] <= end) to += 2
  if (to === from) runs.splice(from, 0, start, end)
  else if (to === from + 2) {
    runs[from] = Math.min(runs[from], start)
    runs[from + 1] = Math.max(runs[from + 1], end)
  } else runs.splice(from, to - from, Math.min(runs[from], start), Math.max(runs[to - 1], end))
}

/** A span of steps, and what is occupied in it. */
class Span {
  /** What some step of the span occupies. */
  readonly #some: Runs = []
  /** What was occupied for the whole span at once. */
  readonly #whole: Runs = []
  readonly #first: number
  readonly #last: number
  #halves: readonly Span[] = []

  constructor(first: number, last: number) {
    this.#first = first
    this.#last = last
  }

  occupy(first: number, last: number, start: number, end: number): void {
    if (last < this.#first || this.#last < first) return
    addRun(this.#some, start, end)
    if (first <= this.#first && this.#last <= last) addRun(this.#whole, start, end)
    else for (const half of this.#split()) half.occupy(first, last, start, end)
  }

  #split(): readonly Span[] {
    if (this.#halves.length === 0) {
      const middle = (this.#first + this.#last) >> 1
      this.#halves = [new Span(this.#first, middle), new Span(middle + 1, this.#last)]
    }
    return this.#halves
  }

  /** Adds to `lists` the runs that are occupied at some step from `first` to `last`. */
  collect(first: number, last: number, lists: Runs[]): void {
    if (last < this.#first || this.#last < first) return
    if (first <= this.#first && this.#last <= last) lists.push(this.#some)
    else {
      lists.push(this.#whole)
      for (const half of this.#halves) half.collect(first, last, lists)
    }
  }
}

/** Which bytes are occupied at which of the steps 0 to `steps` − 1. */
export class Occupancy {
  readonly #all: Span

  constructor(steps: number) {
    this.#all = new Span(0, Math.max(0, steps - 1))
  }

  /** Occupies the bytes from `start` up to `end` from step `first` to step `last`, both included. */
  occupy(first: number, last: number, start: number, end: number): void {
    if (start < end) this.#all.occupy(first, last, start, end)
  }

  /** Where `bytes` are free at all steps from `first` to `last`: the start of the smallest gap, or the end of all. */
  smallestGap(first: number, last: number, bytes: number): number {
    const lists: Runs[] = []
    this.#all.collect(first, last, lists)
    const runs: [start: number, end: number][] = []
    for (const list of lists) for (let i = 0; i < list.length; i += 2) runs.push([list[i], list[i + 1]])
    runs.sort(([a], [b]) => a - b)
    let reached = 0
    let best = -1
    let least = Number.POSITIVE_INFINITY
    for (const [start, end] of runs) {
      const gap = start - reached
      if (gap >= bytes && gap < least) {
        best = reached
        least = gap
      }
      reached = Math.max(reached, end)
    }
    return best === -1 ? reached : best
  }
}
