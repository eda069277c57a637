// Which executor runs a plan: that of the backend in use.

import type { BackendName } from '../backend/select.js'
import { interpret } from './interpreter.js'
import { makeNativeExecutor } from './native-executor.js'
import type { MakeExecutor } from './plan.js'

const executors: Readonly<Record<BackendName, MakeExecutor>> = { reference: interpret, native: makeNativeExecutor }

export const executorFor = (backend: BackendName): MakeExecutor => executors[backend]

/** Whether its executors have a thread of their own (see isThreaded in plan.ts). */
export const isThreadedOn = (backend: BackendName): boolean => backend === 'native'
