// Rows of a table by index, with PyTorch's order of arguments.

import { IndexError, showValue } from '../../base/errors.js'
import { checkedWhereUsed, checkOptions, type Schema } from '../../base/options.js'
import type { Tensor, TensorLike } from '../../core/tensor.js'
import { equal, embedding as lookUp, unsqueeze, where } from '../../ops/index.js'
import { asIds, asTensor } from '../../ops/machinery/operands.js'

export interface EmbeddingOptions {
  /** A row that gets no gradient; a negative one counts from the end. */
  readonly paddingIdx?: number
}

const embeddingOptions: Schema<EmbeddingOptions> = { paddingIdx: checkedWhereUsed }

/**
 * Rows of `weight` [rows, width] by int32 ids of any shape: [...ids, width]. Gradients of a repeated id add up.
 * @throws IndexError for an id out of range.
 */
export function embedding(ids: TensorLike, weight: TensorLike, options: EmbeddingOptions = {}): Tensor {
  const { paddingIdx } = checkOptions('embedding', options, embeddingOptions)
  const table = asTensor('embedding', weight)
  const positions = asIds('embedding', 'ids', ids)
  const rows = lookUp(table, positions)
  if (paddingIdx === undefined) return rows
  const padding = equal(positions, wrapRow('embedding', paddingIdx, table.shape[0]))
  return where(unsqueeze(padding, -1), rows.detach(), rows)
}

/** `paddingIdx` as a row from 0. */
export function wrapRow(op: string, index: number, length: number): number {
  if (Number.isInteger(index) && index >= -length && index < length) return index < 0 ? index + length : index
  throw new IndexError(`${op}: expected paddingIdx in [${-length}, ${length}), got ${showValue(index)}`)
}
