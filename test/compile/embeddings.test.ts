// Training tables of vectors in compiled steps: updates by rows give what eager code and unfused steps give.

import { describe, expect, test } from 'vitest'
import { IndexError } from '../../lib/base/errors.js'
import { compile } from '../../lib/compile/compile.js'
import type { CompileOptions } from '../../lib/compile/step.js'
import { setThreads } from '../../lib/core/backend-control.js'
import * as bg from '../../lib/index.js'
import { nn, optim, type Tensor, tensor } from '../../lib/index.js'
import { backendsUnderTest } from '../support/backends.js'
import { expectClose } from '../support/close.js'
import { testsOn } from './support/on-backend.js'

const rows = 50
const near = { relative: 1e-4, absolute: 1e-5 }
const optimizers = {
  Adam: (parameters: nn.Parameter[]) => new optim.Adam(parameters, { lr: 0.05 }),
  'Adam with decay': (parameters: nn.Parameter[]) => new optim.Adam(parameters, { lr: 0.05, weightDecay: 0.1 }),
  AdamW: (parameters: nn.Parameter[]) => new optim.AdamW(parameters, { lr: 0.05 }),
  SGD: (parameters: nn.Parameter[]) => new optim.SGD(parameters, { lr: 0.5 }),
  'SGD with momentum': (parameters: nn.Parameter[]) => new optim.SGD(parameters, { lr: 0.5, momentum: 0.9 }),
}

interface How {
  readonly optimizer?: keyof typeof optimizers
  readonly options?: CompileOptions | null
  readonly paddingIdx?: number
  readonly clip?: boolean
}

/** A step that trains a table and a layer on it, the same each time. */
function start({ optimizer = 'Adam', options = {}, paddingIdx, clip = false }: How = {}) {
  bg.manualSeed(3)
  const table = new nn.Embedding(rows, 5, paddingIdx === undefined ? {} : { paddingIdx })
  const layer = new nn.Linear(5, 1)
  const update = optimizers[optimizer]([...table.parameters(), ...layer.parameters()])
  const body = (ids: Tensor, y: Tensor): Tensor => {
    update.zeroGrad()
    const loss = nn.functional.binaryCrossEntropyWithLogits(layer.forward(table.forward(ids)).squeeze(1), y)
    loss.backward()
    if (clip) optim.clipGradNorm(table.parameters(), 0.01)
    update.step()
    return loss
  }
  const step = options === null ? null : compile(body, options)
  return { table, layer, update, step, run: step === null ? body : step.sync }
}

const batches = Array.from({ length: 20 }, (_, i): [Tensor, Tensor] => [
  tensor(Int32Array.of(0, rows - 1, i, 2 * i, i, rows - 1, 7)),
  tensor(Float32Array.from({ length: 7 }, (_, j) => (i + j) % 2)),
])

function train(how: How) {
  const started = start(how)
  const losses = batches.map(([ids, y]) => started.run(ids, y).item())
  const { state } = started.update.stateDict()
  return { losses, weights: started.table.weight.toArray(), state: Object.values(state).map(each => each.toArray()) }
}

/** What is run. */
const planned = (how: How): string =>
  start(how)
    .step?.explain(...batches[0])
    .split('# planned')[1] ?? ''
const goesByRows = (how: How): boolean => planned(how).includes('rowLists n=50 count=7')

describe.each(backendsUnderTest)('on %s', backend => {
  const on = testsOn(backend)

  for (const optimizer of Object.keys(optimizers) as (keyof typeof optimizers)[]) {
    on(`${optimizer}: twenty steps are to the bit those of an unfused step, and close to eager ones`, () => {
      for (const paddingIdx of [undefined, 7]) {
        const how = { optimizer, ...(paddingIdx === undefined ? {} : { paddingIdx }) }
        expect(goesByRows(how)).toBe(true)
        const folded = train(how)
        expect(folded.weights).toEqual(train({ ...how, options: { fusion: false } }).weights)
        const eager = train({ ...how, options: null })
        expectClose(folded.losses, eager.losses, near, 'losses')
        expect(eager.weights).toHaveLength(rows)
        for (const [i, row] of (eager.weights as number[][]).entries()) {
          expectClose((folded.weights as number[][])[i], row, near, `row ${i}`)
        }
      }
    })
  }

  on('a row that is padding stays', () => {
    const weights = train({ paddingIdx: 7 }).weights as number[][]
    expect(weights[7]).toEqual([0, 0, 0, 0, 0])
  })

  on('a gradient that stays or that somebody reads is made', () => {
    expect(goesByRows({ options: { keepGrads: true } })).toBe(false)
    expect(goesByRows({ clip: true })).toBe(false)
    expect(goesByRows({ options: { fusion: false } })).toBe(false)
  })

  on('an empty batch updates from zeros', () => {
    const run = (options: CompileOptions | null) => {
      const { table, run } = start({ options })
      run(...batches[0])
      run(tensor(new Int32Array(0)), tensor(new Float32Array(0)))
      return table.weight.toArray() as number[][]
    }
    const [compiled, eager] = [run({}), run(null)]
    for (const [i, row] of eager.entries()) expectClose(compiled[i], row, near, `row ${i}`)
  })

  on('an id out of range is an IndexError before anything is written', () => {
    const { table, update, run } = start()
    run(...batches[0])
    const before = [table.weight.toArray(), JSON.stringify(update.stateDict().state)]
    for (const bad of [-1, rows]) {
      const ids = tensor(Int32Array.of(0, 1, 2, bad, 4, 5, 6))
      expect(() => run(ids, batches[0][1])).toThrow(IndexError)
      expect(() => run(ids, batches[0][1])).toThrow(`embedding`)
    }
    expect([table.weight.toArray(), JSON.stringify(update.stateDict().state)]).toEqual(before)
  })
})

test.runIf(backendsUnderTest.includes('native'))('a large table has the same bits by any number of threads', () => {
  const bits = [1, 2, 3].map(threads => {
    setThreads(threads)
    bg.manualSeed(1)
    const table = new nn.Embedding(20_011, 17)
    const optimizer = new optim.Adam(table.parameters(), { lr: 0.1 })
    const step = compile((ids: Tensor, g: Tensor) => {
      optimizer.zeroGrad()
      table.forward(ids).backward(g)
      optimizer.step()
    })
    for (let i = 0; i < 4; i++) {
      const ids = bg.rand([3000]).mul(20_011).to('int32')
      step.sync(ids, bg.randn([3000, 17]))
    }
    return table.weight.data.slice()
  })
  setThreads(2)
  expect(bits[1]).toEqual(bits[0])
  expect(bits[2]).toEqual(bits[0])
})
