// Runs plans on the reference backend, a kernel at a time, a group a member at a time over its whole grid: the oracle of
// the native executor, and what serves where the addon cannot load. It is not meant to be fast.

import { isArray } from '../backend/lengths/product.js'
import { reference } from '../backend/reference.js'
import type { KernelName } from '../backend/table.js'
import { arrayOf, bytesOf, type NumberArray } from '../base/dtype.js'
import { ArgumentError, showValue } from '../base/errors.js'
import { elementTypeOf } from './analysis/effects.js'
import { argumentsOf, resultTypeOf } from './analysis/member-call.js'
import { type BadIndex, type Group, isGroup, type MakeExecutor, type Work, workOf } from './plan.js'
import { type Call, type ElementType, isReference, signatureOf, type Value } from './program.js'
import { verifyPlan } from './verify/plan.js'

/** Runs a step; the bad index that it reports, if any. */
type Run = () => Omit<BadIndex, 'step'> | null

const bind = (kernel: KernelName, args: readonly unknown[]): (() => unknown) => {
  const run = reference[kernel] as (...args: readonly unknown[]) => unknown
  return () => run(...args)
}

const arrayFor = (dtype: ElementType, length: number): NumberArray =>
  new (arrayOf(dtype))(new ArrayBuffer(length * bytesOf(dtype)))

/** A call over the arrays of its values; an empty one of the right kind for what is left out. */
function bindCall(values: readonly Value[], arrays: readonly NumberArray[], call: Call): Run {
  const parameters = signatureOf(call.kernel).args
  const args = parameters.map(({ role }, at) => {
    const argument = call.args[at]
    if (isReference(argument)) return arrays[argument.value]
    return isArray(role) ? arrayFor(elementTypeOf(values, call), 0) : argument
  })
  const run = bind(call.kernel, args)
  const ids = args[parameters.findIndex(({ role, element }) => role === 'in' && element === 'int32')] as Int32Array
  return () => {
    const position = run()
    return typeof position === 'number' && position !== -1 ? { position, id: ids[position] } : null
  }
}

function bindGroup(arrays: readonly NumberArray[], group: Group): Run {
  const results: NumberArray[] = []
  const runs = group.members.map(member => {
    const operands = member.operands.map(operand =>
      'member' in operand ? results[operand.member] : arrays[operand.value],
    )
    const result = member.out === null ? arrayFor(resultTypeOf(member), group.rows * group.cols) : arrays[member.out]
    results.push(result)
    return bind(member.kernel, argumentsOf(group, member, [...operands, result]))
  })
  return () => {
    for (const run of runs) run()
    return null
  }
}

export const interpret: MakeExecutor = plan => {
  verifyPlan(plan)
  const { program, steps, arenaBytes, offsets } = plan
  const { values, results: resultIds } = program
  const arena = new ArrayBuffer(arenaBytes)
  const arrays = values.map(({ id, dtype, length, origin }) => {
    if ('array' in origin) return origin.array
    return offsets[id] === -1 ? arrayFor(dtype, 0) : new (arrayOf(dtype))(arena, offsets[id], length)
  })
  const bindWork = (work: Work): Run => (isGroup(work) ? bindGroup(arrays, work) : bindCall(values, arrays, work))
  const runs = steps.map((step): Run => {
    const [first, ...others] = workOf(step).map(bindWork)
    if (others.length === 0) return first
    return () => {
      first()
      for (const run of others) run()
      return null
    }
  })
  const inputs = values.flatMap(({ id, origin }) =>
    origin.kind === 'argument' ? [{ slot: origin.slot, array: arrays[id] }] : [],
  )
  return {
    run(args, results) {
      for (const { slot, array } of inputs) array.set(checked(`argument ${slot}`, args[slot], array))
      for (const [step, run] of runs.entries()) {
        const bad = run()
        if (bad !== null) return { step, ...bad }
      }
      resultIds.forEach((id, i) => {
        checked(`result ${i}`, results[i], arrays[id]).set(arrays[id])
      })
      return null
    },
  }
}

function checked(what: string, array: NumberArray | undefined, like: NumberArray): NumberArray {
  if (array?.constructor === like.constructor && array.length === like.length) return array
  throw new ArgumentError(
    `run: expected ${what} to be ${like.constructor.name}(${like.length}), got ${showValue(array)}`,
  )
}
