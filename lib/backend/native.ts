// The native backend: the addon's own functions, once its kernels have been compared with the table. What the addon
// computes and checks is in native/; how it is found is in load.ts.

import { ArgumentError, BackendError, showValue } from '../base/errors.js'
import { type Facts, facts } from './rules/facts.js'
import { type Backend, kernelNames, kernelRow } from './table.js'

/** What the native kernels run on. */
export interface NativeInfo {
  /** OpenBLAS's description of how it was built. */
  readonly blas: string
  /** The CPU that OpenBLAS chose its kernels for. */
  readonly core: string
  /** 0: a BLAS without threads or locks (calls then take turns), 1: with threads, 2: with OpenMP. */
  readonly parallel: number
  /** The number of threads that the BLAS was built for. */
  readonly maxThreads: number
  readonly threads: number
  /** The instruction set of the kernels outside the BLAS. */
  readonly simd: string
}

interface NativeRow {
  readonly signature: string
  readonly dtypes: string
  readonly inPlace: string
}

/** Microseconds that matrix products took, of all threads together. */
export interface ProductTimes {
  /** In the BLAS. */
  readonly blas: number
  /** In small products of our own. */
  readonly own: number
}

/** What build/Release/addon.node exports. */
export interface Addon {
  /** @throws ArgumentError for rules that its signatures do not bear out, or that differ from those attached before. */
  attach(
    argumentError: typeof ArgumentError,
    backendError: typeof BackendError,
    show: typeof showValue,
    rules: Facts,
  ): void
  signatures(): Record<string, NativeRow>
  info(): NativeInfo
  /** Returns the number set, at most `maxThreads`. */
  setThreads(threads: number): number
  /** What products took since the last call; counted from now on if `goOn`. */
  productTimes(goOn: boolean): ProductTimes
  /** How many bytes after the array's first one a line of the cache begins; a multiple of 8. */
  paddingOf(array: Uint8Array): number
  readonly kernels: Backend
  /** What both are is the business of lib/compile/native-executor.ts. @throws ArgumentError for a malformed plan. */
  createProgram(plan: unknown): unknown
}

/** Throws BackendError naming the first kernel that addon and table describe differently. */
function compare(rows: Record<string, NativeRow>): void {
  const differs = (name: string, what: string, expected: unknown, got: unknown): never => {
    throw new BackendError(`native backend: ${name}: expected ${what} ${expected}, got ${got}; build the addon again`)
  }
  for (const name of kernelNames) {
    const row = kernelRow(name)
    const native = rows[name]
    if (native === undefined) differs(name, 'a kernel', 'of that name', 'none')
    if (native.signature !== row.signature) differs(name, 'the signature', row.signature, native.signature)
    if (native.dtypes !== row.dtypes) differs(name, 'the element types', row.dtypes, native.dtypes)
    if (native.inPlace !== row.inPlace.join(' ')) differs(name, 'in place', row.inPlace.join(' '), native.inPlace)
  }
  const known = new Set<string>(kernelNames)
  const extra = Object.keys(rows).find(name => !known.has(name))
  if (extra !== undefined) differs(extra, 'no kernel', 'of that name', 'one')
}

/**
 * Attaches the addon to this library and gives its kernels, as they are. (A call of three arrays takes about 200 ns, the
 * checked reference kernel 240 and more: no size is so small that it were better off there.)
 * @throws BackendError if they are not the table's.
 */
export function createNative(addon: Addon): Backend {
  compare(addon.signatures())
  addon.attach(ArgumentError, BackendError, showValue, facts())
  return addon.kernels
}
