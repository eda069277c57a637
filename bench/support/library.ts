// What the benches need of the library beyond its public names: the grammar of the kernel rows, what a call costs, what an
// executor is. Read from beside `blasgrad/backend`, so that it is the same code that the backends run on.

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
