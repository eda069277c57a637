// What a tensor is made from, beside values.

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

/** For makers inside the library: elements that are there already. */
export interface Made {
  readonly storage: Storage
  readonly shape: Shape
  readonly dtype: DType
}

/** Whether `values` is for makers inside the library. A tensor, which has a storage too, has methods. */
export const isMade = (values: Values | Made): values is Made =>
  typeof values === 'object' &&
  values !== null &&
  'storage' in values &&
  values.storage instanceof Storage &&
  !('detach' in values)
