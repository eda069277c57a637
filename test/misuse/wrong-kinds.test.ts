// Every argument of every op's samples, replaced by values of wrong kinds in turn: a right answer, or an error of the
// library's own whose message is short.

import { createContext, runInContext } from 'node:vm'
import { expect, test } from 'vitest'
import { BlasgradError, ones, tensor } from '../../lib/index.js'
import * as ops from '../../lib/ops/index.js'
import { opEntries } from '../../lib/ops/machinery/registry.js'
import { Random } from '../support/random.js'
import { samplerFor } from '../support/sampler.js'

const circular: unknown[] = []
circular.push(circular)
const { proxy: revoked, revoke } = Proxy.revocable([], {})
revoke()
const realm = createContext({})

const wrong: Readonly<Record<string, unknown>> = {
  undefined,
  null: null,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  'a negative number': -1,
  'a fraction': 1.5,
  'a large integer': 2 ** 53,
  'an empty text': '',
  'a text': 'x',
  'an object': {},
  'an empty list': [],
  'a list that holds itself': circular,
  'a revoked proxy': revoked,
  'a symbol': Symbol('s'),
  'a bigint': 1n,
  'a function': () => 1,
  'a date': new Date(0),
  'a map': new Map(),
  'a list of another realm': runInContext('[1, 2]', realm),
  'a typed array of another realm': runInContext('new Float32Array(2)', realm),
  'a tensor of bools': ones([2], { dtype: 'bool' }),
  'a tensor of integers': tensor([1, 2], { dtype: 'int32' }),
  'a tensor of another shape': ones([1, 1, 1, 1, 1, 7]),
}

/** Those that users can call. */
const entries = [...opEntries.values()].filter(({ name }) => Object.hasOwn(ops, name))

test('there are ops to try', () => {
  expect(entries.length).toBeGreaterThan(100)
})

test.each(entries.map(entry => [entry.name, entry] as const))('%s', (_, entry) => {
  const samples = entry.samples(samplerFor(new Random(7), 'float32')).slice(0, 6)
  for (const args of samples) {
    for (const at of args.keys()) {
      for (const [kind, value] of Object.entries(wrong)) {
        const call = args.map((argument, i) => (i === at ? value : argument))
        try {
          ;(entry.call as (...args: readonly unknown[]) => unknown)(...call)
        } catch (error) {
          if (!(error instanceof BlasgradError)) expect.fail(`${kind} as argument ${at}: ${String(error)}`)
          expect(error.message.length, `${kind} as argument ${at}`).toBeLessThan(600)
          expect(error.message, `${kind} as argument ${at}`).not.toMatch(/is not a function|Cannot read/)
        }
      }
    }
  }
})
