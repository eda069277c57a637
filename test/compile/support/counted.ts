// A function that is compiled, and how often it was recorded.

import { compile } from '../../../lib/compile/compile.js'
import type { Parameter } from '../../../lib/compile/step.js'

/** A function that counts how often it is run: once for each recording. */
export function counted<A extends Parameter[], R>(fn: (...args: A) => R) {
  let runs = 0
  const counting = (...args: A): R => {
    runs++
    return fn(...args)
  }
  return { step: compile(counting), runs: () => runs }
}
