// Samples to batches: the fields of several samples, stacked along a new first axis. Where samples come from is not
// here.

import { ArgumentError, DTypeError, ShapeError, showShape, showValue } from '../base/errors.js'
import { sameShape } from '../base/shape.js'
import { allocateTensor, type Tensor, type TensorLike } from '../core/tensor.js'
import { type Sample, type Tensors, toTensor } from './dataset.js'

/**
 * One batch of samples: field f is a tensor [samples.length, …shape of field f].
 * @throws ArgumentError for samples that are not lists of as many fields; ShapeError or DTypeError where a field's
 * tensors differ.
 */
export function collate<S extends Sample>(samples: readonly S[]): Tensors<S> {
  const rows = samples.map(sample => checkSample('DataLoader', sample))
  const fields = rows[0].length
  const odd = rows.find(row => row.length !== fields)
  if (odd) throw new ArgumentError(`DataLoader: expected ${fields} fields in every sample, got ${odd.length}`)
  return Array.from({ length: fields }, (_, f) =>
    stackRows(
      rows.map(row => toTensor(row[f])),
      f,
    ),
  ) as Tensors<S>
}

/** A batch that came whole: its fields as tensors. */
export const asBatch = <S extends Sample>(batch: S): Tensors<S> =>
  checkSample('DataLoader', batch).map(toTensor) as Tensors<S>

function checkSample(op: string, sample: unknown): readonly TensorLike[] {
  if (Array.isArray(sample) && sample.length > 0) return sample
  throw new ArgumentError(`${op}: expected samples that are lists of fields, such as [x, y], got ${showValue(sample)}`)
}

function stackRows(rows: readonly Tensor[], field: number): Tensor {
  const { shape, dtype, size } = rows[0]
  const stacked = allocateTensor([rows.length, ...shape], dtype)
  rows.forEach((row, i) => {
    if (!sameShape(row.shape, shape)) {
      throw new ShapeError(
        `DataLoader: expected one shape for field ${field} of a batch's samples, got ${showShape(shape)} and ` +
          showShape(row.shape),
      )
    }
    if (row.dtype !== dtype) {
      throw new DTypeError(`DataLoader: expected one dtype for field ${field}, got ${dtype} and ${row.dtype}`)
    }
    stacked.storage.array.set(row.storage.array, i * size)
  })
  return stacked
}
