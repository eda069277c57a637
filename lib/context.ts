// All that is ambient: the active backend, whether gradients are recorded. Nothing else in lib/ keeps such state.

import { type ActiveBackend, activateDefault } from './backend/select.js'
import type { Backend } from './backend/table.js'
import { ArgumentError } from './errors.js'

let active: ActiveBackend | undefined

export const context = {
  /** Whether ops note what they did, for backward. */
  gradMode: true,

  /** The kernels in use; the first read chooses them (native where it loads, unless BLASGRAD_BACKEND says otherwise). */
  get backend(): Backend {
    return context.active.kernels
  },

  get active(): ActiveBackend {
    active ??= activateDefault()
    return active
  },

  set active(value: ActiveBackend) {
    active = value
  },
}

function withGradMode<R>(name: string, mode: boolean, fn: () => R): R {
  if (typeof fn !== 'function') throw new ArgumentError(`${name}: expected a function, got ${typeof fn}`)
  const before = context.gradMode
  context.gradMode = mode
  try {
    const result = fn()
    if (isThenable(result)) {
      throw new ArgumentError(`${name}: expected a synchronous function, got one that returns a promise`)
    }
    return result
  } finally {
    context.gradMode = before
  }
}

const isThenable = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

/**
 * Runs `fn` without noting gradients and returns its result.
 * @throws ArgumentError if `fn` returns a promise: the mode would end before its work does.
 */
export const noGrad = <R>(fn: () => R): R => withGradMode('noGrad', false, fn)

/** Runs `fn` with gradients noted, also inside noGrad. */
export const enableGrad = <R>(fn: () => R): R => withGradMode('enableGrad', true, fn)

/** Whether ops note gradients at this moment. */
export const isGradEnabled = (): boolean => context.gradMode
