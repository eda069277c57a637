// The named shapes on which kernels are timed. A kernel's shapes follow from the sizes in its signature, never from its
// name.

import { Layout } from 'blasgrad/backend'
import type { Argument } from './library.js'
import { networkFamilies } from './network-shapes.js'

export interface Shape {
  readonly name: string
  /** Sizes, flags, layouts and dims by argument name; an omitted flag is false, an omitted layout full. */
  readonly parameters: Readonly<Record<string, unknown>>
}

const grid = (rows: number, cols: number, layout = '', bLayout?: Layout): Shape => ({
  name: `${rows}×${cols}${layout}`,
  parameters: bLayout === undefined ? { rows, cols } : { rows, cols, bLayout },
})

const line = (name: string, outer: number, n: number, inner: number): Shape => ({
  name,
  parameters: { outer, n, inner },
})

const rows = (rows: number, n: number): Shape => ({ name: `${rows}×${n}`, parameters: { rows, n } })
const elements = (n: number): Shape => ({ name: n.toLocaleString('en'), parameters: { n, at: 0 } })

/** `batch` products m×k · k×n; `stored` names the operand that is stored transposed. */
function product(m: number, k: number, n: number, stored: '' | 'a' | 'b' = '', batch = 1): Shape {
  const name = `${batch === 1 ? '' : `${batch} of `}${m}×${k}×${n}${stored === '' ? '' : `, ${stored} transposed`}`
  return { name, parameters: { m, k, n, rows: batch, cols: 1, transposeA: stored === 'a', transposeB: stored === 'b' } }
}

const walk = (name: string, ...dims: number[]): Shape => ({ name, parameters: { at: 0, dims: Int32Array.from(dims) } })

const lookup = (name: string, outer: number, n: number, inner: number, count: number): Shape => ({
  name,
  parameters: { outer, n, inner, count },
})

/** Shapes by the sizes in a signature. */
const families: Readonly<Record<string, readonly Shape[]>> = {
  ...networkFamilies,
  // 16384 rows of 1000 exceed the caches at 0.8 too; 4096 rows lie on the edge of a 32 MB cache (curve in
  // docs/performance.md).
  'rows cols': [grid(16384, 1000), grid(64, 64)],
  'outer n inner': [
    line('16384×1000, rows', 16384, 1000, 1),
    line('16384×1000, columns', 1, 16384, 1000),
    line('16,384,000, all', 1, 16384000, 1),
    line('100×2, rows', 100, 2, 1),
  ],
  'rows n': [rows(16384, 1000), rows(1024, 128), rows(32, 10)],
  'm n k rows cols': [
    product(64, 64, 64),
    product(256, 256, 256),
    product(1024, 1024, 1024),
    product(100, 2, 16, 'b'),
    product(32, 784, 128),
    product(32, 784, 128, 'b'),
    product(784, 32, 128, 'a'),
    product(128, 784, 512),
    // 80, so that two threads have equal shares at 0.8 and 1.2 too.
    product(64, 32, 64, 'b', 80),
  ],
  // One matrix each: a layer's forward, its input's gradient.
  'm n k': [
    product(100, 16, 16, 'b'),
    product(32, 784, 128, 'b'),
    product(128, 512, 512),
    product(1024, 128, 512, 'b'),
  ],
  // Four million exceed the caches at 0.8 too. A million would fill a 16 MB cache with an optimizer's four arrays and time
  // the cache's edge instead of the kernel (curve in docs/performance.md).
  n: [elements(4000000), elements(4096)],
  'n at': [elements(1000000), elements(4096)],
  'at dims': [
    walk('1024×1024 transposed', 1024, 1, 1024, 1024),
    walk('16×64×4×32, heads out', 16, 8192, 4, 32, 64, 128, 32, 1),
    walk('512 columns of 4096×1000', 4096, 1000, 512, 1),
    walk('64×64 transposed', 64, 1, 64, 64),
  ],
  'outer n inner count': [
    lookup('1,024 of 100,000×32', 1, 100000, 32, 1024),
    lookup('1 of 1000, 4096 rows', 4096, 1000, 1, 1),
  ],
}

/** Grids whose second operand broadcasts. */
const repeated = [
  grid(1024, 128, ', b a row', Layout.row),
  grid(1024, 128, ', b a column', Layout.column),
  grid(1024, 128, ', b a scalar', Layout.scalar),
]

/** The shapes for a signature; none where no family has its sizes. */
export function shapesFor(args: readonly Argument[]): readonly Shape[] {
  const sizes = args.filter(({ role }) => role === 'size' || role === 'sizes').map(({ name }) => name)
  const shapes = families[sizes.join(' ')] ?? []
  return args.some(({ name }) => name === 'bLayout') && sizes.length === 2 ? [...shapes, ...repeated] : shapes
}

/** Smaller sizes define the kernel (filter taps, strides) rather than its amount of work. */
const fixed = 8

/**
 * The shape with all sizes times `factor`, its name derived from the shape's; null for strided shapes, whose strides would
 * not match.
 */
export function scaled({ name, parameters }: Shape, factor: number): Shape | null {
  const change = (value: unknown): unknown =>
    typeof value === 'number' && value > fixed ? Math.round(value * factor) : value
  if (parameters.dims !== undefined) return null
  return {
    name: `${name} × ${factor}`,
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([key, value]) => [key, key.endsWith('Layout') ? value : change(value)]),
    ),
  }
}

/** The shape with sizes and strides capped at 64, for smoke runs. */
export function shrink({ name, parameters }: Shape): Shape {
  const smaller = (value: unknown): unknown => {
    if (typeof value === 'number') return Math.min(value, 64)
    return value instanceof Int32Array ? value.map(each => Math.min(each, 64)) : value
  }
  return {
    name: `${name} (cut to 64)`,
    parameters: Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, smaller(value)])),
  }
}
