// The interface through which tensors and ops record a step. The recorder itself is in lib/compile/.

import type { Backend } from '../backend/table.js'
import type { DType } from '../base/dtype.js'
import type { Storage } from './storage.js'
import type { Tensor } from './tensor.js'

/** A step that is being recorded: it receives all effects of the function and holds its changes. */
export interface Recording {
  readonly kernels: Backend
  /** A value of the program, computed by `op`. */
  allocate(dtype: DType, length: number, op: string): Storage
  /** A constant: elements that are literals of the function. */
  constant(storage: Storage): void
  /** `.grad` as the function sees it. @param before its value before the recording. */
  gradOf(tensor: Tensor, before: Tensor | null): Tensor | null
  setGrad(tensor: Tensor, grad: Tensor | null): void
  /** Marks a gradient as consumed by an optimizer's step. */
  useGrad(tensor: Tensor): void
  /** Reserves blocks of random words. @returns the offset of the first. */
  draw(blocks: number): number
  /** Records that configuration was read. `holds` tests whether it is unchanged. */
  guard(subject: object, holds: () => boolean): void
  /** Sets the error that the kernel call recorded last throws for a bad id. */
  onBadIndex(describe: (id: number, position: number) => Error): void
}
