// What is ambient: the active backend, whether gradients are noted, the step being recorded. The generator of random
// numbers keeps its own state, in random.ts.

import { type ActiveBackend, activateDefault } from '../backend/select.js'
import type { Backend } from '../backend/table.js'
import { ArgumentError } from '../base/errors.js'
import type { Recording } from './recording.js'

let active: ActiveBackend | undefined

export const context = {
  /** Whether ops note what they did, for backward. */
  gradMode: true,

  /** The step being recorded. */
  recording: null as Recording | null,

  /** Counts changes of what recorded steps are guarded by: modes, requiresGrad, gradients, modules, parameter groups. */
  configuration: 0,

  /** The kernels in use; the first read chooses them (native where it loads, unless BLASGRAD_BACKEND says otherwise). */
  get backend(): Backend {
    return context.recording === null ? context.active.kernels : context.recording.kernels
  },

  get active(): ActiveBackend {
    active ??= activateDefault()
    return active
  },

  set active(value: ActiveBackend) {
    active = value
  },
}

/**
 * For what is no part of a program: it would happen once, when a function is recorded, and not at each run.
 * @throws ArgumentError in a function that is being compiled.
 */
export function refuseRecording(what: string): void {
  if (context.recording === null) return
  throw new ArgumentError(
    `${what}: expected outside of functions that are compiled, got it in one: it would happen once`,
  )
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
