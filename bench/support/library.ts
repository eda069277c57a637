// Internals of the library that the benches need: the signatures' grammar, a call's cost, the executor. They are imported
// from the built package next to `blasgrad/backend`, so that the benches use the same modules as the backends.

type Signatures = typeof import('../../lib/backend/signature.js')
type Lengths = typeof import('../../lib/backend/lengths.js')
type Plans = typeof import('../../lib/compile/plan.js')
type NativeExecutors = typeof import('../../lib/compile/native-executor.js')

const beside = (file: string): string => new URL(file, import.meta.resolve('blasgrad/backend')).href

export const { parseSignature } = (await import(beside('./signature.js'))) as Signatures
export const { bytesOf, flopsOf, lengthsOf } = (await import(beside('./lengths.js'))) as Lengths
export const { isThreaded } = (await import(beside('../compile/plan.js'))) as Plans
export const { makeNativeExecutor } = (await import(beside('../compile/native-executor.js'))) as NativeExecutors

export type Argument = ReturnType<typeof parseSignature>['args'][number]
