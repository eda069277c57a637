// Running the same test on both backends, instrumented: outputs are filled with NaN before each kernel (a gap then
// shows in the result), and every kernel that ran is noted.

import { loadNative } from '../../lib/backend/load.js'
import { reference } from '../../lib/backend/reference.js'
import type { BackendName } from '../../lib/backend/select.js'
import { parseSignature } from '../../lib/backend/signature.js'
import type { Backend, KernelName } from '../../lib/backend/table.js'
import { kernelNames, kernels } from '../../lib/backend/table.js'
import { context } from '../../lib/core/context.js'

/** Both, or the reference alone where BLASGRAD_BACKEND asks for it. Native is never left out silently. */
export const backendsUnderTest: readonly BackendName[] =
  process.env.BLASGRAD_BACKEND === 'reference' ? ['reference'] : ['reference', 'native']

/** The kernels that ran through `instrumented`. */
export const reached = new Set<KernelName>()

function instrument(backend: Backend): Backend {
  const wrapped: Record<string, unknown> = {}
  for (const name of kernelNames) {
    const outs = parseSignature(kernels[name].signature).args.flatMap(({ role }, i) => (role === 'out' ? [i] : []))
    const run = backend[name] as (...args: unknown[]) => unknown
    wrapped[name] = (...args: unknown[]) => {
      reached.add(name)
      for (const i of outs) {
        const inPlace = args.some((arg, j) => j !== i && arg === args[i])
        if (!inPlace) (args[i] as Float32Array).fill(args[i] instanceof Uint8Array ? 0xee : Number.NaN)
      }
      return run(...args)
    }
  }
  return wrapped as unknown as Backend
}

const cache = new Map<BackendName, Backend>()

/** Runs `fn` on that backend, instrumented, and puts back what was there. */
export function onBackend<R>(name: BackendName, fn: () => R): R {
  const before = context.active
  // The addon itself: tiny grids too, which the library runs in JavaScript.
  const kernels = cache.get(name) ?? instrument(name === 'native' ? loadNative().backend : reference)
  cache.set(name, kernels)
  context.active = { name, kernels }
  try {
    return fn()
  } finally {
    context.active = before
  }
}
