// What the tensors and ops tell of a step that is being recorded. The recorder itself is in lib/compile/.

import type { Backend } from '../backend/table.js'
import type { DType } from '../base/dtype.js'
import type { Storage } from './storage.js'
import type { Tensor } from './tensor.js'

/** A step being recorded: it hears of all that the function does, and keeps what it changes. */
export interface Recording {
  readonly kernels: Backend
  /** A value of the program, which `op` makes. */
  allocate(dtype: DType, length: number, op: string): Storage
  /** Elements that are written in the function. */
  constant(storage: Storage): void
  /** `.grad` as it is for the function; `before`: as it was. */
  gradOf(tensor: Tensor, before: Tensor | null): Tensor | null
  setGrad(tensor: Tensor, grad: Tensor | null): void
  /** An optimizer's step has used the gradient up. */
  useGrad(tensor: Tensor): void
  /** Blocks of random words: where those of this draw begin. */
  draw(blocks: number): number
  /** Something of the configuration was read: `holds` says whether it is still so. */
  guard(subject: object, holds: () => boolean): void
  /** How the kernel call just noted words the error for a bad id. */
  onBadIndex(describe: (id: number, position: number) => Error): void
}
