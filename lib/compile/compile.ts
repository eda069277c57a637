// compile: a function over tensors, recorded once for each kind of call, then run as one program.

import { isChecking } from '../base/checking.js'
import { ArgumentError, BusyError, showValue } from '../base/errors.js'
import { context } from '../core/context.js'
import { noElements, Tensor } from '../core/tensor.js'
import type { Sample } from '../data/dataset.js'
import type { DataLoader } from '../data/loader.js'
import { ProgramCache } from './cache.js'
import { checkSame } from './check/again.js'
import type { Compiled } from './compiled.js'
import { runEpoch } from './epoch/epoch.js'
import type { EpochOptions, EpochResult } from './epoch/options.js'
import { explain } from './explain.js'
import { runInto } from './into.js'
import { isQueueEmpty } from './queue.js'
import { record } from './record.js'
import { runInTurn, runNow } from './running.js'
import { type Settings, takeOptions } from './settings.js'
import type { CompileOptions, NumbersAreTensors, Parameter, Positions, Step } from './step.js'
import { areOfKinds, flatten, kindsOf, type Leaf, rebuild, type Statics, type Tree } from './tree.js'

/**
 * Compiles `fn`: for each kind of arguments (structure, shapes, dtypes, strings, booleans) it is run once to note what it
 * does, computing nothing; from then on each call runs the noted program natively. A number among the arguments is a 0-d
 * tensor to the function, so that another value is not another kind: `x.mul(k.mul(2))`, not `k * 2`. One that steers
 * JavaScript (`i < n`, an axis) is named in the option `static`. Side effects in JavaScript happen
 * once, when it is recorded. Modes, gradients wanted or there, groups, what `parameters()` or `modules()` gave are looked
 * at again, and whether a layer, parameter or buffer of a module was put in another's place, once `parameters()` or the
 * like has been called on it (as for an optimizer); other JavaScript (a variable) is not. With BLASGRAD_CHECK=1 it is recorded again at each run, and its kernels are held against the
 * reference: for a result that seems wrong.
 * @param fn a synchronous function over tensors: forward, `backward()`, clipping, `optimizer.step()`.
 * @throws ArgumentError, when it is recorded, if `fn` reads a tensor from outside that is neither an argument, state nor
 * named in `captures`; if it reads a value; if it returns something else than tensors; CheckError, with BLASGRAD_CHECK=1,
 * for the first thing that differs.
 */
export function compile<A extends readonly Parameter[], R>(fn: (...args: A) => R, options?: CompileOptions): Step<A, R>
/** The same, for a function that gets numbers as they are at the positions `static`. */
export function compile<A extends readonly unknown[], R, const S extends Positions>(
  fn: ((...args: A) => R) & NumbersAreTensors<A, S>,
  options: CompileOptions<S>,
): Step<A, R, S>
export function compile<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  options: CompileOptions = {},
): Step<A, R> {
  if (typeof fn !== 'function') throw new ArgumentError(`compile: expected a function, got ${showValue(fn)}`)
  return stepOf(fn, takeOptions(options))
}

function stepOf<A extends readonly unknown[], R>(fn: (...args: A) => R, options: Settings): Step<A, R> {
  const { statics = new Set() } = options
  const cache = new ProgramCache()
  /** What the last call was and ran: the next is mostly alike, and then needs no key. */
  let last:
    | { readonly mode: string; readonly kinds: ReturnType<typeof kindsOf>; readonly compiled: Compiled }
    | undefined

  const find = (args: readonly unknown[]): { compiled: Compiled; leaves: readonly Leaf[] } => {
    const mode = context.gradMode ? context.active.name : `${context.active.name} without gradients`
    if (
      !isChecking &&
      last?.kinds !== undefined &&
      last.mode === mode &&
      areOfKinds(args, last.kinds) &&
      last.compiled.recorder.holds()
    ) {
      return { compiled: last.compiled, leaves: args }
    }
    const found = findByKey(args, mode)
    last = { mode, kinds: statics.size === 0 ? kindsOf(args) : undefined, compiled: found.compiled }
    return found
  }

  const findByKey = (args: readonly unknown[], mode: string): { compiled: Compiled; leaves: readonly Leaf[] } => {
    const tree = flatten('compile', args, statics)
    const key = `${mode} ${tree.key}`
    const hit = cache.find(key)
    if (isChecking && hit !== undefined) recordAgain(hit, args, tree)
    if (hit !== undefined) return { compiled: hit, leaves: tree.leaves }
    const compiled = record(fn as (...args: readonly unknown[]) => unknown, args, tree, options)
    cache.add(key, compiled)
    options.roots = compiled.recorder.structure.roots
    return { compiled, leaves: tree.leaves }
  }

  /** @throws CheckError if the function does something else now. */
  const recordAgain = (hit: Compiled, args: readonly unknown[], tree: Tree): void => {
    const again = record(fn as (...args: readonly unknown[]) => unknown, args, tree, options, () => hit.executor)
    again.recorder.undo()
    checkSame(hit, again)
  }

  const step = (...args: readonly unknown[]): Promise<R> => {
    if (context.recording !== null) {
      throw new ArgumentError('compile: expected step.sync(…) in a function that is compiled, got step(…), a promise')
    }
    try {
      const { compiled, leaves } = find(args)
      return runInTurn(compiled, leaves, () => find(args).compiled) as Promise<R>
    } catch (error) {
      return Promise.reject(error)
    }
  }

  return Object.assign(step, {
    sync: (...args: readonly unknown[]): R => {
      // Within another recording it is part of that program.
      if (context.recording !== null) return fn(...(withTensors(args, statics) as unknown as A))
      checkIdle('sync')
      const { compiled, leaves } = find(args)
      return runNow(compiled, leaves) as R
    },
    into: (outs: R, ...args: readonly unknown[]): R => {
      if (context.recording !== null) {
        throw new ArgumentError('compile: expected step.sync(…) in a function that is compiled, got step.into(…)')
      }
      checkIdle('into')
      const { compiled, leaves } = find(args)
      runInto(compiled, leaves, resultsIn(outs, compiled.resultKey))
      return outs
    },
    epoch: <S extends Sample>(
      loader: DataLoader<S, unknown>,
      options: EpochOptions<R> = {},
    ): Promise<EpochResult<R>> => {
      if (context.recording !== null) {
        throw new ArgumentError('compile: expected step.sync(…) in a function that is compiled, got step.epoch(…)')
      }
      return runEpoch({ find: args => find(args).compiled, statics }, loader, options)
    },
    explain: (...args: readonly unknown[]): string => {
      const { program, plan } = find(args).compiled
      return explain(program, plan)
    },
  }) as Step<A, R>
}

/** The arguments of a step that is called while another is recorded: its numbers are constants of that program. */
function withTensors(args: readonly unknown[], statics: Statics): unknown {
  const { leaves } = flatten('compile', args, statics)
  return rebuild(
    args,
    leaves.map(leaf => (typeof leaf === 'number' ? new Tensor(leaf) : leaf)),
    statics,
  )
}

/** The tensors of `outs`, to be written. */
function resultsIn(outs: unknown, expected: string): Tensor[] {
  const { leaves, key } = flatten('into', outs)
  if (key !== expected) throw new ArgumentError(`into: expected results like ${expected}, got ${key}`)
  const tensors = leaves as readonly Tensor[]
  const gone = tensors.find(({ storage }) => !storage.hasElements)
  if (gone !== undefined) throw noElements('into', gone)
  return [...tensors]
}

function checkIdle(what: string): void {
  if (!isQueueEmpty()) throw new BusyError(`${what}: expected no step on its way, got one: await it or idle()`)
}
