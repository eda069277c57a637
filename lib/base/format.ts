// Prints a tensor as NumPy prints an array: aligned columns, the shortest digits that tell elements apart, long axes
// shortened to their first and last three.

import type { DType } from './dtype.js'
import type { Shape } from './shape.js'

const shortenAbove = 1000
const edge = 3
const digits = 8

interface Printable {
  readonly shape: Shape
  readonly dtype: DType
  readonly requiresGrad: boolean
  readonly storage: {
    readonly array: ArrayLike<number>
    readonly steps: number
    readonly isRecorded: boolean
    readonly hasElements: boolean
  }
}

export function formatTensor(tensor: Printable): string {
  const { shape, dtype, requiresGrad, storage } = tensor
  if (!storage.hasElements || storage.steps !== 0) {
    const why = storage.isRecorded ? '<recording>' : storage.steps !== 0 ? '<busy>' : '<transferred>'
    return `Tensor(${why}, shape=[${shape.join(', ')}], dtype=${dtype})`
  }
  const shown = positions(shape, storage.array.length > shortenAbove)
  const text = formatNumbers(
    shown.map(i => storage.array[i]),
    dtype,
  )
  const words = new Map(shown.map((at, i) => [at, text[i]]))
  const open = 'Tensor('
  const notes = [`dtype=${dtype}`]
  if (storage.array.length === 0) notes.unshift(`shape=[${shape.join(', ')}]`)
  if (requiresGrad) notes.push('requiresGrad=true')
  const body = storage.array.length === 0 ? '[]' : nest(shape, words, storage.array.length > shortenAbove, open.length)
  return `${open}${body}, ${notes.join(', ')})`
}

const ends = (n: number, shorten: boolean): number[] =>
  shorten && n > 2 * edge
    ? [...Array.from({ length: edge }, (_, i) => i), ...Array.from({ length: edge }, (_, i) => n - edge + i)]
    : Array.from({ length: n }, (_, i) => i)

/** The flat positions of the elements that are shown. */
function positions(shape: Shape, shorten: boolean): number[] {
  if (shape.includes(0)) return []
  return shape.reduce<number[]>((all, n) => all.flatMap(at => ends(n, shorten).map(i => at * n + i)), [0])
}

function nest(shape: Shape, words: ReadonlyMap<number, string>, shorten: boolean, indent: number): string {
  const print = (depth: number, at: number, column: number): string => {
    if (depth === shape.length) return words.get(at) ?? ''
    const n = shape[depth]
    const parts = ends(n, shorten).map(i => print(depth + 1, at * n + i, column + 1))
    if (shorten && n > 2 * edge) parts.splice(edge, 0, '...')
    const isRow = depth === shape.length - 1
    const gap = isRow ? ', ' : `,${'\n'.repeat(shape.length - depth - 1)}${' '.repeat(column + 1)}`
    return `[${parts.join(gap)}]`
  }
  return print(0, 0, indent)
}

/** Pads all to one width. Floats share a number of decimals, or all have exponents where their range needs them. */
function formatNumbers(values: readonly number[], dtype: DType): string[] {
  const text = words(values, dtype)
  const width = Math.max(0, ...text.map(word => word.length))
  return text.map(word => word.padStart(width))
}

function words(values: readonly number[], dtype: DType): string[] {
  if (dtype === 'bool') return values.map(value => (value !== 0 ? 'True' : 'False'))
  if (dtype === 'int32' || dtype === 'uint8') return values.map(String)
  const finite = values.filter(Number.isFinite).map(Math.abs)
  const nonZero = finite.filter(value => value !== 0)
  const largest = Math.max(0, ...nonZero)
  const smallest = nonZero.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  if (largest >= 1e8 || smallest < 1e-4 || (largest / smallest > 1e3 && largest >= 1e5)) {
    const places = Math.max(1, ...finite.map(value => mantissaPlaces(value, dtype)))
    return values.map(value => special(value) ?? value.toExponential(places))
  }
  const places = Math.max(0, ...finite.map(value => decimalPlaces(value, dtype)))
  return values.map(value => special(value) ?? (places === 0 ? `${value.toFixed(0)}.` : value.toFixed(places)))
}

function special(value: number): string | undefined {
  if (Number.isNaN(value)) return 'nan'
  if (value === Number.POSITIVE_INFINITY) return 'inf'
  return value === Number.NEGATIVE_INFINITY ? '-inf' : undefined
}

const same = (text: string, value: number, dtype: DType): boolean =>
  dtype === 'float32' ? Math.fround(Number(text)) === Math.fround(value) : Number(text) === value

function decimalPlaces(value: number, dtype: DType): number {
  for (let places = 0; places < digits; places++) if (same(value.toFixed(places), value, dtype)) return places
  return digits
}

function mantissaPlaces(value: number, dtype: DType): number {
  for (let places = 1; places < digits; places++) if (same(value.toExponential(places), value, dtype)) return places
  return digits
}
