// Starts an example and reports its errors.

import { BlasgradError, backendInfo, setBackend } from 'blasgrad'
import type { CommonOptions } from './options.js'

/** Selects and prints the backend, then runs. Errors that a user can cause are printed without a stack. */
export async function run<O extends CommonOptions>(main: (options: O) => Promise<void>, options: O): Promise<void> {
  try {
    if (options.backend) setBackend(options.backend)
    console.log(describeBackend())
    await main(options)
  } catch (error) {
    const expected = error instanceof BlasgradError || (error instanceof Error && 'syscall' in error)
    console.error(expected ? `error: ${error.message}` : error)
    process.exitCode = 1
  }
}

function describeBackend(): string {
  const { backend, native, reason } = backendInfo()
  if (backend === 'native' && native !== null) {
    const threads = native.threads === 1 ? '1 thread' : `${native.threads} threads`
    const [blas, version] = native.blas.split(' ')
    return `backend: native, ${blas} ${version} for ${native.core}, SIMD ${native.simd}, ${threads}`
  }
  return `backend: reference, pure TypeScript, 1 thread${reason === null ? '' : ' (the native one did not load)'}`
}
