// Times the matmul kernel, called from JavaScript, against cblas_sgemm, called from C, on one thread and on all. The call
// into the addon, about 0.3 µs, is included; it matters only for the smallest product.

import { randn, zeros } from 'blasgrad'
import { loadNative } from 'blasgrad/backend'
import type { Product } from './peers/sgemm.js'
import { digits, spread, time } from './report/format.js'
import { gemmTarget, type Ratio, range, ratioOver, verdict } from './report/ratio.js'
import { printTable } from './report/table.js'
import { allThreads, use } from './support/backends.js'
import { printScalingNote, type Scaling, scalingCell, timedOnCores } from './support/cores.js'
import type { Group, Settings } from './support/group.js'
import { type Figure, type Plan, race } from './support/timing.js'

const product = (m: number, k: number, n: number, transposeA = false): Product => ({
  m,
  k,
  n,
  transposeA,
  transposeB: false,
})

const products: readonly Product[] = [
  product(64, 64, 64),
  product(256, 256, 256),
  product(1024, 1024, 1024),
  product(32, 784, 128),
  product(784, 32, 128, true),
  product(128, 784, 512),
]

const describe = ({ m, k, n, transposeA }: Product): string => `${m}×${k}×${n}${transposeA ? ', a transposed' : ''}`

interface GemmResult {
  readonly product: string
  readonly threads: number
  readonly native: Figure
  /** cblas_sgemm called from C; null: not available. */
  readonly sgemm: Figure | null
  /** GFLOP/s of the native backend. */
  readonly rate: number
  readonly overSgemm: Ratio | null
  readonly scaling: Scaling | null
}

/** Short rounds, and many, so that the median falls on undisturbed ones. */
const gemmPlan = ({ rounds, sampleMs, warmUpMs }: Plan): Plan => ({
  rounds: 3 * rounds,
  sampleMs: 5 * sampleMs,
  warmUpMs,
})

async function timeProduct(product: Product, threads: number, { plan, peers, smoke }: Settings): Promise<GemmResult> {
  const { m, k, n, transposeA, transposeB } = product
  const { backend } = loadNative()
  // Tensors' memory, which is aligned to cache lines, as in every step.
  const [a, b, out] = [randn([m, k]), randn([k, n]), zeros([m, n])].map(({ data }) => data as Float32Array)
  const sgemm = await peers.sgemm()
  const contestants = [
    {
      name: 'native' as const,
      prepare: () => use('native', threads),
      run: () => backend.matmul(transposeA, transposeB, m, n, k, 1, 1, 0, 0, 0, a, b, out),
    },
    ...(sgemm === null ? [] : [sgemm.contestant('sgemm', product, threads)]),
  ]
  const { result, scaling } = await timedOnCores(peers, smoke, take =>
    race<'native' | 'sgemm'>(contestants, gemmPlan(plan), { take }),
  )
  const { figures } = result
  const { native, sgemm: direct = null } = figures
  if (native === undefined) throw new Error('gemm: expected a figure of the native backend, got none')
  return {
    product: describe(product),
    threads,
    native,
    sgemm: direct,
    rate: (2 * m * n * k) / (native.median * 1000),
    overSgemm: direct && ratioOver(native, direct),
    scaling,
  }
}

const cells = ({ product, threads, native, sgemm, rate, overSgemm, scaling }: GemmResult): string[] => [
  product,
  String(threads),
  time(native.median),
  spread(native),
  `${digits(rate)} GFLOP/s`,
  sgemm === null ? '' : time(sgemm.median),
  sgemm === null ? '' : spread(sgemm),
  overSgemm === null ? '' : digits(overSgemm.ratio),
  overSgemm === null ? '' : range(overSgemm),
  ...verdict(overSgemm, gemmTarget),
  scalingCell(scaling),
]

export const gemmBench: Group = async settings => {
  const results: GemmResult[] = []
  for (const product of settings.smoke ? products.slice(0, 1) : products) {
    for (const threads of new Set([1, allThreads])) results.push(await timeProduct(product, threads, settings))
  }
  printTable(
    'gemm: the matmul kernel, called from JavaScript, against cblas_sgemm, called from C',
    ['m×k×n', 'threads', 'native', 'spread', '', 'sgemm', 'spread', '× sgemm', 'range', 'target', 'met', 'cores'],
    results.map(cells),
  )
  printScalingNote(results.map(({ scaling }) => scaling))
  return results
}
