// Random small networks trained eager and compiled: to the bit without fusion; with it, within what rounding comes to.

import { describe, expect } from 'vitest'
import { getRandomState } from '../../lib/index.js'
import { backendsUnderTest } from '../support/backends.js'
import { testsOn } from './support/on-backend.js'
import { drawNetwork, type Network, type Training } from './support/random-networks.js'

const seeds = Array.from({ length: 40 }, (_, i) => i + 1)

/** Trains one way: the losses of each step and the state in the end. */
function train({ start }: Network, steps: number, options?: Parameters<Network['start']>[0]) {
  const training: Training = start(options)
  const losses = Array.from({ length: steps }, () => training.step())
  return { losses, state: training.state(), random: getRandomState() }
}

/** The largest difference, relative to the largest expected magnitude. */
function distance(actual: readonly number[][], expected: readonly number[][]): number {
  let [most, largest] = [0, 0]
  expected.forEach((array, i) => {
    array.forEach((value, j) => {
      const apart = Math.abs(actual[i][j] - value)
      most = Math.max(most, Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart)
      largest = Math.max(largest, Math.abs(value))
    })
  })
  return most === 0 ? 0 : most / largest
}

function expectWithin(what: string, actual: number[][], expected: number[][], bound: number): void {
  const apart = distance(actual, expected)
  if (!(apart <= bound)) expect.fail(`${what}: ${apart} apart, expected at most ${bound}`)
}

describe.each(backendsUnderTest)('on %s', backend => {
  const on = testsOn(backend)

  on('without fusion, to the bit', () => {
    for (const seed of seeds) {
      const network = drawNetwork(seed, { dtype: seed % 4 === 0 ? 'float64' : 'float32' })
      expect(train(network, 8, { fusion: false }), network.what).toEqual(train(network, 8))
    }
  })

  on('with fusion, in float64 within 1e-9 over twenty steps', () => {
    for (const seed of seeds) {
      const network = drawNetwork(1000 + seed, { dtype: 'float64' })
      const [actual, expected] = [train(network, 20, {}), train(network, 20)]
      expectWithin(`${network.what}: losses`, actual.losses, expected.losses, 1e-9)
      expected.state.forEach((array, i) => {
        expectWithin(`${network.what}: state ${i}`, [actual.state[i]], [array], 1e-9)
      })
      expect(actual.random, network.what).toEqual(expected.random)
    }
  })

  on('with fusion, in float32 one step of SGD within 1e-6 of the largest parameter', () => {
    for (const seed of seeds) {
      const network = drawNetwork(2000 + seed, { dtype: 'float32', optimizer: 'SGD' })
      const [actual, expected] = [train(network, 1, {}), train(network, 1)]
      expectWithin(network.what, actual.state, expected.state, 1e-6)
    }
  })
})
