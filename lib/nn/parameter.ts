// A tensor that a Module owns and trains. It differs from any other leaf by its class alone.

import { checkOptions } from '../base/options.js'
import { keepAsState } from '../core/storage.js'
import { Tensor, type TensorOptions, tensorOptions } from '../core/tensor.js'
import type { Values } from '../core/values.js'

/**
 * A leaf that modules find in their properties. From numbers and arrays it copies; from a tensor it takes the elements
 * as they are (the storage is shared, as in PyTorch), outside that tensor's graph.
 *
 * @throws DTypeError if it is to want a gradient (the default) and is not of floats.
 */
export class Parameter extends Tensor {
  constructor(values: Values | Tensor, options: TensorOptions = {}) {
    if (values instanceof Tensor) super({ storage: values.storage, shape: values.shape, dtype: values.dtype })
    else super(values, { ...options, requiresGrad: false })
    keepAsState(this.storage)
    this.requiresGrad = checkOptions('Parameter', options, tensorOptions).requiresGrad ?? true
  }
}
