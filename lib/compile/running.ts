// Runs what was recorded: now, or in turn, on the executor's own thread where it has one. Which program a call runs is
// decided in compile.ts.

import type { NumberArray } from '../base/dtype.js'
import { advance } from '../core/random.js'
import { allocate } from '../core/storage.js'
import { allocateTensor, noElements, type Tensor } from '../core/tensor.js'
import type { Compiled } from './compiled.js'
import { type BadIndex, isThreaded } from './plan.js'
import { enqueue, isQueueEmpty } from './queue.js'
import { type Leaf, rebuild } from './tree.js'

/** A step that takes less than this, in µs, runs in place: going to another thread would cost more than it frees. */
const worthLeaving = 100
/** For how long, in ms, steps may run in place before the event loop has a turn. */
const longestInPlace = 2

let lastTurn = 0

export const arrayOf = (leaf: Leaf): NumberArray => {
  if (typeof leaf !== 'number') {
    const { storage } = leaf
    if (!storage.hasElements) throw noElements('compile', leaf)
    return storage.array
  }
  const { array } = allocate('float32', 1)
  array[0] = leaf
  return array
}

export const freshResults = ({ results }: Compiled): Tensor[] =>
  results.map(({ shape, dtype }) => allocateTensor(shape, dtype))

export const arraysOf = (tensors: readonly Tensor[]): NumberArray[] => tensors.map(({ storage }) => storage.array)

/** The error of the op that met a bad index. */
export function errorOf({ plan, recorder }: Compiled, bad: BadIndex): Error {
  const step = plan.steps[bad.step]
  return recorder.badIndexError('source' in step ? step.source : undefined, bad.id, bad.position)
}

/** What a run changes beside the arrays that it writes. @throws IndexError, first, where it met a bad index. */
export function conclude(compiled: Compiled, bad: BadIndex | null): void {
  if (bad !== null) throw errorOf(compiled, bad)
  for (const storage of compiled.written) storage.version++
  advance(compiled.blocks)
  compiled.adopt()
}

/** Runs in place and gives fresh results. */
export function runNow(compiled: Compiled, leaves: readonly Leaf[]): unknown {
  const results = freshResults(compiled)
  const { small } = compiled
  const arrays = results.map(({ storage }, i) => small[i] ?? storage.array)
  conclude(compiled, compiled.executor.run(leaves.map(arrayOf), arrays))
  results.forEach(({ storage }, i) => {
    const from = small[i]
    if (from !== null) copyFew(from, storage.array)
  })
  return rebuild(compiled.resultTree, results)
}

function copyFew(from: NumberArray, to: NumberArray): void {
  for (let i = 0; i < to.length; i++) to[i] = from[i]
}

/**
 * Runs when the steps called before are over. The arguments are read now.
 * @param again finds the program anew: for when a step before has left other gradients than were there at the call.
 */
export function runInTurn(compiled: Compiled, leaves: readonly Leaf[], again: () => Compiled): Promise<unknown> {
  const isFree = isQueueEmpty() && compiled.isThreaded
  if (isFree && !(compiled.isFixed && compiled.micros >= worthLeaving)) return runInPlace(compiled, leaves)
  const startsNow = isFree && compiled.isReady
  const inputs = leaves.map(leaf => (startsNow ? arrayOf(leaf) : arrayOf(leaf).slice()))
  return new Promise((resolve, reject) => {
    let current = compiled
    hold(current)
    enqueue(over => {
      const finish = (result: () => unknown): void => {
        release(current)
        try {
          resolve(result())
        } catch (error) {
          reject(error)
        }
        over()
      }
      const find = (): Compiled => {
        if (!current.recorder.gradientsHold()) {
          const next = again()
          hold(next)
          release(current)
          current = next
        }
        return current
      }
      whenReady(find, finish, ready => begin(ready, inputs, finish))
    })
  })
}

/**
 * Calls `run` with the program that `find` gives: at once where it is planned, else when it is. What either throws is
 * given to `finish`, later.
 */
export function whenReady(
  find: () => Compiled,
  finish: (result: () => never) => void,
  run: (compiled: Compiled) => void,
): void {
  try {
    const compiled = find()
    if (compiled.isReady) run(compiled)
    else compiled.prepare().then(() => whenReady(find, finish, run))
  } catch (error) {
    setImmediate(finish, () => {
      throw error
    })
  }
}

/** Begins a run; `finish` is called later with what gives the result. */
export function begin(compiled: Compiled, inputs: NumberArray[], finish: (result: () => unknown) => void): void {
  const { executor, resultTree } = compiled
  if (!isThreaded(executor) || !compiled.isFixed) {
    setImmediate(finish, () => {
      const results = freshResults(compiled)
      conclude(compiled, executor.run(inputs, arraysOf(results)))
      return rebuild(resultTree, results)
    })
    return
  }
  executor.start(inputs, (bad, micros) =>
    finish(() => {
      if (bad instanceof Error) throw bad
      noteDuration(compiled, micros)
      const results = freshResults(compiled)
      if (bad === null) executor.collect(arraysOf(results))
      conclude(compiled, bad)
      return rebuild(resultTree, results)
    }),
  )
}

function runInPlace(compiled: Compiled, leaves: readonly Leaf[]): Promise<unknown> {
  const begin = performance.now()
  let result: unknown
  try {
    result = runNow(compiled, leaves)
  } catch (error) {
    return Promise.reject(error)
  }
  const end = performance.now()
  noteDuration(compiled, (end - begin) * 1000)
  if (end - lastTurn < longestInPlace) return Promise.resolve(result)
  lastTurn = end
  return new Promise(resolve => setImmediate(resolve, result))
}

/** One quick run shows that it can be quick; a slow one may have been disturbed. */
export function noteDuration(compiled: Compiled, micros: number): void {
  compiled.micros = Math.min(micros, (compiled.micros + micros) / 2)
}

function hold({ uses }: Compiled): void {
  for (const storage of uses) storage.steps++
}

function release({ uses }: Compiled): void {
  for (const storage of uses) storage.steps--
}
