// What the benches need of the library beyond its public names: the grammar of the kernel rows and what a call costs.
// Read from beside `blasgrad/backend`, so that it is the same code that the backends run on.

type Signatures = typeof import('../../lib/backend/signature.js')
type Lengths = typeof import('../../lib/backend/lengths.js')

const beside = (file: string): string => new URL(file, import.meta.resolve('blasgrad/backend')).href

export const { parseSignature } = (await import(beside('./signature.js'))) as Signatures
export const { bytesOf, flopsOf, lengthsOf } = (await import(beside('./lengths.js'))) as Lengths

export type Argument = ReturnType<typeof parseSignature>['args'][number]
