// Liveness: the live range of each value, in steps, and which outputs may reuse the buffer of an input.

import { type KernelName, kernelRow } from '../../backend/table.js'
import { bytesOf } from '../../base/dtype.js'
import { Layout } from '../../base/layout.js'
import { allowsInPlace, effectsOf, overwrites } from '../analysis/effects.js'
import { type Group, isGroup, isRegion, type Region, type Step, type TaskChain, type Work, workOf } from '../plan.js'
import { type Call, type Program, signatureOf, type Value } from '../program.js'
import { rowsOf } from '../schedule/rows.js'

/** The first and the last step that a value lies in memory for; arguments are there before step 0: from −1 on. */
export interface LiveRange {
  first: number
  last: number
}

/** The values that a step reads from or writes to memory. */
export const touchedBy = (values: readonly Value[], step: Step): number[] =>
  workOf(step).flatMap(work => touchedByWork(values, work))

function touchedByWork(values: readonly Value[], step: Work): number[] {
  if (!isGroup(step)) return effectsOf(values, step).map(({ value }) => value)
  return step.members.flatMap(({ operands, out }) => [
    ...operands.flatMap(operand => ('value' in operand ? [operand.value] : [])),
    ...(out === null ? [] : [out]),
  ])
}

/** The liveRange of each value that lies in the arena, by its id; results are there to the end. */
export function liveRangesOf({ values, results }: Program, steps: readonly Step[]): Map<number, LiveRange> {
  const liveRanges = new Map<number, LiveRange>()
  const touch = (id: number, at: number): void => {
    const { kind } = values[id].origin
    if (kind !== 'made' && kind !== 'argument') return
    const liveRange = liveRanges.get(id)
    if (liveRange === undefined) liveRanges.set(id, { first: at, last: at })
    else liveRange.last = at
  }
  for (const { id, origin } of values) if (origin.kind === 'argument') touch(id, -1)
  steps.forEach((step, at) => {
    for (const id of touchedBy(values, step)) touch(id, at)
  })
  for (const id of results) touch(id, steps.length)
  return liveRanges
}

/** An output that may be written where an input of the same step was, if that input is not read any more. */
export interface Reuse {
  readonly input: number
  readonly output: number
}

/** The outputs of a step with the inputs whose place each could take. */
export const reusesOf = (values: readonly Value[], step: Step): Reuse[] =>
  isRegion(step) ? ofRegion(values, step) : ofWork(values, step)

const ofWork = (values: readonly Value[], work: Work): Reuse[] =>
  isGroup(work) ? ofGroup(values, work) : ofCall(values, work)

/** Within a region nothing else may touch the input, but what the same chain has done with the same rows of it. */
function ofRegion(values: readonly Value[], { chains }: Region): Reuse[] {
  const touching = new Map<number, { readonly chain: TaskChain; readonly at: number; readonly work: Work }[]>()
  for (const chain of chains) {
    for (const [at, work] of chain.steps.entries()) {
      for (const id of new Set(touchedByWork(values, work))) {
        const uses = touching.get(id) ?? []
        uses.push({ chain, at, work })
        touching.set(id, uses)
      }
    }
  }
  const isFree = (input: number, own: TaskChain, at: number): boolean =>
    (touching.get(input) ?? []).every(
      ({ chain, at: i, work }) =>
        (chain === own && i === at) ||
        (chain === own && i < at && (chain.rows === 1 || rowsOf(values, work)?.along.has(input) === true)),
    )
  return chains.flatMap(chain =>
    chain.steps.flatMap((work, at) =>
      ofWork(values, work).filter(
        ({ input, output }) =>
          !chain.local.includes(input) && !chain.local.includes(output) && isFree(input, chain, at),
      ),
    ),
  )
}

function ofCall(values: readonly Value[], call: Call): Reuse[] {
  const effects = effectsOf(values, call)
  const inputs = [...new Set(effects.flatMap(({ role, value }) => (role === 'in' ? [value] : [])))]
  return effects
    .filter(effect => overwrites(values, effect))
    .flatMap(({ value: output, needed: length }) =>
      inputs.flatMap(input => {
        const fits = values[input].dtype === values[output].dtype && values[input].length === length
        const allowed = effects.every(
          ({ role, value, needed, parameter }) =>
            value !== input || (role === 'in' && needed === length && allowsInPlace(call, parameter.name)),
        )
        return fits && allowed ? [{ input, output }] : []
      }),
    )
}

/** How a group reads a value: the last member that does, and whether an output of that one may be where the value is. */
interface Reading {
  isFull: boolean
  last: number
  isInPlace: boolean
}

/** A tile's output may lie over what this member or an earlier one has read of the same tile. */
function ofGroup(values: readonly Value[], { rows, cols, members }: Group): Reuse[] {
  const readings = new Map<number, Reading>()
  for (const [reader, { kernel, operands }] of members.entries()) {
    for (const [i, operand] of operands.entries()) {
      if (!('value' in operand)) continue
      const before = readings.get(operand.value)
      readings.set(operand.value, {
        isFull: operand.layout === Layout.full && before?.isFull !== false,
        last: reader,
        isInPlace:
          kernelRow(kernel).inPlace.includes(inputNamesOf(kernel)[i]) &&
          !(before?.last === reader && !before.isInPlace),
      })
    }
  }
  for (const { out } of members) if (out !== null) readings.delete(out)
  return members.flatMap(({ out: output }, writer) => {
    if (output === null) return []
    const bytes = bytesOf(values[output].dtype)
    return [...readings].flatMap(([input, { isFull, last, isInPlace }]) => {
      const { dtype, length } = values[input]
      if (bytesOf(dtype) !== bytes || length !== rows * cols || values[output].length !== length) return []
      return isFull && (last < writer || (last === writer && isInPlace)) ? [{ input, output }] : []
    })
  })
}

const inputNames = new Map<KernelName, readonly string[]>()

function inputNamesOf(kernel: KernelName): readonly string[] {
  const names =
    inputNames.get(kernel) ?? signatureOf(kernel).args.flatMap(({ role, name }) => (role === 'in' ? [name] : []))
  inputNames.set(kernel, names)
  return names
}
