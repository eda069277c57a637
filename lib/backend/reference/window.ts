// The geometry of a window that slides over an image, read from pairs, vertical first.

/** Along one axis. Window i begins at i·stride − pad; its taps are `dilation` apart. */
export interface Sliding {
  readonly stride: number
  readonly pad: number
  readonly dilation: number
}

/** From pair `first` on: strides, padding, dilations; what is missing is 1, 0, 1. */
export function readWindow(pairs: Int32Array, first = 0): readonly [vertical: Sliding, horizontal: Sliding] {
  const axis = (side: number): Sliding => ({
    stride: Math.max(1, pairAt(pairs, first, 1)[side]),
    pad: pairAt(pairs, first + 1, 0)[side],
    dilation: Math.max(1, pairAt(pairs, first + 2, 1)[side]),
  })
  return [axis(0), axis(1)]
}

export const pairAt = (pairs: Int32Array, at: number, otherwise: number): readonly [number, number] =>
  2 * at < pairs.length ? [pairs[2 * at], pairs[2 * at + 1]] : [otherwise, otherwise]

/** The windows, from `from` on and before `to`, whose tap lies within `length`. */
export function windowsWithin(
  { stride, pad, dilation }: Sliding,
  tap: number,
  length: number,
  count: number,
): [number, number] {
  const offset = tap * dilation - pad
  return [Math.max(0, Math.ceil(-offset / stride)), Math.min(count, Math.ceil((length - offset) / stride))]
}
