// The rows of an epoch in memory that another thread may read: moved there once, a slice at a time, so that the event
// loop has its turns meanwhile.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { arrayOf, bytesOf, type NumberArray } from '../../base/dtype.js'
import { fixedArray, fixedElements, type Storage } from '../../core/storage.js'
import { noElements, type Tensor } from '../../core/tensor.js'

/** What is copied between two turns of the event loop: a millisecond's worth, memory that is touched first included. */
const sliceBytes = 1024 * 1024

/** Two epochs over the same rows wait for one move. */
const moving = new WeakMap<Storage, Promise<NumberArray>>()

/** @throws ArgumentError where elements were transferred away; BusyError where a step on its way writes them. */
export function checkSources(tensors: readonly Tensor[]): void {
  for (const { storage } of tensors) if (!storage.isFixed) storage.array
  for (const tensor of tensors) if (!tensor.storage.hasElements) throw noElements('epoch', tensor)
}

/**
 * The elements of each, fixed: as they are now where that takes no time, else promised. Of what somebody has a view of
 * it is a copy.
 */
export function sourcesOf(tensors: readonly Tensor[]): NumberArray[] | Promise<NumberArray[]> {
  const isQuick = ({ storage, size, dtype }: Tensor): boolean => storage.isFixed || size * bytesOf(dtype) <= sliceBytes
  if (tensors.every(isQuick)) return tensors.map(({ storage }) => fixedElements(storage))
  return Promise.all(tensors.map(tensor => (isQuick(tensor) ? fixedElements(tensor.storage) : moved(tensor))))
}

function moved(tensor: Tensor): Promise<NumberArray> {
  const { storage } = tensor
  const known = moving.get(storage)
  if (known !== undefined) return known
  const promise = copySlices(tensor).finally(() => moving.delete(storage))
  moving.set(storage, promise)
  return promise
}

/** Who writes an element meanwhile raises the version: then all is copied again, at once. */
async function copySlices(tensor: Tensor): Promise<NumberArray> {
  const { storage, dtype } = tensor
  const fixed = fixedArray(arrayOf(dtype), storage.length)
  const slice = sliceBytes / bytesOf(dtype)
  const { version } = storage
  for (let from = 0; from < storage.length; from += slice) {
    await nextTurn()
    if (storage.isFixed) return storage.memory
    if (!storage.hasElements) throw noElements('epoch', tensor)
    fixed.set(storage.memory.subarray(from, from + slice), from)
  }
  if (storage.version !== version) fixed.set(storage.memory)
  storage.moveTo(fixed)
  return storage.isFixed ? storage.memory : fixed
}
