// Sources to batches: picks from a dataset in a given order, or groups of what a stream gives. Options, epochs and
// reading ahead are not here (see loader.ts).

import { asBatch, collate } from './batch.js'
import type { Dataset, Sample, Stream, Tensors } from './dataset.js'

/** The batches of a dataset along `order`: `size` samples each, or one whole batch an index where `size` is null. */
export function* pickBatches<S extends Sample>(
  dataset: Dataset<S>,
  order: Int32Array,
  size: number | null,
): Generator<Tensors<S> | Promise<Tensors<S>>, void, undefined> {
  if (size === null) {
    for (const index of order) yield settle([dataset.get(index)], ([batch]) => asBatch(batch))
    return
  }
  for (let at = 0; at < order.length; at += size) {
    const indices = order.subarray(at, at + size)
    yield dataset.batch
      ? dataset.batch(indices)
      : settle(
          Array.from(indices, i => dataset.get(i)),
          collate,
        )
  }
}

/** `make` of the samples: at once if all are there, else when they are. */
function settle<S, R>(samples: (S | Promise<S>)[], make: (samples: S[]) => R): R | Promise<R> {
  return samples.some(sample => sample instanceof Promise) ? Promise.all(samples).then(make) : make(samples as S[])
}

/** The batches of a synchronous stream: `size` samples each, or its items as they come where `size` is null. */
export function* groupBatches<S extends Sample>(
  stream: Iterable<S>,
  size: number | null,
  dropLast: boolean,
): Generator<Tensors<S>, void, undefined> {
  let samples: S[] = []
  for (const sample of stream) {
    if (size === null) yield asBatch(sample)
    else if (samples.push(sample) === size) {
      yield collate(samples)
      samples = []
    }
  }
  if (samples.length > 0 && !dropLast) yield collate(samples)
}

/** The same of any stream. */
export async function* groupBatchesLater<S extends Sample>(
  stream: Stream<S>,
  size: number | null,
  dropLast: boolean,
): AsyncGenerator<Tensors<S>, void, undefined> {
  let samples: S[] = []
  for await (const sample of stream) {
    if (size === null) yield asBatch(sample)
    else if (samples.push(sample) === size) {
      yield collate(samples)
      samples = []
    }
  }
  if (samples.length > 0 && !dropLast) yield collate(samples)
}
