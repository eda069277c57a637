// Selection of the backend: setBackend, getBackend, backendInfo, setThreads.

import { type BackendName, chooseBackend, nativeOrReason } from '../backend/select.js'
import { ArgumentError, BackendError, showValue } from '../base/errors.js'
import { context } from './context.js'

/**
 * Computes with this backend from now on. Tensors are the same on both.
 * @throws BackendError, with the reason and what to do, if `native` did not load.
 */
export function setBackend(name: BackendName): void {
  context.active = chooseBackend(name)
}

/** The backend in use. */
export const getBackend = (): BackendName => context.active.name

export interface BackendInfo {
  readonly backend: BackendName
  /** Details of the native backend; null where it did not load. */
  readonly native: {
    /** The BLAS as it describes itself, and the processor it chose its kernels for. */
    readonly blas: string
    readonly core: string
    /** The instruction set of our own kernels. */
    readonly simd: string
    readonly threads: number
    /** The most threads that this BLAS supports. */
    readonly maxThreads: number
  } | null
  /** Why the native backend is missing, and what to do; null where it is there. */
  readonly reason: string | null
}

/** The backend, its BLAS, instruction set and number of threads, and the reason where native is missing. */
export function backendInfo(): BackendInfo {
  const native = nativeOrReason()
  const backend = getBackend()
  if (native instanceof BackendError) return { backend, native: null, reason: native.message }
  const { blas, core, simd, threads, maxThreads } = native.info()
  return { backend, native: { blas, core, simd, threads, maxThreads }, reason: null }
}

/** The addon's limit; every BLAS has a far lower one. */
const mostThreads = 65536

/**
 * Sets how many threads a kernel may use, from 1; more than the BLAS was built for counts as that many. The default
 * honours the container's quota; BLASGRAD_THREADS changes it. The reference backend has one thread.
 */
export function setThreads(n: number): void {
  if (!Number.isInteger(n) || n < 1 || n > mostThreads) {
    throw new ArgumentError(`setThreads: expected an integer from 1 to ${mostThreads}, got ${showValue(n)}`)
  }
  const native = nativeOrReason()
  if (!(native instanceof BackendError)) native.setThreads(n)
}
