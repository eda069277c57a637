// compile: a function over tensors, recorded once for each kind of call, then run as one program.

import { context } from '../context.js'
import { ArgumentError, showValue } from '../errors.js'
import { advance } from '../random.js'
import { allocate, type Storage } from '../storage.js'
import { Tensor } from '../tensor.js'
import { explain } from './explain.js'
import { isGroup } from './plan.js'
import { type Compiled, record } from './recording.js'
import { flatten, type Leaf, rebuild } from './tree.js'

export interface CompileOptions {
  /** Tensors from outside that the function reads as they are at each run, beside state. */
  readonly captures?: readonly Tensor[]
  /** Keep every gradient in `.grad` after a run, also those that an optimizer's step has used up. */
  readonly keepGrads?: boolean
  /** Whether elementwise kernels run joined (true): without it, results are to the bit those of eager ops. */
  readonly fusion?: boolean
}

/** A compiled function. */
export interface Step<A extends readonly unknown[], R> {
  /** Runs in place and gives the results: fresh tensors outside the graph. */
  sync(...args: A): R
  /** The program that these arguments run, before and after planning, as text. */
  explain(...args: A): string
}

/** Programs of one step: as many kinds of call as this are kept. */
const mostPrograms = 64

/**
 * Compiles `fn`: for each kind of arguments (structure, shapes, dtypes, strings, booleans) it is run once to note what it
 * does, computing nothing; from then on each call runs the noted program natively. Side effects in JavaScript happen
 * once, when it is recorded.
 * @param fn a synchronous function over tensors: forward, `backward()`, clipping, `optimizer.step()`.
 * @throws ArgumentError, when it is recorded, if `fn` reads a tensor from outside that is neither an argument, state nor
 * named in `captures`; if it reads a value; if it returns something else than tensors.
 */
export function compile<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  options: CompileOptions = {},
): Step<A, R> {
  if (typeof fn !== 'function') throw new ArgumentError(`compile: expected a function, got ${showValue(fn)}`)
  const programs = new Map<string, Compiled[]>()
  let count = 0
  let warned = false

  const find = (args: A): { compiled: Compiled; leaves: readonly Leaf[] } => {
    const tree = flatten('compile', args)
    const key = `${context.active.name} ${context.gradMode} ${tree.key}`
    const known = programs.get(key) ?? []
    const hit = known.find(({ recorder }) => recorder.holds())
    if (hit !== undefined) return { compiled: hit, leaves: tree.leaves }
    const compiled = record(fn as (...args: readonly unknown[]) => unknown, args, tree, options)
    programs.delete(key)
    programs.set(key, [compiled, ...known])
    count++
    if (count > mostPrograms) {
      const [oldest] = programs.keys()
      count -= programs.get(oldest)?.length ?? 0
      programs.delete(oldest)
      if (!warned) {
        warned = true
        process.emitWarning(
          `compile: over ${mostPrograms} kinds of call; shapes that change at each call are recorded again each time`,
          {
            type: 'BlasgradWarning',
            code: 'BLASGRAD_RECORDING',
          },
        )
      }
    }
    return { compiled, leaves: tree.leaves }
  }

  return {
    sync: (...args: A): R => {
      // Within another recording it is part of that program.
      if (context.recording !== null) return fn(...args)
      const { compiled, leaves } = find(args)
      return run(compiled, leaves) as R
    },
    explain: (...args: A): string => {
      const { program, plan } = find(args).compiled
      return explain(program, plan)
    },
  }
}

const scalarOf = (value: number): Storage => {
  const storage = allocate('float32', 1)
  storage.array[0] = value
  return storage
}

function run(compiled: Compiled, leaves: readonly Leaf[]): unknown {
  const inputs = leaves.map(leaf => (typeof leaf === 'number' ? scalarOf(leaf) : leaf.storage).array)
  const outputs = compiled.results.map(({ shape, dtype }) => Tensor.allocate(shape, dtype))
  const bad = compiled.executor.run(
    inputs,
    outputs.map(({ storage }) => storage.array),
  )
  if (bad !== null) {
    const step = compiled.plan.steps[bad.step]
    throw compiled.recorder.badIndexError(isGroup(step) ? undefined : step.source, bad.id, bad.position)
  }
  for (const storage of compiled.written) storage.version++
  advance(compiled.blocks)
  compiled.adopt()
  return rebuild(compiled.resultTree, outputs)
}
