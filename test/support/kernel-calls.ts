// Which kernels a function calls, on the backend in use.

import type { Backend } from '../../lib/backend/table.js'
import { context } from '../../lib/core/context.js'

export interface KernelCall {
  readonly kernel: string
  /** Whether an array of its arguments is both read and written. */
  readonly inPlace: boolean
}

/** Runs `fn` and gives its calls, in order. */
export function kernelCalls(fn: () => void): KernelCall[] {
  const before = context.active
  const calls: KernelCall[] = []
  const kernels = new Proxy(before.kernels, {
    get(target, kernel) {
      const run = Reflect.get(target, kernel) as (...args: unknown[]) => unknown
      return (...args: unknown[]) => {
        const arrays = args.filter(arg => ArrayBuffer.isView(arg))
        calls.push({ kernel: String(kernel), inPlace: new Set(arrays).size < arrays.length })
        return run(...args)
      }
    },
  }) as Backend
  context.active = { ...before, kernels }
  try {
    fn()
  } finally {
    context.active = before
  }
  return calls
}
