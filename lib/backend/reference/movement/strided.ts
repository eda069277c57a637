// Copies between a strided view of an array and a contiguous array.

import type { NumberArray } from '../../signature.js'

/** Calls `loop` for each slice along the innermost axis: its offsets in both arrays, its length and its stride. */
function eachInnerLoop(
  at: number,
  dims: Int32Array,
  loop: (strided: number, contiguous: number, n: number, stride: number) => void,
): void {
  if (dims.length === 0) {
    loop(at, 0, 1, 0)
    return
  }
  const last = dims.length - 2
  const n = dims[last]
  const stride = dims[last + 1]
  let contiguous = 0
  const axis = (dim: number, from: number): void => {
    if (dim === last) {
      loop(from, contiguous, n, stride)
      contiguous += n
      return
    }
    for (let i = 0; i < dims[dim]; i++) axis(dim + 2, from + i * dims[dim + 1])
  }
  axis(0, at)
}

export const strided = {
  stridedRead(at: number, dims: Int32Array, a: NumberArray, out: NumberArray): void {
    eachInnerLoop(at, dims, (from, to, n, stride) => {
      for (const end = to + n; to < end; to++, from += stride) out[to] = a[from]
    })
  },

  stridedWrite(at: number, dims: Int32Array, a: NumberArray, out: NumberArray): void {
    eachInnerLoop(at, dims, (to, from, n, stride) => {
      for (const end = from + n; from < end; from++, to += stride) out[to] = a[from]
    })
  },
}
