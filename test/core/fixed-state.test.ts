// State lies in memory that JavaScript can neither detach nor resize, and is used like any other; plain leaves do not.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { compile } from '../../lib/compile/compile.js'
import { io, nn, ones, optim, Tensor, tensor, zeros } from '../../lib/index.js'

class Counting extends nn.Module {
  readonly weight = new nn.Parameter(zeros([3]))
  readonly mean = this.registerBuffer('mean', ones([3]))
  forward(x: Tensor): Tensor {
    return x.mul(this.weight).add(this.mean)
  }
}

const optimizerState = (): Tensor[] => {
  const optimizer = new optim.Adam([new Tensor([1, 2])])
  return Object.values(optimizer.stateDict().state)
}

function leftGradient(): Tensor {
  const w = new Tensor([1, 2])
  compile(() => {
    const loss = w.sum()
    loss.backward()
    return loss
  }).sync()
  return w.grad as Tensor
}

const state: [string, () => readonly Tensor[]][] = [
  ['parameters and buffers', () => Object.values(new Counting().stateDict())],
  ['layers', () => new nn.Sequential(new nn.Linear(2, 3), new nn.Embedding(4, 2), new nn.LayerNorm(3)).parameters()],
  ['parameters from arrays', () => [new nn.Parameter([1, 2, 3])]],
  ['what an optimizer keeps', optimizerState],
  ['a gradient that a compiled function leaves', () => [leftGradient()]],
]

describe.each(state)('%s', (_, make) => {
  test('cannot be transferred or resized', () => {
    const tensors = make()
    expect(tensors.length).toBeGreaterThan(0)
    for (const { data } of tensors) {
      expect(() => structuredClone(data, { transfer: [data.buffer as ArrayBuffer] })).toThrow()
      expect(data.buffer).toBeInstanceOf(SharedArrayBuffer)
    }
  })
})

describe('used like any other memory', () => {
  const weight = new nn.Parameter([1.5, -2, 3])
  const folder = mkdtempSync(join(tmpdir(), 'state-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test('assigned, copied, printed', () => {
    const w = new nn.Parameter([0, 0, 0]).assign([1, 2, 3])
    w.data.set([4], 1)
    expect(w.toArray()).toEqual([1, 4, 3])
    expect(w.clone().data.buffer).toBeInstanceOf(ArrayBuffer)
    expect(inspect(w)).toBe(String(w))
    expect(inspect(w.data)).toContain('Float32Array(3) [ 1, 4, 3 ]')
    expect([...structuredClone(w.data)]).toEqual([1, 4, 3])
  })

  test('written to files', async () => {
    writeFileSync(join(folder, 'a'), weight.data)
    await writeFile(join(folder, 'b'), weight.data)
    for (const name of ['a', 'b']) {
      const { buffer, byteOffset } = readFileSync(join(folder, name))
      expect([...new Float32Array(buffer.slice(byteOffset, byteOffset + 12))]).toEqual([1.5, -2, 3])
    }
  })

  test('saved and loaded', () => {
    const model = new Counting()
    const file = join(folder, 'model.safetensors')
    model.weight.assign([1, 2, 3])
    io.saveSafetensors(file, model.stateDict())
    const other = new Counting()
    other.loadStateDict(io.loadSafetensors(file))
    expect(other.weight.toArray()).toEqual([1, 2, 3])
    expect(other.mean.toArray()).toEqual([1, 1, 1])
  })
})

test('what a view is held of stays where it is', () => {
  const t = zeros([3])
  const view = t.data
  const weight = new nn.Parameter(t)
  view[1] = 5
  expect(weight.toArray()).toEqual([0, 5, 0])
})

test('what a compiled function captures stays where it is', () => {
  const t = tensor([1, 2, 3])
  const step = compile(() => t.mul(2), { captures: [t] })
  step.sync()
  const weight = new nn.Parameter(t)
  weight.assign([5, 6, 7])
  expect(step.sync().toArray()).toEqual([10, 12, 14])
})

test('plain leaves are ordinary memory', () => {
  expect(new Tensor(new Float32Array(100)).data.buffer).toBeInstanceOf(ArrayBuffer)
  expect(zeros([100]).data.buffer).toBeInstanceOf(ArrayBuffer)
})
