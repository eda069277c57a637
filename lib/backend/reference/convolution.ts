// Convolutions, in TypeScript: for each tap a weighted image is added to another, rows as the inner loop.

import type { NumberArray } from '../signature.js'
import { scratch } from './scratch.js'
import { readWindow, type Sliding, windowsWithin } from './window.js'

/** What of the sizes all three share. */
interface Sizes {
  readonly height: number
  readonly width: number
  readonly kernelHeight: number
  readonly kernelWidth: number
  readonly outHeight: number
  readonly outWidth: number
  readonly window: readonly [Sliding, Sliding]
}

/**
 * Calls `visit` for each tap and each row of outputs that it reads for: the tap's number, the first output's and the
 * first input's place in their planes, and how many there are; from one to the next, inputs are `step` apart.
 */
function eachRow(sizes: Sizes, visit: (tap: number, out: number, at: number, count: number, step: number) => void) {
  const { height, width, kernelHeight, kernelWidth, outHeight, outWidth, window } = sizes
  const [vertical, horizontal] = window
  for (let i = 0; i < kernelHeight; i++) {
    const [fromY, toY] = windowsWithin(vertical, i, height, outHeight)
    for (let j = 0; j < kernelWidth; j++) {
      const [fromX, toX] = windowsWithin(horizontal, j, width, outWidth)
      if (fromX >= toX) continue
      for (let y = fromY; y < toY; y++) {
        const row = y * vertical.stride - vertical.pad + i * vertical.dilation
        const col = fromX * horizontal.stride - horizontal.pad + j * horizontal.dilation
        visit(i * kernelWidth + j, y * outWidth + fromX, row * width + col, toX - fromX, horizontal.stride)
      }
    }
  }
}

/** The channels and taps that have a column: there may be fewer columns than the filter has weights, of any number. */
function storedWeights(c: number, kernelHeight: number, kernelWidth: number, columns: number) {
  if (kernelWidth >= columns) return [Math.min(c, 1), Math.min(kernelHeight, 1), columns]
  const rows = Math.min(kernelHeight, Math.ceil(columns / kernelWidth))
  const taps = rows * kernelWidth
  return [taps === 0 ? 0 : Math.min(c, Math.ceil(columns / taps)), rows, kernelWidth]
}

export const convolution = {
  conv2d(
    n: number,
    groups: number,
    c: number,
    o: number,
    height: number,
    width: number,
    kernelHeight: number,
    kernelWidth: number,
    outHeight: number,
    outWidth: number,
    window: Int32Array,
    x: NumberArray,
    weight: NumberArray,
    bias: NumberArray,
    out: NumberArray,
  ): void {
    const sizes = { height, width, kernelHeight, kernelWidth, outHeight, outWidth, window: readWindow(window) }
    const [plane, outPlane, taps] = [height * width, outHeight * outWidth, kernelHeight * kernelWidth]
    if (n * groups * o * outPlane === 0) return
    const sums = scratch(outPlane)
    for (let image = 0; image < n * groups * o; image++) {
      const filter = image % (groups * o)
      sums.fill(bias.length > 0 ? bias[filter] : 0, 0, outPlane)
      for (let channel = 0; channel < c; channel++) {
        const weights = (filter * c + channel) * taps
        const from = (Math.floor(image / o) * c + channel) * plane
        eachRow(sizes, (tap, first, at, count, step) => {
          const factor = weight[weights + tap]
          for (let p = first, q = from + at; p < first + count; p++, q += step) sums[p] += factor * x[q]
        })
      }
      for (let p = 0; p < outPlane; p++) out[image * outPlane + p] = sums[p]
    }
  },

  conv2dInput(
    n: number,
    groups: number,
    c: number,
    o: number,
    height: number,
    width: number,
    kernelHeight: number,
    kernelWidth: number,
    outHeight: number,
    outWidth: number,
    window: Int32Array,
    g: NumberArray,
    weight: NumberArray,
    out: NumberArray,
  ): void {
    const sizes = { height, width, kernelHeight, kernelWidth, outHeight, outWidth, window: readWindow(window) }
    const [plane, outPlane, taps] = [height * width, outHeight * outWidth, kernelHeight * kernelWidth]
    if (n * groups * c * plane === 0) return
    const sums = scratch(plane)
    for (let image = 0; image < n * groups * c; image++) {
      const sample = Math.floor(image / c)
      sums.fill(0, 0, plane)
      for (let filter = 0; filter < o; filter++) {
        const weights = (((sample % groups) * o + filter) * c + (image % c)) * taps
        const from = (sample * o + filter) * outPlane
        eachRow(sizes, (tap, first, at, count, step) => {
          const factor = weight[weights + tap]
          for (let p = from + first, q = at; p < from + first + count; p++, q += step) sums[q] += factor * g[p]
        })
      }
      for (let p = 0; p < plane; p++) out[image * plane + p] = sums[p]
    }
  },

  conv2dWeight(
    chunks: number,
    each: number,
    groups: number,
    c: number,
    o: number,
    height: number,
    width: number,
    kernelHeight: number,
    kernelWidth: number,
    outHeight: number,
    outWidth: number,
    columns: number,
    window: Int32Array,
    g: NumberArray,
    x: NumberArray,
    out: NumberArray,
  ): void {
    if (chunks * groups * o * columns === 0) return
    const [channels, tapRows, tapCols] = storedWeights(c, kernelHeight, kernelWidth, columns)
    const kernel = { kernelHeight: tapRows, kernelWidth: tapCols }
    const sizes = { height, width, ...kernel, outHeight, outWidth, window: readWindow(window) }
    const [plane, outPlane, taps] = [height * width, outHeight * outWidth, tapRows * tapCols]
    const sums = scratch(columns + channels * taps + 1)
    for (let row = 0; row < chunks * groups * o; row++) {
      const group = Math.floor(row / o) % groups
      const chunk = Math.floor(row / (groups * o))
      sums.fill(0, 0, columns + channels * taps + 1)
      for (let sample = chunk * each; sample < (chunk + 1) * each; sample++) {
        const from = ((sample * groups + group) * o + (row % o)) * outPlane
        for (let channel = 0; channel < channels; channel++) {
          const image = ((sample * groups + group) * c + channel) * plane
          eachRow(sizes, (tap, first, at, count, step) => {
            let sum = 0
            for (let p = from + first, q = image + at; p < from + first + count; p++, q += step) sum += g[p] * x[q]
            sums[channel * taps + tap] += sum
          })
        }
        for (let p = from; p < from + outPlane; p++) sums[channels * taps] += g[p]
      }
      for (let column = 0; column < columns; column++) out[row * columns + column] = sums[column]
    }
  },
}
