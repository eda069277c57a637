// Epilogue fusion: a product applies to its output what follows it, a bias, ReLU, ReLU's mask. Each thread does it on its
// own part of the output while that is still in its cache, and there is one step where there were two or three.

import type { EpilogueStep } from '../../backend/rules/roles.js'
import { rulesOf } from '../../backend/rules/rules.js'
import { type KernelName, kernelRow } from '../../backend/table.js'
import { Layout } from '../../base/layout.js'
import { callLike, rolesOf, sizeAt } from '../analysis/arguments.js'
import { DefUse } from '../analysis/def-use.js'
import { effectsOf, overwrites, writes } from '../analysis/effects.js'
import { gridOf, layoutsOf } from '../analysis/grid.js'
import { type Argument, type Call, isReference, type Program } from '../program.js'

/** The program with such products, each in the place of the last call that it stands for. */
export function fuseEpilogues(program: Program): Program {
  const defUse = new DefUse(program)
  const calls: (Call | null)[] = [...program.calls]
  for (const at of program.calls.keys()) {
    const fused = fusedProduct(program, defUse, at)
    if (fused === null) continue
    for (const each of fused.instead) calls[each] = null
    calls[fused.instead.at(-1) as number] = fused.call
  }
  return { ...program, calls: calls.filter(call => call !== null) }
}

/** The product at `at` with its epilogue, and the positions of the calls that it stands for. */
function fusedProduct(
  program: Program,
  defUse: DefUse,
  at: number,
): { readonly call: Call; readonly instead: readonly number[] } | null {
  const { values, calls } = program
  const product = calls[at]
  const { epilogue } = kernelRow(product.kernel)
  const roles = rolesOf(product).product
  if (epilogue === undefined || roles === undefined) return null
  if (sizeAt(product, roles.batchRows) !== 1 || sizeAt(product, roles.batchCols) !== 1) return null
  const fused = rulesOf(epilogue.kernel as KernelName).roles.product
  if (fused === undefined) return null
  const instead = [at]
  const shape = [roles.m, roles.n].map(size => sizeAt(product, size))
  let out = wholeOutputOf(program, product)
  const given = new Map<number, Argument>()
  for (const step of epilogue.steps) {
    const role = fused[step.role]
    const reader = out === undefined ? undefined : defUse.solePairOf(out)?.reader
    if (role === undefined || out === undefined || reader === undefined) break
    const next = wholeOutputOf(program, calls[reader])
    const argument = argumentFor(program, calls[reader], step, out, shape)
    if (next === undefined || argument === undefined) continue
    given.set(role, argument)
    instead.push(reader)
    out = next
  }
  if (instead.length === 1 || out === undefined) return null
  given.set(fused.out, { value: out })
  const call = callLike(epilogue.kernel, product.source, [product], given, (_, length) =>
    length === '' ? false : null,
  )
  // What it reads has to be there still where it stands, and not to be what it writes.
  const last = instead.at(-1) as number
  const isSafe = effectsOf(values, call)
    .filter(effect => !writes(effect))
    .every(({ value }) => value !== out && defUse.stays(value, firstWith(value, instead, calls), last))
  return isSafe ? { call, instead } : null
}

/** What a call makes, if it is one value and whole. */
function wholeOutputOf({ values }: Program, call: Call): number | undefined {
  const [output, ...others] = effectsOf(values, call).filter(writes)
  return output !== undefined && others.length === 0 && overwrites(values, output) ? output.value : undefined
}

/** The position of the first of the calls that reads a value. */
const firstWith = (value: number, positions: readonly number[], calls: readonly Call[]): number =>
  positions.find(at => calls[at].args.some(each => isReference(each) && each.value === value)) as number

/** What a product [m, n] passes for `step`, if that is what the call does to its output `from`; else undefined. */
function argumentFor(
  { values }: Program,
  call: Call,
  step: EpilogueStep,
  from: number,
  [m, n]: readonly number[],
): Argument | undefined {
  const grid = call.kernel === step.kernel ? gridOf(call) : null
  if (grid === null) return undefined
  const isOver = grid.flat ? grid.rows * grid.cols === m * n : grid.rows === m && grid.cols === n
  const [layout, otherLayout] = layoutsOf(call)
  const [first, other] = effectsOf(values, call)
  if (!isOver || first.value !== from || layout !== Layout.full || otherLayout !== step.layout) return undefined
  return step.layout === undefined ? true : { value: other.value }
}
