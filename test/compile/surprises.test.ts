// Steps to which something happens that a training loop brings along: other batches, other modes, errors, other threads.

import { describe, expect, test } from 'vitest'
import { compile } from '../../lib/compile/compile.js'
import { context } from '../../lib/core/context.js'
import * as bg from '../../lib/index.js'
import { data, nn, optim, type Tensor, tensor } from '../../lib/index.js'
import { backendsUnderTest } from '../support/backends.js'
import { expectClose } from '../support/close.js'
import { network, testsOn } from './support/on-backend.js'

/** What a random op makes of its input while training. */
class Noise extends nn.Module {
  forward(x: Tensor): Tensor {
    return this.training ? x.add(bg.randn(x.shape).mul(0.1)) : x
  }
}

function training(model: nn.Sequential<readonly nn.Layer[]>, compiled: boolean) {
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 })
  let recorded = 0
  const body = (a: Tensor, y: Tensor): Tensor => {
    recorded++
    optimizer.zeroGrad()
    const loss = nn.functional.crossEntropy(model.forward(a), y)
    loss.backward()
    optimizer.step()
    return loss
  }
  const step = compiled ? compile(body, { fusion: false }).sync : body
  return { step, optimizer, recorded: () => recorded }
}

const weights = (model: nn.Module): number[] => model.parameters().flatMap(p => [...p.data])

describe.each(backendsUnderTest)('on %s', backend => {
  const on = testsOn(backend)

  on('a partial last batch is a program of its own over the same state', async () => {
    const points = bg.tensor(
      Float32Array.from({ length: 26 }, (_, i) => Math.sin(i)),
      { shape: [13, 2] },
    )
    const classes = bg.tensor(Int32Array.from({ length: 13 }, (_, i) => i % 2))
    const run = async (compiled: boolean) => {
      const loader = new data.DataLoader(new data.TensorDataset(points, classes), {
        batchSize: 5,
        shuffle: true,
        seed: 2,
      })
      const model = network()
      const { step, recorded } = training(model, compiled)
      const losses: number[] = []
      const sizes: number[] = []
      for (let epoch = 0; epoch < 3; epoch++) {
        for await (const [a, y] of loader) {
          sizes.push(a.shape[0])
          losses.push(step(a, y).item())
        }
      }
      return { losses, sizes, weights: weights(model), recorded: recorded() }
    }
    const [{ recorded: once, ...compiled }, { recorded: each, ...eager }] = [await run(true), await run(false)]
    expect(compiled).toEqual(eager)
    expect(compiled.sizes).toEqual([5, 5, 3, 5, 5, 3, 5, 5, 3])
    expect([once, each]).toEqual([2, 9])
  })

  on('a random op: in training it draws what eager draws, in eval nothing', () => {
    const x = bg.ones([4, 2])
    const y = tensor(Int32Array.of(0, 1, 0, 1))
    const run = (compiled: boolean) => {
      bg.manualSeed(7)
      const model = new nn.Sequential(new nn.Linear(2, 8), new Noise(), new nn.Tanh(), new nn.Linear(8, 2))
      const { step, recorded } = training(model, compiled)
      const predict = compiled
        ? compile((a: Tensor) => model.forward(a), { fusion: false }).sync
        : (a: Tensor) => model.forward(a)
      const seen: unknown[] = []
      for (let round = 0; round < 3; round++) {
        model.train()
        seen.push(step(x, y).item(), predict(x).toArray(), bg.getRandomState())
        model.eval()
        const state = bg.getRandomState()
        const [first, second] = [predict(x).toArray(), predict(x).toArray()]
        expect(second).toEqual(first)
        expect(bg.getRandomState()).toEqual(state)
        seen.push(first, step(x, y).item())
      }
      return { seen, weights: weights(model), recorded: recorded() }
    }
    const [compiled, eager] = [run(true), run(false)]
    expect([compiled.seen, compiled.weights]).toEqual([eager.seen, eager.weights])
    expect(compiled.recorded).toBe(2)
  })

  on('an exception anywhere in a recording leaves all as it was, and the next call works', () => {
    const run = (failing: Readonly<Record<string, string>>) => {
      bg.manualSeed(3)
      const model = network(3)
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 })
      let fail = ''
      const at = (where: string): void => {
        if (fail === where) throw new Error(where)
      }
      const inner = compile((a: Tensor) => {
        at('inner')
        return a.mul(2)
      })
      const step = compile(
        (a: Tensor) => {
          at('begin')
          const noisy = inner.sync(a.add(bg.rand(a.shape)))
          const loss = bg.noGrad(() => {
            at('noGrad')
            return bg.enableGrad(() => model.forward(noisy).sum())
          })
          loss.backward()
          at('backward')
          optimizer.step()
          at('step')
          optimizer.zeroGrad()
          at('end')
          if (fail === 'result') return 3 as never
          if (fail === 'value') return loss.add(loss.item())
          if (fail === 'constant') return tensor(new Float32Array(100_000)).sum()
          return loss
        },
        { fusion: false },
      )
      const train = (): number => step.sync(bg.ones([3, 2])).item()
      const losses = [train()]
      for (const [where, message] of Object.entries(failing)) {
        fail = where
        // Of another shape, so that it is recorded.
        expect(() => step.sync(bg.ones([2, 2]))).toThrow(message)
        expect([context.recording, context.gradMode]).toEqual([null, true])
        expect(model.parameters().every(p => p.grad === null)).toBe(true)
      }
      fail = ''
      losses.push(step.sync(bg.ones([2, 2])).item(), train())
      return [losses, weights(model), bg.getRandomState(), Object.values(optimizer.stateDict().state).map(String)]
    }
    const places = ['begin', 'inner', 'noGrad', 'backward', 'step', 'end'].map(where => [where, where])
    const others = {
      result: 'expected the function to return tensors',
      value: 'cannot be read',
      constant: 'a constant of',
    }
    expect(run({ ...Object.fromEntries(places), ...others })).toEqual(run({}))
  })

  on('two optimizers take turns on one model, and a third step reads it', () => {
    const run = (compiled: boolean) => {
      const model = network(5)
      const maybe = <A extends Tensor[]>(fn: (...args: A) => Tensor) =>
        compiled ? compile(fn, { fusion: false }).sync : fn
      const steps = [new optim.SGD(model.parameters(), { lr: 0.1 }), new optim.Adam(model.parameters())].map(
        optimizer =>
          maybe((a: Tensor) => {
            optimizer.zeroGrad()
            const loss = model.forward(a).pow(2).mean()
            loss.backward()
            optimizer.step()
            return loss
          }),
      )
      const read = maybe((a: Tensor) => model.forward(a).sum())
      const a = bg.ones([4, 2])
      return Array.from({ length: 8 }, (_, i) => [steps[i % 2](a).item(), read(a).item()])
    }
    expect(run(true)).toEqual(run(false))
  })
})

