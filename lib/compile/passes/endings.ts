// Products that end with what follows them: a bias, a rectifier, a rectifier's backward. Each thread does it on its own
// part of the output while that is still in its cache, and there is one step where there were two or three.

import type { EndingStep } from '../../backend/signature.js'
import { kernelRow } from '../../backend/table.js'
import { Layout } from '../../base/layout.js'
import { type Argument, type Call, isReference, type Program } from '../program.js'
import { accessesOf, overwrites, writes } from './accesses.js'
import { gridOf, layoutsOf } from './grid.js'
import { argumentOf, callOf, hasArgument } from './named.js'
import { Uses } from './uses.js'

/** The program with such products, each in the place of the last of what it stands for. */
export function endProducts(program: Program): Program {
  const uses = new Uses(program)
  const calls: (Call | null)[] = [...program.calls]
  for (const at of program.calls.keys()) {
    const ended = endedProduct(program, uses, at)
    if (ended === null) continue
    for (const each of ended.instead) calls[each] = null
    calls[ended.instead.at(-1) as number] = ended.call
  }
  return { ...program, calls: calls.filter(call => call !== null) }
}

/** The product at `at` with what follows it, and the positions of the calls that it stands for. */
function endedProduct(
  program: Program,
  uses: Uses,
  at: number,
): { readonly call: Call; readonly instead: readonly number[] } | null {
  const { values, calls } = program
  const product = calls[at]
  const { ending } = kernelRow(product.kernel)
  if (ending === undefined || !isOneBlock(product)) return null
  const instead = [at]
  const size = sizeOf(product)
  let out = wholeOutputOf(program, product)
  const added = new Map<string, Argument>()
  for (const step of ending.steps) {
    const reader = out === undefined ? undefined : uses.solePairOf(out)?.reader
    if (out === undefined || reader === undefined) break
    const next = wholeOutputOf(program, calls[reader])
    const argument = argumentFor(program, calls[reader], step, out, size)
    if (next === undefined || argument === undefined) continue
    added.set(step.argument, argument)
    instead.push(reader)
    out = next
  }
  if (instead.length === 1 || out === undefined) return null
  const result = { value: out }
  const call = callOf(ending.kernel, product.source, name => {
    if (name === 'out') return result
    if (hasArgument(product, name)) return argumentOf(product, name)
    const isFlag = ending.steps.some(({ argument, layout }) => argument === name && layout === undefined)
    return added.get(name) ?? (isFlag ? false : null)
  })
  // What it reads has to be there still where it stands, and not to be what it writes.
  const last = instead.at(-1) as number
  const isSafe = accessesOf(values, call)
    .filter(access => !writes(access))
    .every(({ value }) => value !== out && uses.stays(value, firstWith(value, instead, calls), last))
  return isSafe ? { call, instead } : null
}

const sizeOf = (product: Call): readonly number[] => ['m', 'n'].map(name => argumentOf(product, name) as number)

/** Whether a product is of one matrix each. */
const isOneBlock = (product: Call): boolean => ['rows', 'cols'].every(name => argumentOf(product, name) === 1)

/** What a call makes, if it is one value and whole. */
function wholeOutputOf({ values }: Program, call: Call): number | undefined {
  const [output, ...others] = accessesOf(values, call).filter(writes)
  return output !== undefined && others.length === 0 && overwrites(values, output) ? output.value : undefined
}

/** The position of the first of the calls that reads a value. */
const firstWith = (value: number, positions: readonly number[], calls: readonly Call[]): number =>
  positions.find(at => calls[at].args.some(each => isReference(each) && each.value === value)) as number

/** What a product [m, n] passes for `step`, if that is what the call does to its output `from`; else undefined. */
function argumentFor(
  { values }: Program,
  call: Call,
  step: EndingStep,
  from: number,
  [m, n]: readonly number[],
): Argument | undefined {
  const grid = call.kernel === step.kernel ? gridOf(call) : null
  if (grid === null) return undefined
  const isOver = grid.flat ? grid.rows * grid.cols === m * n : grid.rows === m && grid.cols === n
  const [layout, otherLayout] = layoutsOf(call)
  const [first, other] = accessesOf(values, call)
  if (!isOver || first.value !== from || layout !== Layout.full || otherLayout !== step.layout) return undefined
  return step.layout === undefined ? true : { value: other.value }
}
