// Tiny grids and sums of the native backend run in JavaScript: a call of the addon costs more than they do, most of all
// where an array still lies in the engine's own heap and would have to be moved out. Only what has the same bits on every
// backend, so that nobody can tell. This file computes nothing itself.

import { parseSignature } from './signature.js'
import { type Backend, kernelNames, kernelRow } from './table.js'

/** As many float32 elements as the JavaScript engine keeps in its own heap. */
const most = 16

/** Of so few the addon makes no vectors: they come together one after another, floats in float64, as in TypeScript. */
const mostInOrder = 7

type Unary = Backend['neg']
type Binary = Backend['add']
type Reduce = Backend['sum']

/** Kernels of one or two operands, without scalars, that agree to the bit. */
function operandsOf(name: keyof Backend): number {
  const row = kernelRow(name)
  if (row.class !== 'elementwise' || !row.exact) return 0
  const { args } = parseSignature(row.signature)
  const count = args.filter(({ role }) => role === 'in').length
  return args.some(({ role }) => role === 'scalar') || count > 2 ? 0 : count
}

/** How many elements of one line come together to the same bits everywhere. */
function mostReduced(name: keyof Backend): number {
  const { exact, roles } = kernelRow(name)
  return roles?.reduction === undefined ? 0 : exact ? most : mostInOrder
}

/** `native`, but for tiny grids and lines `plain`, whose calls are not checked: an array without elements goes to native. */
export function withTinyGrids(native: Backend, plain: Backend): Backend {
  const mixed: Record<string, unknown> = { ...native }
  for (const name of kernelNames) {
    const operands = operandsOf(name)
    if (operands === 1) {
      const [far, near] = [native[name] as Unary, plain[name] as Unary]
      const unary: Unary = (rows, cols, layout, a, out, outer) =>
        rows === 1 && cols <= most && outer === undefined && a.length > 0 && out.length > 0
          ? near(rows, cols, layout, a, out)
          : far(rows, cols, layout, a, out, outer)
      mixed[name] = unary
    } else if (operands === 2) {
      const [far, near] = [native[name] as Binary, plain[name] as Binary]
      const binary: Binary = (rows, cols, aLayout, bLayout, a, b, out, outer) =>
        rows === 1 && cols <= most && outer === undefined && a.length > 0 && b.length > 0 && out.length > 0
          ? near(rows, cols, aLayout, bLayout, a, b, out)
          : far(rows, cols, aLayout, bLayout, a, b, out, outer)
      mixed[name] = binary
    }
    const length = mostReduced(name)
    if (length > 0) {
      const [far, near] = [native[name] as Reduce, plain[name] as Reduce]
      const reduce: Reduce = (outer, n, inner, a, out) =>
        n <= length && n > 0 && outer === 1 && inner === 1 && a.length >= n && out.length > 0
          ? near(outer, n, inner, a, out)
          : far(outer, n, inner, a, out)
      mixed[name] = reduce
    }
  }
  return mixed as unknown as Backend
}
