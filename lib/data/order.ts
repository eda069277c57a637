// The order in which an epoch visits its samples: a pure function of their number, a seed and the epoch's number.

import { philox } from '../base/philox.js'

// The third word of the counter is 0 for the numbers that tensors are filled with, so that the same seed never gives
// the same words to both.
const stream = 1

/** 0, 1, … n − 1. */
export function naturalOrder(n: number): Int32Array {
  const order = new Int32Array(n)
  for (let i = 0; i < n; i++) order[i] = i
  return order
}

/**
 * A permutation of 0 … n − 1, each one equally likely: Fisher and Yates, over Philox words of key `seed` and counter
 * (block, epoch, 1, 0), word after word.
 */
export function shuffledOrder(n: number, seed: number, epoch: number): Int32Array {
  const order = naturalOrder(n)
  const below = integersBelow(seed, epoch)
  for (let i = n - 1; i > 0; i--) {
    const j = below(i + 1)
    const moved = order[i]
    order[i] = order[j]
    order[j] = moved
  }
  return order
}

/** Draws uniform integers in [0, bound): words from the incomplete last run of `bound` values are drawn again. */
function integersBelow(seed: number, epoch: number): (bound: number) => number {
  const low = seed >>> 0
  const high = Math.floor(seed / 2 ** 32) >>> 0
  const words = new Uint32Array(4)
  let used = 4
  let block = 0
  return bound => {
    for (;;) {
      if (used === 4) {
        philox(block++, epoch, stream, 0, low, high, words)
        used = 0
      }
      const word = words[used++]
      // The incomplete run is shorter than `bound`: its length is seldom needed.
      if (word >= 2 ** 32 - bound && word >= 2 ** 32 - (2 ** 32 % bound)) continue
      // word % bound, exactly (a quotient that is not whole is 2⁻³¹ or more from one).
      return word - Math.floor(word / bound) * bound
    }
  }
}
