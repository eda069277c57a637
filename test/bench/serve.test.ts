// The JavaScript peers' protocol: reading tensors from our files, answers, limits on a step's time.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Peer } from '../../bench/peers/peer.js'
import { batchesIn, inner, layerFlops, load, weightNames } from '../../bench/peers/serve.mjs'
import { io, tensor } from '../../lib/index.js'

let folder: string
let peer: Peer | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'blasgrad-test-'))
})
afterEach(() => {
  peer?.close()
  rmSync(folder, { recursive: true })
})

/** A peer whose run doubles `x` and takes `ms`. */
function doubling(ms: number, flops = 0): { ask: (question: object) => Promise<unknown>; file: string } {
  const serve = pathToFileURL(join(import.meta.dirname, '../../bench/peers/serve.mjs')).href
  const source = `
    import { serve } from ${JSON.stringify(serve)}
    const double = (task, { x }) => {
      const run = async () => {
        x.data = x.data.map(value => 2 * value)
        await new Promise(resolve => setTimeout(resolve, ${ms}))
      }
      return { run, finish: () => {}, value: () => x.data.reduce((a, b) => a + b), flops: ${flops} }
    }
    await serve({ hello: () => ({ version: '1', settings: ['only'] }), rate: () => 1e9, kinds: { double } })`
  writeFileSync(join(folder, 'peer.mjs'), source)
  const file = join(folder, 'x.safetensors')
  io.saveSafetensors(file, { x: tensor([1, 2]) })
  const asked = new Peer('doubling', process.execPath, [join(folder, 'peer.mjs')])
  peer = asked
  return { file, ask: question => asked.ask(JSON.stringify(question)) }
}

const prepare = (file: string, kind = 'double') => ({
  ...{ op: 'prepare', id: 1, task: { kind }, file, setting: 'only', steps: 3, limitMs: 100 },
})

test('tensors are read back as written', () => {
  const file = join(folder, 'all.safetensors')
  io.saveSafetensors(file, { w: tensor([[1.5, -2, 3]]), ids: tensor([7, 8], { dtype: 'int32' }) })
  const { w, ids } = load(file)
  expect(w).toEqual({ data: Float32Array.of(1.5, -2, 3), shape: [1, 3] })
  expect(ids).toEqual({ data: Int32Array.of(7, 8), shape: [2] })
})

test('names distinguish weights from batches', () => {
  const one = (value: number) => ({ data: Float32Array.of(value), shape: [1] })
  const tensors = { y1: one(5), 'ids0.1': one(2), 'ids0.0': one(1), 'ids1.0': one(4), y0: one(3), '0.weight': one(9) }
  expect(weightNames(tensors)).toEqual(['0.weight'])
  const values = batchesIn(tensors, 2).map(batch => batch.map(({ data }) => data[0]))
  expect(values).toEqual([
    [1, 2, 3],
    [4, 5],
  ])
  expect(weightNames({ 'x.y1': one(1), 'positions.weight': one(1) })).toHaveLength(2)
})

test('the FLOPs of linear layers and the value of a function task', () => {
  expect(layerFlops([2, 3, 4], 10)).toBe(6 * 10 * (6 + 12))
  expect(inner(Float32Array.of(1, 2, 3, 4), { data: Float32Array.of(1, 1, 1, 2), shape: [2, 2] })).toBe(7)
})

test('a task is built, run, sampled and released', async () => {
  const { ask, file } = doubling(0)
  expect(await ask({ op: 'hello' })).toEqual({ version: '1', settings: ['only'] })
  expect(await ask(prepare(file))).toEqual({ value: 24 })
  expect(await ask({ op: 'sample', id: 1, runs: 4 })).toEqual({ micros: expect.any(Number) })
  expect(await ask({ op: 'release', id: 1 })).toEqual({})
  await expect(ask({ op: 'sample', id: 1, runs: 4 })).rejects.toThrow('doubling: ')
})

test('an unsupported kind of task is an error, and the peer goes on', async () => {
  const { ask, file } = doubling(0)
  await expect(ask(prepare(file, 'cnn'))).rejects.toThrow('doubling: cnn is not implemented for this library')
  expect(await ask(prepare(file))).toEqual({ value: 24 })
})

test('steps that take too long are refused: measured, or predicted from the rate of products', async () => {
  const seen = doubling(150)
  await expect(seen.ask(prepare(seen.file))).rejects.toThrow(/a step takes 0\.1\d s, too long to time/)
  peer?.close()
  const foreseen = doubling(0, 3e9)
  await expect(foreseen.ask(prepare(foreseen.file))).rejects.toThrow('a step takes 3.0 s, too long to time')
})
