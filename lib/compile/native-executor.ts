// Runs plans natively: the addon checks a plan, encodes it once, and runs it in one call (native/runtime/executor/program.h).

import { nativeOrReason } from '../backend/select.js'
import { BackendError } from '../base/errors.js'
import type { MakeExecutor, ThreadedExecutor } from './plan.js'

/** @throws ArgumentError for a malformed plan; BackendError where the addon did not load. */
export const makeNativeExecutor: MakeExecutor = plan => {
  const native = nativeOrReason()
  if (native instanceof BackendError) throw native
  return native.createProgram(plan) as ThreadedExecutor
}
