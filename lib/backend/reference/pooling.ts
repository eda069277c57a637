// Pooling over planes, in TypeScript.

import type { NumberArray } from '../signature.js'
import { scratch } from './scratch.js'
import { pairAt, readWindow, type Sliding } from './window.js'

/** Calls `visit` for each window of each plane, in the order of their results. */
function eachWindow(
  planes: number,
  outHeight: number,
  outWidth: number,
  visit: (plane: number, y: number, x: number, at: number) => void,
): void {
  if (outHeight === 0 || outWidth === 0) return
  let at = 0
  for (let plane = 0; plane < planes; plane++) {
    for (let y = 0; y < outHeight; y++) for (let x = 0; x < outWidth; x++) visit(plane, y, x, at++)
  }
}

/** Where a window begins and ends inside, and what its mean is divided by along this axis. */
function shareOf(
  { stride, pad }: Sliding,
  at: number,
  kernel: number,
  length: number,
  padded: boolean,
): readonly [from: number, to: number, length: number] {
  const begin = at * stride - pad
  const end = Math.min(begin + kernel, length + pad)
  const [from, to] = [Math.max(begin, 0), Math.min(end, length)]
  return [from, to, padded ? end - begin : to - from]
}

/** Calls `visit` for each element of each window that has any inside, with the window's number and its divisor. */
function eachShare(
  [planes, height, width, outHeight, outWidth]: readonly [number, number, number, number, number],
  padded: boolean,
  pairs: Int32Array,
  visit: (at: number, element: number, divisor: number) => void,
): void {
  const [kernelHeight, kernelWidth] = pairAt(pairs, 0, 1)
  const [vertical, horizontal] = readWindow(pairs, 1)
  eachWindow(planes, outHeight, outWidth, (plane, y, x, at) => {
    const [fromRow, toRow, rows] = shareOf(vertical, y, kernelHeight, height, padded)
    const [fromCol, toCol, cols] = shareOf(horizontal, x, kernelWidth, width, padded)
    for (let row = fromRow; row < toRow && fromCol < toCol; row++) {
      for (let col = fromCol; col < toCol; col++) visit(at, (plane * height + row) * width + col, rows * cols)
    }
  })
}

/** The taps from `from` on, before `to`, that lie inside, of a window that begins at `begin`. */
const tapsWithin = (begin: number, dilation: number, taps: number, length: number): [from: number, to: number] => [
  Math.max(0, Math.ceil(-begin / dilation)),
  Math.min(taps, Math.ceil((length - begin) / dilation)),
]

/** Whether a tap of the window that begins at `begin` lies at `position`. */
const isTap = (begin: number, dilation: number, taps: number, position: number): boolean =>
  position >= begin && position <= begin + (taps - 1) * dilation && (position - begin) % dilation === 0

export const pooling = {
  maxPool2d(
    planes: number,
    height: number,
    width: number,
    outHeight: number,
    outWidth: number,
    window: Int32Array,
    x: NumberArray,
    out: NumberArray,
    at: Int32Array,
  ): void {
    const [kernelHeight, kernelWidth] = pairAt(window, 0, 1)
    const [vertical, horizontal] = readWindow(window, 1)
    eachWindow(planes, outHeight, outWidth, (plane, row, col, to) => {
      const [top, left] = [row * vertical.stride - vertical.pad, col * horizontal.stride - horizontal.pad]
      const [fromI, toI] = tapsWithin(top, vertical.dilation, kernelHeight, height)
      const [fromJ, toJ] = tapsWithin(left, horizontal.dilation, kernelWidth, width)
      let most = Number.NEGATIVE_INFINITY
      let found = -1
      for (let i = fromI; i < toI && fromJ < toJ; i++) {
        for (let j = fromJ; j < toJ; j++) {
          const position = (top + i * vertical.dilation) * width + left + j * horizontal.dilation
          const value = x[plane * height * width + position]
          if (found >= 0 && !(value > most) && !Number.isNaN(value)) continue
          most = value
          found = position
        }
      }
      out[to] = most
      at[to] = found
    })
  },

  maxPool2dBackward(
    planes: number,
    height: number,
    width: number,
    outHeight: number,
    outWidth: number,
    window: Int32Array,
    g: NumberArray,
    at: Int32Array,
    out: NumberArray,
  ): void {
    const [kernelHeight, kernelWidth] = pairAt(window, 0, 1)
    const [vertical, horizontal] = readWindow(window, 1)
    const size = height * width
    const sums = scratch(planes * size).fill(0, 0, planes * size)
    eachWindow(planes, outHeight, outWidth, (plane, y, x, from) => {
      const position = at[from]
      if (position < 0 || position >= size) return
      const [row, col] = [Math.floor(position / width), position % width]
      if (!isTap(y * vertical.stride - vertical.pad, vertical.dilation, kernelHeight, row)) return
      if (!isTap(x * horizontal.stride - horizontal.pad, horizontal.dilation, kernelWidth, col)) return
      sums[plane * size + position] += g[from]
    })
    for (let i = 0; i < planes * size; i++) out[i] = sums[i]
  },

  avgPool2d(
    planes: number,
    height: number,
    width: number,
    outHeight: number,
    outWidth: number,
    countIncludePad: boolean,
    window: Int32Array,
    x: NumberArray,
    out: NumberArray,
  ): void {
    const size = planes * outHeight * outWidth
    const sums = scratch(size).fill(0, 0, size)
    eachShare([planes, height, width, outHeight, outWidth], countIncludePad, window, (at, element, divisor) => {
      sums[at] += x[element] / divisor
    })
    for (let i = 0; i < size; i++) out[i] = sums[i]
  },

  avgPool2dBackward(
    planes: number,
    height: number,
    width: number,
    outHeight: number,
    outWidth: number,
    countIncludePad: boolean,
    window: Int32Array,
    g: NumberArray,
    out: NumberArray,
  ): void {
    const size = planes * height * width
    const sums = scratch(size).fill(0, 0, size)
    eachShare([planes, height, width, outHeight, outWidth], countIncludePad, window, (at, element, divisor) => {
      sums[element] += g[at] / divisor
    })
    for (let i = 0; i < size; i++) out[i] = sums[i]
  },
}
