// Runs a function once to note what it does, and makes of that what a step runs: a plan, its executor, what it leaves in
// `.grad`, and the conditions under which it holds.

import type { BackendName } from '../backend/select.js'
import { isChecking } from '../base/checking.js'
import { arrayOf, bytesOf, type DType, type NumberArray } from '../base/dtype.js'
import { ArgumentError, showValue } from '../base/errors.js'
import { sizeOf } from '../base/shape.js'
import { context } from '../core/context.js'
import { Tensor } from '../core/tensor.js'
import { keepBuffers } from '../nn/buffers.js'
import { Module } from '../nn/module.js'
import { type Checked, checkedExecutor } from './check/executor.js'
import type { Compiled } from './compiled.js'
import { executorFor, isThreadedOn } from './executors.js'
import { LazyPlan } from './lazy-plan.js'
import type { MakeExecutor } from './plan.js'
import type { Program } from './program.js'
import { Recorder } from './recorder.js'
import type { Settings } from './settings.js'
import { flatten, rebuild, type Tree } from './tree.js'

/** What a tensor's `.grad` is after a run: a tensor, none, or used up by an optimizer's step. */
interface Final {
  readonly tensor: Tensor
  readonly grad: Tensor | null | 'used'
}

/**
 * Runs `fn` over values without elements in place of the leaves of `args`. Nothing outside is changed.
 * @param make makes the executor: by default one of the backend in use, with BLASGRAD_CHECK=1 checked at each run.
 */
export function record(
  fn: (...args: readonly unknown[]) => unknown,
  args: readonly unknown[],
  tree: Tree,
  // Stryker disable next-line ArrayDeclaration: a text has no places
  { captures = [], keepGrads = false, fusion = true, statics, roots = [] }: Settings,
  make?: MakeExecutor,
): Compiled {
  const checkBuffers = keepBuffers()
  const recorder = new Recorder(captures)
  const slots = tree.leaves.map((leaf, slot) => {
    const { shape, dtype } = typeof leaf === 'number' ? numberSlot : leaf
    return new Tensor({ storage: recorder.argument(dtype, sizeOf(shape), slot), shape, dtype })
  })
  context.recording = recorder
  try {
    const output = fn(...(rebuild(args, slots, statics) as readonly unknown[]))
    const results = resultsOf(output)
    checkBuffers()
    const finals = finalGrads(recorder, keepGrads)
    recorder.structure = Module.structureOf(recorder.uses, roots)
    const program = recorder.program(results.map(({ storage }) => recorder.valueOf(storage)))
    const backend = context.active.name
    const makeExecutor = make ?? executorOf(program, backend, call => recorder.opOf(call))
    const planned = new LazyPlan(program, { fusion }, makeExecutor, () => recorder.abandon())
    return {
      program,
      get plan() {
        return planned.made.plan
      },
      get executor() {
        return planned.made.executor
      },
      get isReady() {
        return planned.isReady
      },
      prepare: () => planned.prepare(),
      get hasFailed() {
        return planned.hasFailed
      },
      release: () => planned.release(),
      isThreaded: isThreadedOn(backend) && !isChecking,
      results: results.map(({ shape, dtype }) => ({ shape, dtype })),
      // Stryker disable next-line ConditionalExpression, EqualityOperator: where few elements are written first, for speed
      small: results.map(({ size, dtype }) => (size <= fewElements ? memoryFor(dtype, size) : null)),
      resultTree: output,
      resultKey: flatten('compile: the result', output).key,
      written: [...recorder.written],
      uses: [...recorder.uses],
      isFixed: [...recorder.uses].every(storage => storage.isFixed),
      micros: Number.POSITIVE_INFINITY,
      blocks: recorder.blocks,
      recorder,
      adopt: () => finals.forEach(adopt),
    }
  } catch (error) {
    recorder.undo()
    throw error
  } finally {
    context.recording = null
  }
}

const fewElements = 8
const memoryFor = (dtype: DType, length: number): NumberArray =>
  new (arrayOf(dtype))(new ArrayBuffer(length * bytesOf(dtype)))

function executorOf(program: Program, backend: BackendName, opOf: Checked['opOf']): MakeExecutor {
  const make = executorFor(backend)
  return isChecking ? plan => checkedExecutor(make, { program, plan, opOf }) : make
}

/** A plain number is a 0-d tensor to the function, so that changing it records nothing again. */
const numberSlot = { shape: [], dtype: 'float32' } as const

function adopt({ tensor, grad }: Final): void {
  if (grad === 'used') Tensor.leaveGrad(tensor, null, true)
  else Tensor.leaveGrad(tensor, grad, false)
}

/** What the function leaves in every `.grad`. A gradient that stays becomes state; one that was used up need not exist. */
function finalGrads(recorder: Recorder, keepGrads: boolean): Final[] {
  return [...recorder.grads]
    .filter(([tensor]) => !tensor.storage.isRecorded)
    .map(([tensor, grad]): Final => {
      if (grad === null) return { tensor, grad }
      if (recorder.used.has(tensor) && !keepGrads) return { tensor, grad: 'used' }
      if (recorder.isOutside(grad.storage)) return { tensor, grad }
      const { shape, dtype } = grad
      return { tensor, grad: new Tensor({ storage: recorder.keep(grad.storage, dtype), shape, dtype }) }
    })
}

function resultsOf(output: unknown): Tensor[] {
  if (typeof output === 'object' && output !== null && 'then' in output && !(output instanceof Tensor)) {
    throw new ArgumentError('compile: expected a synchronous function, got one that returns a promise')
  }
  return flatten('compile: the result', output).leaves.map(leaf => {
    if (leaf instanceof Tensor) return leaf
    throw new ArgumentError(`compile: expected the function to return tensors, got ${showValue(leaf)}`)
  })
}
