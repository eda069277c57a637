// Planning and running know kernels by their rows alone: no file of lib/compile/ contains the name of a kernel or of a
// kernel's argument. Passes ask for arguments by role (lib/backend/rules/roles.ts).

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseSignature } from '../../lib/backend/signature.js'
import { kernelNames, kernelRow } from '../../lib/backend/table.js'

const folder = join(import.meta.dirname, '../../lib/compile')

/** Methods of the language that some kernels share their name with. */
const ofTheLanguage = [Math, Set.prototype, Map.prototype, Array.prototype, Int32Array.prototype, String.prototype]
const isOfTheLanguage = (name: string): boolean => ofTheLanguage.some(object => name in object)

/** Code without its comments. */
const bare = (code: string): string =>
  code.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(?<=^|[\s;{}])\/\/.*$/gm, '')

/** The kernels named in a piece of code: quoted, or as a property; of a backend where the language has it too. */
function kernelsIn(code: string): string[] {
  const text = bare(code)
  return kernelNames.filter(name => {
    const owner = isOfTheLanguage(name) ? '(?:backend|reference|kernels|unchecked|native)\\s*' : ''
    return new RegExp(`(['"\`])${name}\\1|${owner}\\??\\.${name}\\b`).test(text)
  })
}

const argumentNames = [
  ...new Set(kernelNames.flatMap(kernel => parseSignature(kernelRow(kernel).signature).args.map(({ name }) => name))),
]

/** Argument names that are also words of programs and plans: kinds that are quoted, and properties. */
const words = {
  quoted: ['value', 'start', 'in', 'out', 'outer', 'state', 'step'],
  property: [
    'value',
    'start',
    'end',
    'reverse',
    'rows',
    'cols',
    'out',
    'at',
    'first',
    'next',
    'count',
    'step',
    'steps',
    'each',
    'samples',
    'state',
  ],
}

/** The owners of properties that are roles, whose names tell what they are of a family of kernels. */
const roles = '(?:product|reduction|scatter|update|lookup|roles|fused)'

/** The kernels' arguments named in a piece of code: quoted, or as a property. */
function argumentsIn(code: string): string[] {
  const text = bare(code)
  return argumentNames.filter(name => {
    const quoted = !words.quoted.includes(name) && new RegExp(`(['"\`])${name}\\1`).test(text)
    const property = !words.property.includes(name) && new RegExp(`(?<!\\.|\\b${roles}\\??)\\.${name}\\b`).test(text)
    return quoted || property
  })
}

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))

test('the search finds kernels', () => {
  expect(kernelsIn(`if (call.kernel === 'matmul') run(backend.add)`)).toEqual(['add', 'matmul'])
  expect(kernelsIn('rows?.softmax // kernels.exp\n/* "sgd" */ set.add(1)\n Math.max(1)')).toEqual(['softmax'])
})

test('the search finds arguments', () => {
  expect(argumentsIn(`sizeOf(call, 'm') + sizes.k // 'n'`).sort()).toEqual(['k', 'm'])
  expect(argumentsIn('argumentOf(update, "g"), argumentOf(scatter, `rows`)').sort()).toEqual(['g', 'rows'])
  expect(argumentsIn('args.weight?.bias, group.rows, call.args[product.m], product?.n, role === "out"')).toEqual([
    'weight',
    'bias',
  ])
})

test.each(files)('%s', name => {
  const code = readFileSync(join(folder, name), 'utf8')
  expect([...kernelsIn(code), ...argumentsIn(code)]).toEqual([])
})
