// Which backend computes: chosen once, changed by setBackend. The fallback's one warning is given here.

import { ArgumentError, BackendError, showValue } from '../base/errors.js'
import { type LoadedAddon, loadNative } from './load.js'
import { reference, unchecked } from './reference.js'
import type { Backend } from './table.js'
import { withTinyGrids } from './tiny.js'

export type BackendName = 'native' | 'reference'

export interface ActiveBackend {
  readonly name: BackendName
  readonly kernels: Backend
  /** For memory whose vectors no load splits over two lines of the cache: LoadedAddon.paddingOf, where that counts. */
  readonly paddingOf?: LoadedAddon['paddingOf']
}

const forReference: ActiveBackend = { name: 'reference', kernels: reference }

let forNative: ActiveBackend | undefined
let loaded: LoadedAddon | BackendError | undefined

/** The addon, or why it did not load; tried once. */
export function nativeOrReason(): LoadedAddon | BackendError {
  if (loaded === undefined) {
    try {
      loaded = loadNative()
    } catch (error) {
      if (!(error instanceof BackendError)) throw error
      loaded = error
    }
  }
  return loaded
}

/** The backend of that name. @throws BackendError if it is native and did not load; ArgumentError for another name. */
export function chooseBackend(name: string): ActiveBackend {
  if (name === 'reference') return forReference
  if (name !== 'native') throw new ArgumentError(`setBackend: expected 'native' or 'reference', got ${showValue(name)}`)
  const native = nativeOrReason()
  if (native instanceof BackendError) throw native
  forNative ??= {
    name: 'native',
    kernels: withTinyGrids(native.backend, unchecked),
    paddingOf: native.paddingOf,
  }
  return forNative
}

/** What BLASGRAD_BACKEND asks for; else native, and where it does not load the reference with one warning. */
export function activateDefault(): ActiveBackend {
  const wanted = process.env.BLASGRAD_BACKEND
  if (wanted) return chooseBackend(wanted)
  const native = nativeOrReason()
  if (!(native instanceof BackendError)) return chooseBackend('native')
  process.emitWarning(`${native.message}\nContinuing on the pure-TypeScript backend, which is many times slower.`, {
    type: 'BlasgradWarning',
    code: 'BLASGRAD_NO_NATIVE',
  })
  return forReference
}
