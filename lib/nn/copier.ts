// Deep copies of a module's properties: tensors and plain containers. Each object is copied once, so that the copies
// share what the originals share. Knows no module.

import { beginContainer } from '../base/containers.js'
import { ArgumentError } from '../base/errors.js'
import { context } from '../core/context.js'
import { allocate, allocateState, busyError, type Storage, stateOf } from '../core/storage.js'
import { noElements, Tensor } from '../core/tensor.js'

/** The copy of a value; the value itself where it is neither tensor, module nor plain container. */
export type Copy = <T>(value: T) => T

/** A copy in two steps, for values that contain themselves: `made` is empty until `fill` is called. */
export interface Begun {
  readonly made: object
  fill?(): void
}

/** @param begin starts the copy of a value that is not known here; undefined for one that is not copied. */
export function makeCopy(begin: (value: object, copy: Copy) => Begun | undefined): Copy {
  const seen = new Map<object, object>()
  const copy = <T>(value: T): T => {
    if (typeof value !== 'object' || value === null) return value
    const known = seen.get(value)
    if (known !== undefined) return known as T
    const begun = begin(value, copy) ?? (value instanceof Tensor ? copyTensor(value, seen) : beginPlain(value, copy))
    if (begun === undefined) return value
    seen.set(value, begun.made)
    begun.fill?.()
    return begun.made as T
  }
  return copy
}

function beginPlain(value: object, copy: Copy): Begun | undefined {
  if (!ArrayBuffer.isView(value)) return beginContainer(value, copy)
  return 'slice' in value ? { made: (value as Uint8Array).slice() } : undefined
}

/** The same elements in memory of their own, without a gradient and outside any graph; a leaf keeps its requiresGrad. */
function copyTensor(tensor: Tensor, seen: Map<object, object>): Begun {
  const storage = (seen.get(tensor.storage) as Storage | undefined) ?? copyStorage(tensor)
  seen.set(tensor.storage, storage)
  const made = new Tensor({ storage, shape: tensor.shape, dtype: tensor.dtype })
  Object.setPrototypeOf(made, Object.getPrototypeOf(tensor))
  if (tensor.isLeaf) made.requiresGrad = tensor.requiresGrad
  return { made }
}

function copyStorage(tensor: Tensor): Storage {
  const { storage, dtype } = tensor
  if (context.recording !== null) {
    throw new ArgumentError('clone: values cannot be read while a step is compiled: clone the module outside')
  }
  if (storage.steps !== 0) throw busyError('clone')
  if (!storage.hasElements) throw noElements('clone', tensor)
  const isState = stateOf(storage.memory) !== undefined
  const copy = isState ? allocateState(dtype, storage.length) : allocate(dtype, storage.length, 'clone')
  copy.array.set(storage.array)
  return copy
}
