// From an inner loop to a Backend method: argument order as in the table, scalars rounded to the element type.

import { Layout } from '../../../base/layout.js'
import type { NumberArray } from '../../signature.js'
import { convert } from '../convert.js'
import { type BinaryLoop, eachInnerLoop, isFlat, type UnaryLoop } from './grid.js'

type Outer = Int32Array | undefined

/** The step of an operand whose layout is flat. */
const stepOf = (layout: Layout): number => (layout === Layout.full ? 1 : 0)

function applyUnary(
  loop: UnaryLoop,
  rows: number,
  cols: number,
  aLayout: Layout,
  s: number,
  t: number,
  a: NumberArray,
  out: NumberArray,
  outer: Outer,
): void {
  if (outer === undefined && isFlat(aLayout)) {
    loop(rows * cols, out, 0, a, 0, stepOf(aLayout), s, t)
    return
  }
  eachInnerLoop(rows, cols, [aLayout], outer, (n, o, i, di) => loop(n, out, o, a, i, di, s, t))
}

function applyBinary(
  loop: BinaryLoop,
  rows: number,
  cols: number,
  aLayout: Layout,
  bLayout: Layout,
  s: number,
  t: number,
  a: NumberArray,
  b: NumberArray,
  out: NumberArray,
  outer: Outer,
): void {
  if (outer === undefined && isFlat(aLayout) && isFlat(bLayout)) {
    loop(rows * cols, out, 0, a, 0, stepOf(aLayout), b, 0, stepOf(bLayout), s, t)
    return
  }
  eachInnerLoop(rows, cols, [aLayout, bLayout], outer, (n, o, i, di, j, dj) =>
    loop(n, out, o, a, i, di, b, j, dj, s, t),
  )
}

/** A method of one operand. */
export const unary =
  (loop: UnaryLoop) =>
  (rows: number, cols: number, aLayout: Layout, a: NumberArray, out: NumberArray, outer?: Outer): void =>
    applyUnary(loop, rows, cols, aLayout, 0, 0, a, out, outer)

/** A method of one operand and a scalar. */
export const unaryWith1 =
  (loop: UnaryLoop) =>
  (rows: number, cols: number, aLayout: Layout, s: number, a: NumberArray, out: NumberArray, outer?: Outer): void =>
    applyUnary(loop, rows, cols, aLayout, convert(s, a), 0, a, out, outer)

/** A method of one operand and two scalars. */
export const unaryWith2 =
  (loop: UnaryLoop) =>
  (
    rows: number,
    cols: number,
    aLayout: Layout,
    s: number,
    t: number,
    a: NumberArray,
    out: NumberArray,
    outer?: Outer,
  ): void =>
    applyUnary(loop, rows, cols, aLayout, convert(s, a), convert(t, a), a, out, outer)

/** A method of two operands. */
export const binary =
  (loop: BinaryLoop) =>
  (
    rows: number,
    cols: number,
    aLayout: Layout,
    bLayout: Layout,
    a: NumberArray,
    b: NumberArray,
    out: NumberArray,
    outer?: Outer,
  ): void =>
    applyBinary(loop, rows, cols, aLayout, bLayout, 0, 0, a, b, out, outer)

/** A method of two operands and a scalar. */
export const binaryWith1 =
  (loop: BinaryLoop) =>
  (
    rows: number,
    cols: number,
    aLayout: Layout,
    bLayout: Layout,
    s: number,
    a: NumberArray,
    b: NumberArray,
    out: NumberArray,
    outer?: Outer,
  ): void =>
    applyBinary(loop, rows, cols, aLayout, bLayout, convert(s, a), 0, a, b, out, outer)

/** A method of two operands and two scalars. */
export const binaryWith2 =
  (loop: BinaryLoop) =>
  (
    rows: number,
    cols: number,
    aLayout: Layout,
    bLayout: Layout,
    s: number,
    t: number,
    a: NumberArray,
    b: NumberArray,
    out: NumberArray,
    outer?: Outer,
  ): void =>
    applyBinary(loop, rows, cols, aLayout, bLayout, convert(s, a), convert(t, a), a, b, out, outer)
