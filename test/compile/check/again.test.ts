// BLASGRAD_CHECK=1: a function that does something else than when it was recorded is told what differs.

import { spawnSync } from 'node:child_process'
import { describe, expect, test, vi } from 'vitest'

vi.hoisted(() => {
  process.env.BLASGRAD_CHECK = '1'
})

import { reference } from '../../../lib/backend/reference.js'
import { compile } from '../../../lib/compile/compile.js'
import * as bg from '../../../lib/index.js'
import { data, nn, optim, type Tensor, tensor } from '../../../lib/index.js'
import { backendsUnderTest } from '../../support/backends.js'
import { ids, network, testsOn, x } from '../support/on-backend.js'

const found = (...parts: string[]) =>
  expect.objectContaining({ code: 'CHECK', message: expect.stringMatching(new RegExp(parts.join('.*'), 's')) })

describe.each(backendsUnderTest)('on %s', backend => {
  const on = testsOn(backend)

  on('a step that is as it was goes on as without the check', () => {
    const train = (compiled: boolean): unknown => {
      const model = network()
      const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 })
      let calls = 0
      const body = (a: Tensor, y: Tensor): Tensor => {
        calls++
        optimizer.zeroGrad()
        const loss = nn.functional.crossEntropy(model.forward(a.add(bg.rand([3, 2]).mul(0.1))), y)
        loss.backward()
        const norm = optim.clipGradNorm(model.parameters(), 1)
        optimizer.step()
        return loss.add(norm.mul(0))
      }
      const step = compile(body, { fusion: false, keepGrads: true })
      const losses = Array.from({ length: 5 }, () => (compiled ? step.sync : body)(tensor(x), ids()).item())
      expect(calls).toBe(5)
      return [losses, model.parameters().map(p => [p.toArray(), p.grad?.toArray()]), bg.getRandomState()]
    }
    expect(train(true)).toEqual(train(false))
  })

  on('gradients that stay, bad ids and versions are as without it', () => {
    const table = new nn.Parameter([1, 2, 3])
    const step = compile((rows: Tensor) => {
      const loss = bg.embedding(table.reshape([3, 1]), rows).sum()
      loss.backward()
      return loss
    })
    for (let i = 0; i < 3; i++) step.sync(tensor(Int32Array.of(0, 2, 2)))
    expect(table.grad?.toArray()).toEqual([3, 0, 6])
    expect(() => step.sync(tensor(Int32Array.of(0, 3, 2)))).toThrow('embedding: index 3 at position 1')
    const { version } = table.storage
    step.sync(tensor(Int32Array.of(0, 2, 2)))
    expect(table.storage.version).toBe(version)
  })

  on('a number from outside', () => {
    let scale = 2
    const step = compile((a: Tensor) => a.neg().mul(scale))
    step.sync(tensor([1]))
    step.sync(tensor([1]))
    scale = 3
    const message = found('call 1 was "%3 = mul', 'of mul where %2 float32 1 constant \\[2\\]', 'constant \\[3\\]')
    expect(() => step.sync(tensor([1]))).toThrow(message)
  })

  on('Math.random', () => {
    const step = compile((a: Tensor) => a.add(Math.random()))
    step.sync(tensor([1]))
    expect(() => step.sync(tensor([1]))).toThrow(found('call 0 was', 'constant', 'constant', 'Math.random'))
  })

  on('a branch: other calls, more, fewer', () => {
    let mode = 0
    const step = compile((a: Tensor) => {
      const y = a.exp()
      return [y.neg(), y.tanh(), y.neg().exp(), y][mode]
    })
    const branch = compile((a: Tensor) => (mode === 0 ? a.exp() : mode === 1 ? a.exp().neg() : a.tanh()))
    branch.sync(tensor([1]))
    step.sync(tensor([1]))
    mode = 1
    expect(() => branch.sync(tensor([1]))).toThrow(found('call 1 was none, is "%2 = neg'))
    expect(() => step.sync(tensor([1]))).toThrow(found('result 0 was %2 float32 1 made, is %3 float32 1 made'))
    mode = 2
    expect(() => branch.sync(tensor([1]))).toThrow(found('call 0 was "%1 = exp', 'of exp, is "%1 = tanh', 'of tanh'))
  })

  on('another model of the same shape', () => {
    let model = new nn.Linear(2, 2)
    const step = compile((a: Tensor) => model.forward(a))
    step.sync(tensor(x))
    model = new nn.Linear(2, 2)
    expect(() => step.sync(tensor(x))).toThrow(found('call 0', 'the same on another tensor of state'))
  })

  on('another end of a gradient, another structure of the result', () => {
    const w = new nn.Parameter([1])
    let forget = false
    const step = compile((a: Tensor) => {
      w.grad = null
      const loss = w.mul(a).sum()
      loss.backward()
      if (forget) w.zeroGrad()
      return forget ? { loss } : { sum: loss }
    })
    step.sync(tensor([1]))
    forget = true
    expect(() => step.sync(tensor([1]))).toThrow(found('result was {"sum"', 'is {"loss"'))
    const left = compile((a: Tensor) => {
      w.grad = null
      w.mul(a).sum().backward()
      if (!forget) w.zeroGrad()
      return a.sum()
    })
    left.sync(tensor([1]))
    forget = false
    expect(() => left.sync(tensor([1]))).toThrow(found('.grad was one for \\[1\\], is none for \\[1\\]'))
  })

  on('awaited calls reject', async () => {
    let scale = 2
    const step = compile((a: Tensor) => a.mul(scale))
    expect((await step(tensor([1]))).item()).toBe(2)
    scale = 3
    await expect(step(tensor([1]))).rejects.toMatchObject({ code: 'CHECK' })
  })
})

