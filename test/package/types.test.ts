// The published declarations: every member of a Tensor shows its documentation, library-only members are not there, and
// programs compile under each module resolution, with declarations checked, with and without Node's types.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from '@typescript/typescript6'
import { beforeAll, expect, test } from 'vitest'
import { root, stagedPackage } from './staged.js'

const { folder } = stagedPackage()
const project = join(folder, '../..')
const file = join(project, 'program.ts')

const strict: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts'],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  noEmit: true,
  types: [],
}
const { ModuleKind, ModuleResolutionKind } = ts
const nodenext = { module: ModuleKind.NodeNext, moduleResolution: ModuleResolutionKind.NodeNext }

const program = `
import { compile, data, nn, optim, ShapeError, Tensor, tensor, type DType, type Shape } from 'blasgrad'
import { kernels, loadNative, reference, type Backend } from 'blasgrad/backend'

const model = new nn.Sequential(new nn.Linear(2, 8), new nn.ReLU(), new nn.Linear(8, 2))
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-2 })
const step = compile((x: Tensor, y: Tensor) => {
  optimizer.zeroGrad()
  const loss = nn.functional.crossEntropy(model.forward(x), y)
  loss.backward()
  optimizer.step()
  return loss
})
export const loader = new data.DataLoader(new data.TensorDataset(tensor([[1, 2]]), tensor([0], { dtype: 'int32' })), { batchSize: 1 })
export const losses = step.epoch(loader)
export const shape: Shape = tensor([1]).mul(2).add([1]).shape
export const dtype: DType = 'float32'
export const backend: Backend = Object.keys(kernels).length > 0 ? reference : loadNative().backend
export const error: Error = new ShapeError('x')
// @ts-expect-error: a number is no method
tensor([1]).add(true, false)
// @ts-expect-error: library code only
export const storage = tensor([1]).storage
// @ts-expect-error: library code only
export const node = Tensor.nodeOf
`

beforeAll(() => {
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  writeFileSync(file, program)
})

/** The errors, as texts, of the program and of every declaration that it reaches. */
function errorsUnder(options: ts.CompilerOptions): string[] {
  const made = ts.createProgram([file], { ...strict, ...options })
  const text = ({ file: source, messageText }: ts.Diagnostic): string =>
    `${source?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  return ts.getPreEmitDiagnostics(made).map(text)
}

test.each([
  ['nodenext', nodenext],
  ['node16', { module: ModuleKind.Node16, moduleResolution: ModuleResolutionKind.Node16 }],
  ['bundler', { module: ModuleKind.ESNext, moduleResolution: ModuleResolutionKind.Bundler }],
  ['node10', { module: ModuleKind.ESNext, moduleResolution: ModuleResolutionKind.Node10, ignoreDeprecations: '6.0' }],
])('a program compiles under %s', (_, options) => {
  expect(errorsUnder(options)).toEqual([])
})

test('a program compiles with Node’s types, and with the browser’s', () => {
  expect(errorsUnder({ ...nodenext, types: ['node'], typeRoots: [join(root, 'node_modules/@types')] })).toEqual([])
  expect(errorsUnder({ ...nodenext, lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'] })).toEqual([])
})

test('the declarations keep to what TypeScript 5.4 knows', () => {
  const made = ts.createProgram([file], { ...strict, ...nodenext })
  const ours = made.getSourceFiles().filter(({ fileName }) => fileName.startsWith(folder.replaceAll('\\', '/')))
  expect(ours).toHaveLength(3)
  for (const { text } of ours) expect(text).not.toMatch(/\b(?:Float|Int|Uint)\d+Array</)
})

/** A language service over one file of this text, as an editor runs it. */
function serviceFor(text: string): ts.LanguageService {
  const { sys } = ts
  return ts.createLanguageService({
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot: name => {
      const content = name === file ? text : sys.readFile(name)
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content)
    },
    getCurrentDirectory: () => project,
    getCompilationSettings: () => ({ ...strict, ...nodenext }),
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: sys.fileExists,
    readFile: sys.readFile,
    readDirectory: sys.readDirectory,
    directoryExists: sys.directoryExists,
    getDirectories: sys.getDirectories,
  })
}

const start = `import { Tensor } from 'blasgrad'\ndeclare const x: Tensor\n`

function membersOf(expression: string): string[] {
  const text = `${start}${expression}.`
  return (serviceFor(text).getCompletionsAtPosition(file, text.length, {})?.entries ?? []).map(({ name }) => name)
}

test('hovering any member of a Tensor shows its documentation, and the parameters of an op', () => {
  const names = membersOf('x')
  expect(names.length).toBeGreaterThan(100)
  const lines = names.map(name => `x.${name}\n`)
  const service = serviceFor(start + lines.join(''))
  let at = start.length
  const undocumented: string[] = []
  const shown = new Map<string, string>()
  for (const [i, name] of names.entries()) {
    const info = service.getQuickInfoAtPosition(file, at + 2)
    shown.set(name, ts.displayPartsToString(info?.displayParts))
    if (ts.displayPartsToString(info?.documentation) === '') undocumented.push(name)
    at += lines[i].length
  }
  expect(undocumented).toEqual([])
  expect(shown.get('softmax')).toMatch(/\(method\) Tensor\.softmax\(axis\?: .*\): Tensor/)
  expect(shown.get('add')).toMatch(/\(method\) Tensor\.add\(b: TensorLike\): Tensor/)
})

test('no library-only member shows', () => {
  expect(membersOf('x')).not.toContain('storage')
  const functions = ['apply', 'arguments', 'bind', 'call', 'caller', 'length', 'name', 'prototype', 'toString']
  expect(membersOf('Tensor').filter(name => !functions.includes(name))).toEqual([])
})
