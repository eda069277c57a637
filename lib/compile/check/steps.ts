// Each call and group of a plan run alone, on an executor and on the reference from the same elements: the first whose results
// differ beyond rounding is named.

import { kernelRow } from '../../backend/table.js'
import type { NumberArray } from '../../base/dtype.js'
import { CheckError } from '../../base/errors.js'
import { resultTypeOf } from '../analysis/member-call.js'
import { dumpStep } from '../dump.js'
import { interpret } from '../interpreter.js'
import {
  type BadIndex,
  type Executor,
  type Group,
  isGroup,
  type MakeExecutor,
  type Plan,
  type Work,
  workOf,
} from '../plan.js'
import { usesOf } from '../program.js'
import { Apart } from './apart.js'
import { firstDifference, largest } from './close.js'

interface Alone {
  /** The step of the plan that it belongs to. */
  readonly at: number
  readonly work: Work
  readonly own: Executor
  readonly reference: Executor
  readonly reads: readonly number[]
  readonly writes: readonly number[]
  readonly isExact: boolean
}

/** The values that work reads, and those it writes in the order in which it does. */
function footprint(work: Work): { reads: number[]; writes: number[] } {
  if (isGroup(work)) {
    const operands = work.members.flatMap(member => member.operands)
    const reads = operands.flatMap(operand => ('value' in operand ? [operand.value] : []))
    return { reads, writes: work.members.flatMap(({ out }) => (out === null ? [] : [out])) }
  }
  const uses = usesOf(work)
  const idsOf = (roles: readonly string[]): number[] => uses.flatMap(u => (roles.includes(u.role) ? [u.value] : []))
  return { reads: idsOf(['in', 'inout']), writes: idsOf(['out', 'inout']) }
}

const kernelsOf = (work: Work) => (isGroup(work) ? work.members.map(({ kernel }) => kernel) : [work.kernel])

/** What a person calls it. */
export type Describe = (work: Work) => string

export class StepsAlone {
  /** What the executor under check makes of the program, step by step. */
  readonly own: Apart
  readonly #reference: Apart
  readonly #works: readonly Alone[]
  readonly #describe: Describe

  constructor({ program, steps }: Plan, make: MakeExecutor, describe: Describe) {
    this.own = new Apart(program)
    this.#reference = new Apart(program)
    this.#describe = describe
    this.#works = steps.flatMap((step, at) =>
      workOf(step).map(planned => {
        const work = isGroup(planned) ? this.#open(planned) : planned
        return {
          at,
          work,
          own: make(this.own.plan([work])),
          reference: interpret(this.#reference.plan([work])),
          ...footprint(work),
          isExact: kernelsOf(work).every(kernel => kernelRow(kernel).exact),
        }
      }),
    )
  }

  /** The group with every member's result stored, where it can be looked at. */
  #open(group: Group): Group {
    const members = group.members.map(member => {
      if (member.out !== null) return member
      const [type, length] = [resultTypeOf(member), group.rows * group.cols]
      this.#reference.extra(type, length)
      return { ...member, out: this.own.extra(type, length) }
    })
    return { ...group, members }
  }

  /** Runs them all. @throws CheckError at the first that differs. @returns the bad index that ended the run, if any. */
  run(args: readonly NumberArray[]): BadIndex | null {
    this.own.fill(args)
    for (const alone of this.#works) {
      const { at, work } = alone
      for (const id of [...alone.reads, ...alone.writes]) this.#reference.array(id).set(this.own.array(id))
      const inputs = alone.reads.map(id => this.own.array(id))
      const scale = alone.isExact ? null : scaleOf(inputs, this.own.array(alone.writes[0]))
      const bad = alone.own.run([], [])
      const expected = alone.reference.run([], [])
      if (JSON.stringify(bad) !== JSON.stringify(expected)) {
        const [is, was] = [bad, expected].map(showBad)
        throw new CheckError(`check: step ${at}, ${this.#describe(work)}: got ${is}, expected ${was}`)
      }
      if (bad !== null) return { ...bad, step: at }
      this.#compare(alone, scale)
    }
    return null
  }

  #compare({ at, work, writes }: Alone, scale: number | null): void {
    for (const [i, id] of writes.entries()) {
      const [actual, expected] = [this.own.array(id), this.#reference.array(id)]
      const position = firstDifference(actual, expected, scale)
      if (position === -1) continue
      const kernel = isGroup(work) ? `member ${i}, ${work.members[i].kernel}` : `%${id}`
      throw new CheckError(
        `check: step ${at}, ${this.#describe(work)}: ${kernel}: element ${position} is ${actual[position]}, ` +
          `the reference has ${expected[position]}`,
      )
    }
  }
}

const showBad = (bad: BadIndex | null): string =>
  bad === null ? 'no bad index' : `a bad index, ${bad.id} at ${bad.position}`

/** The magnitude that rounding errors are relative to: that of the inputs, and of sums where fewer elements come out. */
function scaleOf(inputs: readonly NumberArray[], output: NumberArray): number {
  const scales = inputs.map(array => largest(array) * Math.sqrt(Math.max(1, array.length / output.length)))
  return Math.max(0, ...scales)
}

/** @param opOf the op that recorded it, if it is known. */
export const describeWork =
  (opOf: (work: Work) => string | undefined): Describe =>
  work => {
    const op = opOf(work)
    return `"${dumpStep(work)}"${op === undefined ? '' : ` of ${op}`}`
  }
