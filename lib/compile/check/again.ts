// Whether a function that is recorded again does what it did: the first difference between two recordings, in words.

import { CheckError } from '../../base/errors.js'
import type { Compiled } from '../compiled.js'
import { dumpCall, dumpValue } from '../dump.js'
import { type Argument, type Call, isReference, type Origin, type Program, type Value } from '../program.js'
import type { Recorder } from '../recorder.js'

type Recorded = Pick<Compiled, 'program' | 'recorder' | 'resultKey'>

/** @throws CheckError that names the first call that differs, as it was and as it is. */
export function checkSame(before: Recorded, now: Recorded): void {
  const fail = (what: string, was: string, is: string): never => {
    throw new CheckError(
      `check: the function does something else than when it was recorded, though its arguments are alike: ${what} was ` +
        `${was}, is ${is}. It reads something that has changed (a variable outside, Math.random, Date): pass it as an argument`,
    )
  }
  const count = Math.max(before.program.calls.length, now.program.calls.length)
  for (let at = 0; at < count; at++) {
    const calls = [before.program.calls[at], now.program.calls[at]]
    const different = calls.includes(undefined as never) ? [] : differentValues(calls as [Call, Call], before, now)
    if (different === null) continue
    const [was, is] = [before, now].map((recorded, i) => showCall(recorded, calls[i], different))
    fail(`call ${at}`, was, was === is ? `the same on another tensor of state` : is)
  }
  if (before.resultKey !== now.resultKey) fail('the result', before.resultKey, now.resultKey)
  before.program.results.forEach((id, i) => {
    if (isSame([id, now.program.results[i]], before, now)) return
    fail(`result ${i}`, ...([before, now].map(({ program }) => showValue(program, program.results[i])) as Pair<string>))
  })
  const [was, is] = [gradientsOf(before.recorder), gradientsOf(now.recorder)]
  if (was !== is) fail('what it leaves in .grad', was, is)
}

type Pair<T> = [before: T, now: T]

/** The values by which two calls differ, perhaps none; null where the calls are the same. */
function differentValues([a, b]: Pair<Call>, before: Recorded, now: Recorded): number[] | null {
  if (a.kernel !== b.kernel || a.args.length !== b.args.length) return []
  let isDifferent = false
  const values: number[] = []
  a.args.forEach((argument, i) => {
    const other = b.args[i]
    if (isReference(argument) && isReference(other)) {
      if (!isSame([argument.value, other.value], before, now)) values.push(argument.value, other.value)
    } else if (!isSameArgument(argument, other)) isDifferent = true
  })
  return isDifferent || values.length > 0 ? values : null
}

const isSameArgument = (a: Argument, b: Argument): boolean =>
  Object.is(a, b) || (a instanceof Int32Array && b instanceof Int32Array && areEqual(a, b))

const areEqual = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false
  return a.length === b.length
}

/** Where a value is from. A gradient that stays is made by its program; that it stays is looked at in the end. */
const originOf = ({ program, recorder }: Recorded, id: number): Origin => {
  const { origin } = program.values[id]
  return origin.kind === 'state' && recorder.kept.has(origin.array) ? { kind: 'made' } : origin
}

/** Whether two values stand for the same: of one number, kind and origin. */
function isSame([id, other]: Pair<number>, before: Recorded, now: Recorded): boolean {
  const [a, b] = [before.program.values[id], now.program.values[other]]
  if (id !== other || a.dtype !== b.dtype || a.length !== b.length) return false
  const [was, is] = [originOf(before, id), originOf(now, other)]
  if (was.kind === 'argument') return is.kind === 'argument' && was.slot === is.slot
  if (was.kind === 'constant') return is.kind === 'constant' && areEqual(was.array, is.array)
  if (was.kind === 'state') return is.kind === 'state' && was.array === is.array
  return is.kind === 'made'
}

const showValue = (program: Program, id: number): string => dumpValue(program.values[id])

function showCall({ program, recorder }: Recorded, call: Call | undefined, values: readonly number[]): string {
  if (call === undefined) return 'none'
  const op = recorder.opOf(call)
  const where = [...new Set(values)]
    .map((id): Value | undefined => program.values[id])
    .filter(value => value !== undefined && call.args.some(arg => isReference(arg) && arg.value === value.id))
    .map(value => ` where ${dumpValue(value as Value)}`)
  return `"${dumpCall(call)}"${op === undefined ? '' : ` of ${op}`}${where.join()}`
}

/** How many tensors from outside end with a gradient, without one, with one that is used up. */
function gradientsOf({ grads, used }: Recorder): string {
  const ends = [...grads].filter(([tensor]) => !tensor.storage.isRecorded)
  const show = ([tensor, grad]: (typeof ends)[number]): string => {
    const what = grad === null ? 'none' : used.has(tensor) ? 'used' : 'one'
    return `${what} for [${tensor.shape}]`
  }
  return ends.length === 0 ? 'nothing' : ends.map(show).join(', ')
}
