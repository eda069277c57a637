// defineOp: user-defined ops with their own gradients.

import { isFloat } from '../base/dtype.js'
import { ArgumentError, DTypeError, ShapeError, showShape, showValue } from '../base/errors.js'
import { broadcastsTo } from '../base/shape.js'
import { handedOut } from '../core/backward-memory.js'
import { noGrad } from '../core/context.js'
import type { Primitive, Result } from '../core/primitive.js'
import type { SavedValues } from '../core/saved.js'
import { newestStorage } from '../core/storage.js'
import { Tensor, type TensorLike } from '../core/tensor.js'
import { applyAll } from '../ops/machinery/apply.js'
import { wholeGradient } from '../ops/machinery/broadcast-gradient.js'
import { asTensor } from '../ops/machinery/operands.js'

export interface OpDefinition<P, R extends Tensor | readonly Tensor[] = Tensor> {
  readonly name: string
  /** Computes the result from the inputs, or a list of results; gradients are not noted inside. */
  readonly forward: (inputs: readonly Tensor[], options: P) => R
  /**
   * The gradient of each input (null for none), given the result's gradient `g` of the result's shape. For a list of
   * results `g` is a list as well, with zeros for a result that nothing used.
   */
  readonly vjp: (g: R, saved: SavedValues<P>) => readonly (Tensor | null)[]
}

/**
 * Makes an op with its own gradient. It takes a list of tensors (or what may stand for one) and options of any kind, and
 * returns what `forward` does: a tensor or a list. If `vjp` (called once a walk) uses ops only, its gradient can be
 * differentiated in turn.
 *
 * @example
 * const cube = defineOp({
 *   name: 'cube',
 *   forward: ([x]) => x.mul(x).mul(x),
 *   vjp: (g, { inputs: [x] }) => [g.mul(x).mul(x).mul(3)],
 * })
 * cube([x]).sum().backward()
 *
 * @throws ArgumentError if a part is missing; ShapeError or DTypeError, when it runs, if a gradient does not fit.
 */
export function defineOp<P = undefined, R extends Tensor | readonly Tensor[] = Tensor>(
  definition: OpDefinition<P, R>,
): (inputs: readonly TensorLike[], options?: P) => R {
  const { name, forward, vjp } = (definition ?? {}) as Partial<OpDefinition<P, R>>
  if (typeof name !== 'string' || typeof forward !== 'function' || typeof vjp !== 'function') {
    throw new ArgumentError('defineOp: expected { name, forward, vjp }, a string and two functions')
  }
  let hasList = false
  const op: Primitive<P> = {
    name,
    plan: (inputs, options) =>
      noGrad(() => {
        const startedAt = newestStorage()
        const made: unknown = forward(inputs, options)
        hasList = Array.isArray(made) && made.length > 0
        const [first, ...more] = (hasList ? (made as unknown[]) : [made]).map(each => resultOf(name, each, startedAt))
        return { ...first, more, differentiable: 1 + more.length }
      }),
    forward: () => {},
    saves: 'both',
    jointVjp: (gs, saved) => {
      const whole = saved.results.map((result, i) => wholeGradient(gs[i], result))
      const gradients: unknown = handedOut(whole, () => vjp((hasList ? whole : whole[0]) as R, saved))
      if (!Array.isArray(gradients) || gradients.length !== saved.inputs.length) {
        const expected = `vjp to return a list of ${saved.inputs.length}, a gradient or null for each input`
        throw new ArgumentError(`${name}: expected ${expected}, got ${showValue(gradients)}`)
      }
      return gradients.map((gradient: unknown, i) => checked(name, gradient, saved.inputs[i]))
    },
  }
  return (inputs, options) => {
    if (!Array.isArray(inputs))
      throw new ArgumentError(`${name}: expected an array of tensors, got ${showValue(inputs)}`)
    const tensors = inputs.map(input => asTensor(name, input))
    const results = applyAll(op, tensors, options as P)
    return (hasList ? results : results[0]) as R
  }
}

/** A result of the op. It is copied unless forward made it, after `startedAt`: forward may return an input. */
function resultOf(name: string, result: unknown, startedAt: number): Result {
  if (!(result instanceof Tensor)) {
    throw new ArgumentError(`${name}: expected forward to return a Tensor, got ${showValue(result)}`)
  }
  const own = result.storage.serial > startedAt ? result : result.clone()
  return { shape: own.shape, dtype: own.dtype, elements: own.storage }
}

function checked(name: string, gradient: unknown, input: Tensor): Tensor | null {
  if (gradient === null || gradient === undefined || !isFloat(input.dtype)) return null
  if (!(gradient instanceof Tensor)) {
    throw new ArgumentError(`${name}: expected vjp to return tensors or null, got ${showValue(gradient)}`)
  }
  if (!broadcastsTo(gradient.shape, input.shape)) {
    throw new ShapeError(
      `${name}: expected a gradient of shape ${showShape(input.shape)} from vjp, got ${showShape(gradient.shape)}`,
    )
  }
  if (gradient.dtype !== input.dtype) {
    throw new DTypeError(`${name}: expected a ${input.dtype} gradient from vjp, got ${gradient.dtype}`)
  }
  return gradient
}