/** A network wide enough that its products, sums and updates are cut among threads. */
function trainWide(threads: number): { losses: number[]; parameters: number[] } {
  bg.setThreads(threads)
  bg.manualSeed(11)
  const model = new nn.Sequential(new nn.Linear(256, 512), new nn.GELU(), new nn.LayerNorm(512), new nn.Linear(512, 10))
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 })
  const step = compile((x: Tensor, y: Tensor) => {
    optimizer.zeroGrad()
    const loss = nn.functional.crossEntropy(model.forward(x.add(bg.randn([128, 256]).mul(0.01))), y)
    loss.backward()
    optim.clipGradNorm(model.parameters(), 1)
    optimizer.step()
    return loss
  })
  const x = bg.randn([128, 256])
  const y = tensor(Int32Array.from({ length: 128 }, (_, i) => i % 10))
  const losses = Array.from({ length: 10 }, () => step.sync(x, y).item())
  return { losses, parameters: weights(model) }
}

test.runIf(backendsUnderTest.includes('native'))(
  'the same seed and number of threads give the same bits; one thread and two the same to rounding',
  () => {
    const before = context.active
    const threads = bg.backendInfo().native?.threads ?? 1
    bg.setBackend('native')
    try {
      const runs = [1, 1, 2, 2].map(trainWide)
      expect(runs[1]).toEqual(runs[0])
      expect(runs[3]).toEqual(runs[2])
      expectClose(runs[2].losses, runs[0].losses, { relative: 1e-4, absolute: 1e-6 }, 'losses')
      expectClose(runs[2].parameters, runs[0].parameters, { relative: 1e-3, absolute: 1e-5 }, 'parameters')
    } finally {
      bg.setThreads(threads)
      context.active = before
    }
  },
)
