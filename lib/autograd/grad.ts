// `grad`: gradients as values.

import { isArray } from '../base/containers.js'
import { ArgumentError, GradientError, showShape, showValue } from '../base/errors.js'
import { checkedWhereUsed, checkOptions, flag, type Schema } from '../base/options.js'
import type { Node } from '../core/node.js'
import { Tensor, type TensorLike } from '../core/tensor.js'
import { expandTo } from '../ops/machinery/broadcast-gradient.js'
import { ownCopy } from './accumulate.js'
import { type BackwardOptions, backwardOptions } from './backward.js'
import { inGradMode, start, walk } from './walk.js'

export interface GradOptions extends BackwardOptions {
  /** The gradient of `output`; ones by default. */
  readonly gradient?: TensorLike
  /** Record how the gradients are computed, so that they can be differentiated. */
  readonly createGraph?: boolean
  /** Return null for an input that the output does not depend on. By default that is an error. */
  readonly allowUnused?: boolean
}

const gradOptions: Schema<GradOptions> = {
  ...backwardOptions,
  gradient: checkedWhereUsed,
  createGraph: flag,
  allowUnused: flag,
}

/**
 * The gradients of `output` with respect to `inputs`, as values: no `.grad` is touched.
 * @returns one tensor for each input, of its shape; null for an unused one with allowUnused.
 * @throws GradientError where an input is not part of the graph.
 */
export function grad(output: Tensor, inputs: Tensor, options?: GradOptions): Tensor
export function grad<const T extends readonly Tensor[]>(
  output: Tensor,
  inputs: T,
  options?: GradOptions,
): { -readonly [K in keyof T]: Tensor }
export function grad(output: Tensor, inputs: Tensor | readonly Tensor[], options: GradOptions = {}): unknown {
  if (!(output instanceof Tensor))
    throw new ArgumentError(`grad: expected a Tensor as output, got ${showValue(output)}`)
  const list = inputs instanceof Tensor ? [inputs] : inputs
  if (!isArray(list) || !list.every(input => input instanceof Tensor)) {
    throw new ArgumentError(`grad: expected a Tensor or a list of them as inputs, got ${showValue(inputs)}`)
  }
  checkOptions('grad', options, gradOptions)
  const nodes = list.map(input => Tensor.nodeOf(input))
  const createGraph = options.createGraph ?? false
  const found = new Map<Node | null, Tensor>()
  const required = new Set(nodes)
  const results = inGradMode(createGraph, () => {
    const from = start('grad', output, options.gradient)
    const arrive = (node: Node, sum: Tensor): Tensor | null => {
      // Stryker disable next-line ConditionalExpression: without it the walk only holds more memory
      if (!required.has(node)) return null
      found.set(node, sum)
      return sum
    }
    walk({ ...from, retainGraph: options.retainGraph ?? createGraph, createGraph, required, arrive })
    return list.map((input, i) => {
      const value = found.get(nodes[i])
      if (value !== undefined) {
        const whole = expandTo(value, input.shape)
        return createGraph ? whole : ownCopy(whole)
      }
      if (options.allowUnused) return null
      throw new GradientError(
        `grad: input ${i} of shape ${showShape(input.shape)} is not part of the output's graph; pass allowUnused: true to get null`,
      )
    })
  })
  return inputs instanceof Tensor ? results[0] : results
}