test('without BLASGRAD_CHECK=1 nothing is looked at', () => {
  const program = `
    import { compile, Tensor, tensor } from 'blasgrad'
    let scale = 2
    const step = compile(a => a.mul(scale))
    step.sync(tensor([1]))
    scale = 3
    const w = new Tensor([1, 2])
    const y = w.mul(w).sum()
    w.data[0] = 5
    y.backward()
    console.log(step.sync(tensor([1])).item(), w.grad.toArray().join())
  `
  const run = (check: string) =>
    spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: new URL('../../..', import.meta.url),
      encoding: 'utf8',
      env: { ...process.env, BLASGRAD_CHECK: check },
    })
  expect(run('').stdout).toBe('2 10,4\n')
  const { status, stderr } = run('1')
  expect([status, stderr.includes('CheckError: check: mul: value 0 of 2 saved for backward')]).toEqual([1, true])
})

test.runIf(backendsUnderTest.includes('native'))('a kernel that differs is named with the op that called it', () => {
  bg.setBackend('native')
  const right = reference.sigmoid
  const wrong = vi.spyOn(reference, 'sigmoid').mockImplementation((...args) => {
    right(...args)
    args[4][0] += 1
  })
  try {
    const step = compile((a: Tensor) => a.sigmoid(), { fusion: false })
    expect(() => step.sync(tensor([1, 2]))).toThrow(
      found('^check: step 0, "%1 = sigmoid', '" of sigmoid: %1: element 0 is'),
    )
  } finally {
    wrong.mockRestore()
  }
})

test('an epoch looks at each of its batches', async () => {
  let calls = 0
  const step = compile((a: Tensor) => {
    calls++
    return a.mul(calls > 3 ? 3 : 2).sum()
  })
  const loader = new data.DataLoader(new data.TensorDataset(tensor([1, 2, 3, 4, 5, 6, 7])), { batchSize: 2 })
  await expect(step.epoch(loader)).rejects.toThrow(found('call 0 was "%2 = mul', 'constant'))
})
