// The best of PyTorch's settings goes into the race; one that fails is left out with a note. A fake process answers.

import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { Peer } from '../../bench/peers/peer.js'
import { describeSetting, PyTorch, settingsFor, type Task } from '../../bench/peers/pytorch.js'

const script = fileURLToPath(new URL('./fake-peer.mjs', import.meta.url))
const about = { version: '0', python: '3', blas: 'b', core: 'c', optimizers: ['loop', 'foreach'], compile: false }
const mlp: Task = { kind: 'mlp', layers: [2, 2], optimizer: 'SGD', lr: 0.1, batches: 1 }
const trial = { rounds: 1, sampleMs: 0.1, warmUpMs: 0 }

const open: PyTorch[] = []
afterEach(() => {
  for (const pytorch of open.splice(0)) pytorch.close()
})

/** PyTorch whose processes are fakes, `how` and µs by "torch threads, BLAS threads". */
function fakes(behaviour: Readonly<Record<string, readonly [how: string, micros: number]>>, compile = false) {
  const starts: string[] = []
  const pytorch = new PyTorch({ ...about, compile }, 2, (torchThreads, blasThreads) => {
    const key = `${torchThreads}, ${blasThreads}`
    starts.push(key)
    const [how, micros] = behaviour[key]
    return new Peer('fake', process.execPath, [script, how, String(micros)], {
      limitMs: how === 'hangs' ? 1000 : 20_000,
    })
  })
  open.push(pytorch)
  return { pytorch, starts }
}

const namesOf = (finalists: readonly { readonly name: string }[]): string[] => finalists.map(({ name }) => name)

test('the settings of a training are threads by BLAS threads by optimizer', () => {
  expect(settingsFor(mlp, 2, ['loop', 'foreach']).map(describeSetting)).toEqual([
    'torch 1, blas 1, loop',
    'torch 1, blas 1, foreach',
    'torch 1, blas 2, loop',
    'torch 1, blas 2, foreach',
    'torch 2, blas 1, loop',
    'torch 2, blas 1, foreach',
    'torch 2, blas 2, loop',
    'torch 2, blas 2, foreach',
  ])
  expect(settingsFor(mlp, 1, ['loop'])).toHaveLength(1)
})

test('settings that do not affect a task are not tried', () => {
  const named = (task: Task): string[] => settingsFor(task, 4, ['loop', 'foreach']).map(describeSetting)
  expect(named({ kind: 'function', name: 'softmax' })).toEqual(['torch 1, blas 1', 'torch 4, blas 1'])
  expect(named({ kind: 'dispatch', requiresGrad: false, backward: false })).toEqual(['torch 1, blas 1'])
})

test('the two fastest settings go into the race, the fastest first', async () => {
  const { pytorch, starts } = fakes({
    '1, 1': ['good', 300],
    '1, 2': ['good', 200],
    '2, 1': ['good', 900],
    '2, 2': ['good', 400],
  })
  const finalists = await pytorch.finalists(mlp, 'file', trial, 5)
  expect(namesOf(finalists)).toEqual(['torch 1, blas 2, loop', 'torch 1, blas 2, foreach'])
  expect(finalists[0].value).toBe(200)
  expect(await finalists[0].contestant.sample(10)).toBe(2)
  expect(pytorch.notes.size).toBe(0)
  expect(starts).toEqual(['1, 1', '1, 2', '2, 1', '2, 2'])
})

test('torch.compile is tried on the best of the other settings if it exists', async () => {
  const { pytorch } = fakes({ '1, 1': ['compiles', 300], '2, 1': ['compiles', 200] }, true)
  const finalists = await pytorch.finalists({ kind: 'function', name: 'softmax' }, 'file', trial, 5)
  expect(namesOf(finalists)).toEqual(['torch 2, blas 1, compile', 'torch 2, blas 1'])
})

test('settings whose process dies, hangs, answers garbage or an error are left out with a note', async () => {
  const { pytorch } = fakes({
    '1, 1': ['dies', 1],
    '1, 2': ['hangs', 1],
    '2, 1': ['garbage', 1],
    '2, 2': ['good', 400],
  })
  const finalists = await pytorch.finalists(mlp, 'file', trial, 5)
  expect(namesOf(finalists)).toEqual(['torch 2, blas 2, loop', 'torch 2, blas 2, foreach'])
  const notes = [...pytorch.notes]
  expect(notes).toContain('PyTorch (torch 1, blas 1, loop) left out: fake: ended (code 3): out of luck')
  expect(notes).toContain('PyTorch (torch 1, blas 2, loop) left out: fake: gave no answer in 1 s')
  expect(notes).toContain('PyTorch (torch 2, blas 1, loop) left out: fake: expected a line of JSON, got "prepared!"')
})

test.each(['dies-later', 'nothing', 'refuses'])('where none works (%s) there are no finalists', async how => {
  const every = ['1, 1', '1, 2', '2, 1', '2, 2'].map(key => [key, [how, 100]])
  const { pytorch } = fakes(Object.fromEntries(every))
  expect(await pytorch.finalists(mlp, 'file', trial, 5)).toEqual([])
  expect(pytorch.notes.size).toBe(8)
})

test('a failed process is restarted once', async () => {
  const { pytorch, starts } = fakes({ '1, 1': ['dies', 1] })
  const task: Task = { kind: 'dispatch', requiresGrad: false, backward: false }
  for (let i = 0; i < 4; i++) expect(await pytorch.finalists(task, 'file', null, 1)).toEqual([])
  expect(starts).toEqual(['1, 1', '1, 1'])
})

test('the peak is measured in a fresh process with all threads', async () => {
  const { pytorch, starts } = fakes({ '2, 2': ['good', 100] })
  expect(await pytorch.peak(mlp, 'file', 3)).toEqual({ idle: 100, peak: 300 })
  expect(await pytorch.peak(mlp, 'file', 4)).toEqual({ idle: 100, peak: 400 })
  expect(starts).toEqual(['2, 2', '2, 2'])
  await expect(fakes({ '2, 2': ['refuses', 1] }).pytorch.peak(mlp, 'file', 3)).rejects.toThrow('fake: no such file')
})
