// Planning and running know kernels by their rows alone: no file of lib/compile/ contains a kernel's name.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { kernelNames } from '../../../lib/backend/table.js'

const folder = join(import.meta.dirname, '../../../lib/compile')

/** Methods of the language that some kernels share their name with. */
const ofTheLanguage = [Math, Set.prototype, Map.prototype, Array.prototype, Int32Array.prototype, String.prototype]
const isOfTheLanguage = (name: string): boolean => ofTheLanguage.some(object => name in object)

/** The kernels named in a piece of code: quoted, or as a property; of a backend where the language has it too. */
function namesIn(code: string): string[] {
  const text = code.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(?<=^|[\s;{}])\/\/.*$/gm, '')
  return kernelNames.filter(name => {
    const owner = isOfTheLanguage(name) ? '(?:backend|reference|kernels|unchecked|native)\\s*' : ''
    return new RegExp(`(['"\`])${name}\\1|${owner}\\??\\.${name}\\b`).test(text)
  })
}

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))

test('the search finds names', () => {
  expect(namesIn(`if (call.kernel === 'matmul') run(backend.add)`)).toEqual(['add', 'matmul'])
  expect(namesIn('rows?.softmax // kernels.exp\n/* "sgd" */ set.add(1)\n Math.max(1)')).toEqual(['softmax'])
})

test.each(files)('%s', name => {
  expect(namesIn(readFileSync(join(folder, name), 'utf8'))).toEqual([])
})
