/**
 * `blasgrad/backend`: the kernels alone, for another front end. A backend is a flat set of functions over sizes, scalars
 * and typed arrays; it knows nothing of tensors, shapes or gradients, allocates nothing and keeps no state. The caller
 * makes the arrays, row-major, and gives each kernel those that it writes. Sizes, element types and lengths are checked
 * before anything is written; a call that does not fit throws ArgumentError.
 *
 * There are two: `reference`, in TypeScript, and the native one, which `loadNative()` gives. They take the same calls
 * and agree: to the bit where a kernel's row says `exact`, otherwise to rounding. `kernels` is the table of all rows:
 * its comments say what each kernel computes, its signatures (`signature.ts` explains their grammar) what each argument
 * is and how long an array has to be.
 *
 * @example
 * import { Layout, loadNative, reference } from 'blasgrad/backend'
 *
 * const backend = process.env.PURE ? reference : loadNative().backend
 * const x = Float32Array.of(1, 2, 3, 4, 5, 6)              // [2, 3]
 * const w = Float32Array.of(1, 0, 0, 1, 1, 1)              // [3, 2]
 * const b = Float32Array.of(10, 20)                        // [2]
 * const y = new Float32Array(4)                            // [2, 2]
 * const { full, row } = Layout
 * backend.matmul(false, false, 2, 2, 3, 1, 1, full, full, full, x, w, y)   // y = x·w, one product
 * backend.add(2, 2, full, row, y, b, y)                                    // y += b on each row, in place
 *
 * @packageDocumentation
 */

export { ArgumentError, BackendError, BlasgradError } from '../base/errors.js'
export { Layout } from '../base/layout.js'
export { loadNative } from './load.js'
export { reference } from './reference.js'
export type { Roles } from './rules/roles.js'
export type { Kernel, KernelClass } from './signature.js'
export { type Backend, type KernelName, kernelNames, kernels } from './table.js'
