// Calls that are wrong, each with its error: the tables in calls/. A line is a call, the line below it the error's class and
// how its message begins. Both backends refuse them alike, before anything has changed.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as blasgrad from '../../lib/index.js'
import { backendsUnderTest, onBackend } from '../support/backends.js'

interface Row {
  readonly call: string
  readonly type: string
  readonly message: string
}

const folder = join(import.meta.dirname, 'calls')
const tables = readdirSync(folder).map(file => {
  const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n')
  const rows = Array.from({ length: lines.length / 2 }, (_, i): Row => {
    const [, type, message] = /^ {2}(\w+): (.*)$/.exec(lines[2 * i + 1]) ?? expect.fail(`${file}: ${lines[2 * i + 1]}`)
    return { call: lines[2 * i], type, message }
  })
  return [file, rows] as const
})

/** What the calls are made of. */
function scope(): Record<string, unknown> {
  const { data, nn, optim, Tensor, tensor, ones } = blasgrad
  const circular: unknown[] = []
  circular.push(circular)
  const { proxy: revoked, revoke } = Proxy.revocable([], {})
  revoke()
  return {
    ...blasgrad,
    circular,
    revoked,
    x: new Tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]),
    outside: tensor([1]),
    set: new data.TensorDataset(ones([4, 2])),
    sgd: new optim.SGD([new nn.Parameter([1])], { lr: 0.1 }),
  }
}

/** What evaluating `call` throws. */
function thrownBy(call: string, names: Record<string, unknown>): unknown {
  try {
    new Function(...Object.keys(names), `'use strict'; return (${call})`)(...Object.values(names))
  } catch (error) {
    return error
  }
  return expect.fail(`${call}: no error`)
}

test('there are at least 300 of them', () => {
  expect(tables.flatMap(([, rows]) => rows).length).toBeGreaterThanOrEqual(300)
})

describe.each(backendsUnderTest)('%s', backend => {
  test.each(tables)('%s', (_, rows) => {
    const { BlasgradError, manualSeed, rand, Tensor } = blasgrad
    onBackend(backend, () => {
      for (const { call, type, message } of rows) {
        const names = scope()
        manualSeed(1)
        const error = thrownBy(call, names)
        if (!(error instanceof BlasgradError)) expect.fail(`${call}: ${String(error)}`)
        expect([error.constructor.name, error.message.split('\n')[0].slice(0, message.length)], call).toEqual([
          type,
          message,
        ])
        expect(error.message.length, call).toBeLessThan(600)
        // Nothing has changed: the tensor, the random state, the backend.
        expect((names.x as blasgrad.Tensor).toArray(), call).toEqual([
          [1, 2, 3],
          [4, 5, 6],
        ])
        const drawn = rand([1]).item()
        manualSeed(1)
        // Layers that were made for the call have drawn their weights.
        if (!call.includes('new nn.')) expect(rand([1]).item(), call).toBe(drawn)
        expect(new Tensor([1]).add(1).item(), call).toBe(2)
        expect(blasgrad.backendInfo().backend, call).toBe(backend)
      }
    })
  })
})
