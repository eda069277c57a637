// Tensor's `backward`: fills the `.grad` of each leaf, so that no two gradients share memory.

import { checkOptions, flag, type Schema } from '../base/options.js'
import { addMethod } from '../core/methods.js'
import type { Node } from '../core/node.js'
import { newestStorage } from '../core/storage.js'
import { Tensor, type TensorLike } from '../core/tensor.js'
import { add } from '../ops/arithmetic.js'
import { expandTo } from '../ops/machinery/broadcast-gradient.js'
import { addInto, ownCopy } from './accumulate.js'
import { inGradMode, start, walk } from './walk.js'

export interface BackwardOptions {
  /** Keep what the walk needs, so that the graph can be walked again. */
  readonly retainGraph?: boolean
}

export const backwardOptions: Schema<BackwardOptions> = { retainGraph: flag }

declare module '../core/tensor.js' {
  interface Tensor {
    /**
     * Walks the graph back from here and adds the gradient of each leaf to its `.grad`.
     * @param gradient the gradient of this tensor, broadcast to this shape; ones by default.
     * @param options `retainGraph` keeps the graph for another walk.
     * @throws GradientError if nothing here requires a gradient, if the graph was walked before, or if a value that backward
     * needs was changed in place since.
     */
    backward(gradient?: TensorLike | null, options?: BackwardOptions): void
  }
}

function backward(output: Tensor, gradient?: TensorLike | null, options: BackwardOptions = {}): void {
  checkOptions('backward', options, backwardOptions)
  inGradMode(false, () => {
    const { root, gradient: given } = start('backward', output, gradient ?? undefined)
    // The user's tensor may be some leaf's `.grad`: the walk adds to that in place while other nodes still read it.
    const first = gradient instanceof Tensor ? ownCopy(given) : given
    const startedAt = newestStorage()
    const taken = new Set<unknown>()
    const arrive = (node: Node, sum: Tensor): Tensor | null => {
      const target = node.leaf ?? node.retainedBy
      if (target === null) return null
      const whole = expandTo(sum, target.shape)
      const before = Tensor.gradOf(target)
      if (before !== null && !taken.has(before.storage)) {
        addInto(before, whole)
        return null
      }
      const total = before === null ? whole : add(before, whole)
      // A leaf takes the gradient without a copy only if this walk made it and no other leaf has it.
      // Stryker disable next-line EqualityOperator: the newest storage before the walk is its own copy of the start
      const fresh = total.storage.serial > startedAt && !taken.has(total.storage)
      taken.add(total.storage)
      const left = fresh && !total.requiresGrad ? total : ownCopy(total)
      Tensor.receiveGrad(target, left)
      return left
    }
    walk({ root, gradient: first, retainGraph: options.retainGraph ?? false, createGraph: false, arrive })
  })
}

addMethod('backward', backward, false)
