// Where samples come from: a Dataset gives any sample by its number, a stream gives them one after another. How samples
// become batches is not here (see batch.ts and loader.ts).

import { isKind } from '../base/dtype.js'
import { ArgumentError, IndexError, ShapeError, showShape, showValue } from '../base/errors.js'
import { around } from '../base/shape.js'
import { context } from '../core/context.js'
import { allocateTensor, Tensor, type TensorLike } from '../core/tensor.js'

/** A sample: its fields in a fixed order, usually [input, target]. */
export type Sample = readonly TensorLike[]

/** The same fields, each a tensor. */
export type Tensors<S extends Sample> = { -readonly [K in keyof S]: Tensor }

/** Samples by number. `get` may read them from elsewhere and promise them. */
export interface Dataset<S extends Sample = Sample> {
  readonly length: number
  get(index: number): S | Promise<S>
  /** Several samples as one batch, where that is cheaper than `get` for each and stacking. */
  batch?(indices: Int32Array): Tensors<S>
}

/** Samples that come one after another: an array, a generator, a database cursor, a socket. */
export type Stream<S extends Sample = Sample> = Iterable<S> | AsyncIterable<S>

/**
 * Tensors that agree along their first axis, which counts the samples. Arrays are copied into tensors once; a typed
 * array keeps its kind (an Int32Array of class ids is int32).
 */
export class TensorDataset<S extends Sample> implements Dataset<Tensors<S>> {
  /** The tensors, one per field. */
  readonly tensors: Tensors<S>
  /** The number of samples. */
  readonly length: number

  /**
   * @throws ArgumentError without tensors; ShapeError where the first axes differ.
   */
  constructor(...fields: S) {
    if (fields.length === 0) throw new ArgumentError('TensorDataset: expected at least one tensor, got none')
    const tensors = fields.map(toTensor)
    const shapes = tensors.map(({ shape }) => showShape(shape)).join(', ')
    if (tensors.some(({ shape }) => shape.length === 0)) {
      throw new ShapeError(`TensorDataset: expected tensors with at least one axis, got shapes ${shapes}`)
    }
    this.length = tensors[0].shape[0]
    if (tensors.some(({ shape }) => shape[0] !== this.length)) {
      throw new ShapeError(`TensorDataset: expected tensors of one length along axis 0, got shapes ${shapes}`)
    }
    this.tensors = tensors as Tensors<S>
  }

  /**
   * Sample `index`: a row of each tensor, copied.
   * @throws IndexError outside 0 … length − 1.
   */
  get(index: number): Tensors<S> {
    return (this.tensors as Tensor[]).map(tensor => {
      const row = gather('TensorDataset.get', tensor, Int32Array.of(checkIndex(index, this.length)))
      return new Tensor({ storage: row.storage, shape: row.shape.slice(1), dtype: row.dtype })
    }) as Tensors<S>
  }

  /**
   * The rows `indices` of each tensor as fresh tensors, [indices.length, …].
   * @throws IndexError for one outside 0 … length − 1.
   */
  batch(indices: Int32Array): Tensors<S> {
    if (!isKind(indices, 'Int32Array')) {
      throw new ArgumentError(`TensorDataset.batch: expected an Int32Array of indices, got ${showValue(indices)}`)
    }
    // Kernels take arrays of their own realm.
    const own = indices instanceof Int32Array ? indices : Int32Array.from(indices)
    return (this.tensors as Tensor[]).map(tensor => gather('TensorDataset.batch', tensor, own)) as Tensors<S>
  }
}

/** A field as a tensor outside any graph. */
export function toTensor(value: TensorLike): Tensor {
  return value instanceof Tensor ? value.detach() : new Tensor(value, { requiresGrad: false })
}

function checkIndex(index: number, length: number): number {
  if (Number.isInteger(index) && index >= 0 && index < length) return index
  throw new IndexError(`TensorDataset.get: expected an index from 0 to ${length - 1}, got ${showValue(index)}`)
}

function gather(op: string, source: Tensor, indices: Int32Array): Tensor {
  const { n, inner } = around(source.shape, 0)
  const count = indices.length
  const rows = allocateTensor([count, ...source.shape.slice(1)], source.dtype)
  const bad = context.backend.take(1, n, inner, count, source.storage.arrayFor(op), indices, rows.storage.array)
  if (bad >= 0) throw new IndexError(`${op}: expected indices from 0 to ${n - 1}, got ${indices[bad]} at ${bad}`)
  return rows
}
