// The layers of lib/: no import runs up, for values or for types; no circle but those named here; lib/core/tensor.ts can be
// evaluated by itself.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { circlesOf, type Import, importsOf } from './support/imports.js'

const root = join(import.meta.dirname, '..')
const imports = importsOf(join(root, 'lib'))

/** From the ground up; what stands on one floor does not know one another. */
const floors = [
  ['base'],
  ['backend'],
  ['core'],
  ['ops'],
  ['autograd', 'nn', 'optim', 'data', 'io'],
  ['compile'],
  ['index.ts'],
]
const roomOf = (file: string): string => file.split('/')[0]
const floorOf = (file: string): number => floors.findIndex(rooms => rooms.includes(roomOf(file)))

/** Circles of types alone: a tensor names its node, a node its saved tensors, a recording the tensors it hears of. */
const circlesOfTypes = [
  [
    'core/backward-memory.ts',
    'core/context.ts',
    'core/node.ts',
    'core/primitive.ts',
    'core/recording.ts',
    'core/saved.ts',
    'core/storage.ts',
    'core/tensor-options.ts',
    'core/tensor.ts',
    'core/values.ts',
  ],
]

const graph = (edges: Readonly<Record<string, readonly string[]>>): Map<string, Import[]> =>
  new Map(Object.entries(edges).map(([file, to]) => [file, to.map(each => ({ to: each, isType: false }))]))

test('the search finds circles', () => {
  expect(circlesOf(graph({ a: ['b'], b: ['c'], c: ['b', 'd'], d: [] }))).toEqual([['b', 'c']])
  expect(circlesOf(graph({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }))).toEqual([])
})

test('every import is of a file that is there', () => {
  const missing = [...imports].flatMap(([file, all]) =>
    all.filter(({ to }) => !imports.has(to)).map(({ to }) => `${file} → ${to}`),
  )
  expect(imports.size).toBeGreaterThan(200)
  expect(missing).toEqual([])
})

test('no import runs up, and none to another room of the same floor', () => {
  const wrong = [...imports].flatMap(([file, all]) =>
    all
      .filter(({ to }) => floorOf(to) > floorOf(file) || (floorOf(to) === floorOf(file) && roomOf(to) !== roomOf(file)))
      .map(({ to }) => `${file} → ${to}`),
  )
  expect([...imports.keys()].filter(file => floorOf(file) === -1)).toEqual([])
  expect(wrong).toEqual([])
})

test('no circle', () => {
  const ofValues = new Map([...imports].map(([file, all]) => [file, all.filter(({ isType }) => !isType)]))
  expect(circlesOf(ofValues)).toEqual([])
  expect(circlesOf(imports)).toEqual(circlesOfTypes)
})

test('core/tensor alone evaluates', () => {
  const program = `import { Tensor } from ${JSON.stringify(join(root, 'dist/core/tensor.js'))}
    console.log(new Tensor([[1, 2], [3, 4]]).toString(), 'add' in Tensor.prototype)`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  expect(output.trim().replaceAll(/\s+/g, ' ')).toBe(
    'Tensor([[1., 2.], [3., 4.]], dtype=float32, requiresGrad=true) false',
  )
})
