// The fingerprint of a checkout: plans, trained weights, the bits of kernels, public names and declarations. Bits depend on
// the processor, the BLAS and the compiler: only two checkouts on one machine compare. scripts/fingerprint.mjs runs this.

import { createHash } from 'node:crypto'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { backendInfo } from 'blasgrad'
import { declarationsOf } from './declarations.js'
import { publicNames } from './exports.js'
import { kernelBits } from './kernels.js'
import { planTexts, trainedBits } from './networks.js'

type Entries = Record<string, string>

const hash = (data: string): string => createHash('sha256').update(data).digest('hex').slice(0, 16)
const hashed = (texts: Entries): Entries =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, hash(text)]))
const prefixed = (prefix: string, texts: Entries): Entries =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [`${prefix} ${name}`, text]))

export async function collect(): Promise<Record<string, Entries>> {
  const { native } = backendInfo()
  const plans = planTexts()
  const file = (path: string): string => fileURLToPath(new URL(`../../dist/${path}`, import.meta.url))
  const declarations = {
    ...prefixed('blasgrad', declarationsOf(file('index.d.ts'))),
    ...prefixed('blasgrad/backend', declarationsOf(file('backend/index.d.ts'))),
  }
  return {
    machine: {
      processor: cpus()[0].model,
      node: process.version,
      blas: native?.blas ?? 'none',
      core: native?.core ?? 'none',
      simd: native?.simd ?? 'none',
    },
    plans: hashed(plans),
    trained: trainedBits(),
    kernels: kernelBits(),
    exports: {
      ...publicNames('blasgrad', await import('blasgrad')),
      ...publicNames('blasgrad/backend', await import('blasgrad/backend')),
    },
    declarations: hashed(declarations),
    texts: {
      ...prefixed('plan', plans),
      declarations: Object.entries(declarations)
        .map(([name, text]) => `// ${name}\n${text}`)
        .join('\n\n'),
    },
  }
}
