// Reading and writing a strided region of an array, the other side being contiguous.

import type { NumberArray } from '../../signature.js'

/** Calls `line` for every line along the innermost axis: where it lies, strided and contiguous, its length and stride. */
function overLines(
  at: number,
  dims: Int32Array,
  line: (strided: number, contiguous: number, n: number, stride: number) => void,
): void {
  if (dims.length === 0) {
    line(at, 0, 1, 0)
    return
  }
  const last = dims.length - 2
  const n = dims[last]
  const stride = dims[last + 1]
  let contiguous = 0
  const axis = (dim: number, from: number): void => {
    if (dim === last) {
      line(from, contiguous, n, stride)
      contiguous += n
      return
    }
    for (let i = 0; i < dims[dim]; i++) axis(dim + 2, from + i * dims[dim + 1])
  }
  axis(0, at)
}

export const strided = {
  stridedRead(at: number, dims: Int32Array, a: NumberArray, out: NumberArray): void {
    overLines(at, dims, (from, to, n, stride) => {
      for (const end = to + n; to < end; to++, from += stride) out[to] = a[from]
    })
  },

  stridedWrite(at: number, dims: Int32Array, a: NumberArray, out: NumberArray): void {
    overLines(at, dims, (to, from, n, stride) => {
      for (const end = from + n; from < end; from++, to += stride) out[to] = a[from]
    })
  },
}
