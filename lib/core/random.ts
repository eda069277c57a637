// The random generator: a Philox key and a counter, which advances in program order. Kernels compute the numbers.

import type { NumberArray } from '../base/dtype.js'
import { isKind } from '../base/dtype.js'
import { ArgumentError, showValue } from '../base/errors.js'
import { context, refuseRecording } from './context.js'
import { allocateState, type Storage } from './storage.js'

/** [key low, key high, counter low, counter high], as the random kernels take it. */
const generator = allocateState('int32', 4)

const numbers = (): Int32Array => generator.array as Int32Array

/** Seeds the generator: a whole number of at most 53 bits. The same seed gives the same numbers on every backend. */
export function manualSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ArgumentError(`manualSeed: expected a non-negative integer up to 2⁵³ − 1, got ${showValue(seed)}`)
  }
  refuseRecording('manualSeed')
  generator.array.set([seed | 0, Math.floor(seed / 2 ** 32) | 0, 0, 0])
}

// Unseeded programs differ from run to run, as in PyTorch.
manualSeed(Math.floor(Math.random() * Number.MAX_SAFE_INTEGER))

/** Moves the counter past `blocks` blocks of four words. */
export function advance(blocks: number): void {
  const state = generator.memory
  const low = (state[2] >>> 0) + blocks
  state[2] = low | 0
  state[3] = (state[3] + Math.floor(low / 2 ** 32)) | 0
}

/** The state's memory, for native code that advances it. */
export const generatorMemory = (): NumberArray => generator.memory

/** Draws `blocks` blocks. @returns their offset from the state's counter; a recorded step advances that once a run. */
function draw(blocks: number, kernel: (at: number) => void): void {
  if (context.recording !== null) {
    kernel(context.recording.draw(blocks))
    return
  }
  kernel(0)
  advance(blocks)
}

/** Fills `storage` (floats) with uniform numbers in [low, high). */
export function drawUniform(storage: Storage, low: number, high: number): void {
  const { array, length } = storage
  const perBlock = array instanceof Float64Array ? 2 : 4
  draw(Math.ceil(length / perBlock), at => context.backend.uniform(length, low, high, at, numbers(), array))
  storage.version++
}

/** Fills `storage` (floats) with normal numbers. */
export function drawNormal(storage: Storage, mean: number, std: number): void {
  const { array, length } = storage
  draw(Math.ceil(length / 4), at => context.backend.normal(length, mean, std, at, numbers(), array))
  storage.version++
}

/** Fills `storage` (floats) with 0 where an element is dropped, which has probability p, and 1/(1 − p) where it stays. */
export function drawDropoutMask(storage: Storage, p: number): void {
  const { array, length } = storage
  draw(Math.ceil(length / 4), at => context.backend.dropoutMask(length, p, at, numbers(), array))
  storage.version++
}

/** The generator's state, to be restored by `setRandomState`. */
export const getRandomState = (): Int32Array => numbers().slice()

/** Restores a state from `getRandomState`. */
export function setRandomState(saved: Int32Array): void {
  if (!isKind(saved, 'Int32Array') || saved.length !== 4) {
    throw new ArgumentError(`setRandomState: expected the Int32Array(4) of getRandomState, got ${showValue(saved)}`)
  }
  refuseRecording('setRandomState')
  generator.array.set(saved)
}
