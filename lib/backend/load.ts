// Loads the addon that find.ts finds. What becomes of it is decided in select.ts.

import { existsSync } from 'node:fs'
import { BackendError } from '../base/errors.js'
import { candidates, here, requireFrom } from './find.js'
import { type Addon, createNative, type NativeInfo, type ProductTimes } from './native.js'
import type { Backend } from './table.js'

export interface LoadedAddon {
  readonly backend: Backend
  /** The file that was loaded. */
  readonly path: string
  /** What it runs on, now. */
  info(): NativeInfo
  /** Sets how many threads share the work of kernels; returns the number set, at most what the BLAS was built for. */
  setThreads(threads: number): number
  /**
   * Microseconds that matrix products took since the last call, of all threads of the process together: in the BLAS, and
   * in kernels of ours. They are counted from now on if `goOn`, at two looks at the clock a product; not to begin with.
   */
  productTimes(goOn: boolean): ProductTimes
  /** How many bytes after the array's first one a line of the cache begins; a multiple of 8. */
  paddingOf(array: Uint8Array): number
  /** Makes a program of a plan, in memory of its own. */
  readonly createProgram: Addon['createProgram']
}

const firstLine = (error: unknown): string => String(error instanceof Error ? error.message : error).split('\n')[0]

/** The addon reads it by itself, and would take another number. */
function checkThreads(given: string | undefined): void {
  if (!given || /^[1-9]\d*$/.test(given)) return
  throw new BackendError(`BLASGRAD_THREADS: expected an integer from 1, got ${given.slice(0, 100)}`)
}

/**
 * Loads the addon. @throws BackendError with the reason of each place tried, and one command that mends it.
 */
export function loadNative(): LoadedAddon {
  checkThreads(process.env.BLASGRAD_THREADS)
  const require = requireFrom(here())
  const reasons: string[] = []
  for (const path of candidates()) {
    try {
      const addon = require(path) as Addon
      const backend = createNative(addon)
      const { info, setThreads, productTimes, paddingOf, createProgram } = addon
      return { backend, path, info, setThreads, productTimes, paddingOf, createProgram }
    } catch (error) {
      reasons.push(`  ${path}: ${existsSync(path) ? firstLine(error) : 'no such file'}`)
    }
  }
  throw new BackendError(
    `native backend: expected an addon that loads, got none:\n${reasons.join('\n')}\nWhat helps: npx blasgrad doctor`,
  )
}
