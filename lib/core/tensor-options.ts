// Options of the Tensor constructor, and its library-internal form.

import type { DType } from '../base/dtype.js'
import { checkedWhereUsed, flag, type Schema } from '../base/options.js'
import type { Shape } from '../base/shape.js'
import { Storage } from './storage.js'
import type { ValueOptions, Values } from './values.js'

export interface TensorOptions extends ValueOptions {
  /** Whether `backward` should fill `.grad`; only float tensors can. */
  readonly requiresGrad?: boolean | undefined
}

export const tensorOptions: Schema<TensorOptions> = {
  shape: checkedWhereUsed,
  dtype: checkedWhereUsed,
  requiresGrad: flag,
}

/** The internal form: elements that exist already. */
export interface Made {
  readonly storage: Storage
  readonly shape: Shape
  readonly dtype: DType
}

/** Whether `values` has the internal form. A tensor has a storage too, but also methods. */
export function isMade(values: Values | Made): values is Made {
  if (typeof values !== 'object' || values === null) return false
  try {
    return 'storage' in values && values.storage instanceof Storage && !('detach' in values)
  } catch {
    // A revoked proxy.
    return false
  }
}
