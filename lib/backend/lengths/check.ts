// The check of a kernel's arguments against its row, compiled into one closure per argument. Nothing is computed here.

import { ArgumentError, showValue } from '../../base/errors.js'
import type { Argument, Element, Kernel } from '../signature.js'
import { checkOverlaps } from './overlap.js'
import { type ArrayRule, isArray, operandsOf } from './product.js'

type Check = (args: readonly unknown[]) => void

const largestSize = 2147483647
const largestRank = { dims: 8, outer: 4 }

const floats = [Float32Array, Float64Array]
const numbers = [...floats, Int32Array, Uint8Array]
const kindsOf = (element: Element, dtypes: Kernel['dtypes']): readonly (abstract new () => ArrayBufferView)[] =>
  element === 'bool'
    ? [Uint8Array]
    : element === 'int32'
      ? [Int32Array]
      : element === 'float64'
        ? [Float64Array]
        : element === 'any' || dtypes === 'numbers'
          ? numbers
          : floats

const withArticle = (noun: string): string => (/^[AEIO]/.test(noun) ? `an ${noun}` : `a ${noun}`)

function oneOf(names: readonly string[]): string {
  const last = names[names.length - 1]
  return withArticle(names.length === 1 ? last : `${names.slice(0, -1).join(', ')} or ${last}`)
}

const kindName = (value: unknown): string => (ArrayBuffer.isView(value) ? value.constructor.name : showValue(value))

/** Whether all numbers are at least 0 and make whole groups of `width`, at most `most` of them. */
const inGroups = (value: Int32Array, width: number, most: number): boolean =>
  value.length % width === 0 && value.length <= width * most && value.every(number => number >= 0)

function checkArgument(name: string, argument: Argument, index: number, operands: number): Check {
  const fail = (expected: string, value: unknown): never => {
    throw new ArgumentError(`${name}: expected ${argument.name} ${expected}, got ${showValue(value)}`)
  }
  switch (argument.role) {
    case 'size':
      return args => {
        const value = args[index]
        if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > largestSize) {
          fail(`to be an integer from 0 to ${largestSize}`, value)
        }
      }
    case 'flag':
      return args => {
        if (typeof args[index] !== 'boolean') fail('to be true or false', args[index])
      }
    case 'layout':
      return args => {
        const value = args[index]
        if (value !== 0 && value !== 1 && value !== 2 && value !== 3) fail('to be a layout from 0 to 3', value)
      }
    case 'scalar':
      return args => {
        if (typeof args[index] !== 'number') fail('to be a number', args[index])
      }
    case 'sizes':
      return args => {
        const value = args[index]
        if (!(value instanceof Int32Array) || !inGroups(value, 2, largestRank.dims)) {
          fail(`to be an Int32Array of at most ${largestRank.dims} pairs (count, stride), none negative`, value)
        }
      }
    case 'outer': {
      const width = 1 + operands
      return args => {
        const value = args[index]
        if (value === undefined) return
        if (!(value instanceof Int32Array) || !inGroups(value, width, largestRank.outer)) {
          fail(`to be an Int32Array of at most ${largestRank.outer} groups of ${width}, none negative`, value)
        }
      }
    }
    default:
      return () => {}
  }
}

/** Arrays have the kinds that the row allows, those of element type T all the same. */
function checkKinds(name: string, row: Kernel, arrays: readonly ArrayRule[]): Check {
  const rules = arrays.map(({ argument, index }) => ({ argument, index, kinds: kindsOf(argument.element, row.dtypes) }))
  const first = rules.find(({ argument }) => argument.element === 'T')
  return args => {
    for (const { argument, index, kinds } of rules) {
      const value = args[index]
      if (!kinds.some(kind => value instanceof kind)) {
        const expected = oneOf(kinds.map(kind => kind.name))
        throw new ArgumentError(`${name}: expected ${argument.name} to be ${expected}, got ${kindName(value)}`)
      }
      if (first === undefined || argument.element !== 'T') continue
      const kind = (args[first.index] as object).constructor
      if ((value as object).constructor !== kind) {
        throw new ArgumentError(
          `${name}: expected ${argument.name} to be ${withArticle(kind.name)} like ${first.argument.name}, ` +
            `got ${kindName(value)}`,
        )
      }
    }
  }
}

function checkLength(name: string, { argument, index, length }: ArrayRule): Check {
  return args => {
    const got = (args[index] as ArrayLike<number>).length
    if (argument.optional && got === 0) return
    const needed = length(args)
    if (got >= needed) return
    const orNone = argument.optional ? ' or none' : ''
    throw new ArgumentError(
      `${name}: expected ${argument.name} with at least ${needed} elements (${argument.length})${orNone}, got ${got}`,
    )
  }
}

/** The check of a whole call: roles, kinds of arrays, their lengths, then what they share. */
export function checker(name: string, row: Kernel, args: readonly Argument[], arrays: readonly ArrayRule[]): Check {
  const operands = operandsOf(args)
  const checks = [
    ...args
      .map((argument, index) => ({ argument, index }))
      .filter(({ argument }) => !isArray(argument.role))
      .map(({ argument, index }) => checkArgument(name, argument, index, operands)),
    checkKinds(name, row, arrays),
    ...arrays.map(rule => checkLength(name, rule)),
    checkOverlaps(name, row, args, arrays),
  ]
  return call => {
    for (const check of checks) check(call)
  }
}
