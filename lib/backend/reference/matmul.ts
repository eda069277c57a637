// Matrix products, in TypeScript: blocks of both factors are packed as float64, transposed or not, and multiplied by a
// kernel of 2 × 4 sums that V8 keeps in registers; so all four transpose cases and both element types run one loop.

import { Layout } from '../../base/layout.js'
import type { NumberArray } from '../signature.js'

const blockM = 64
const blockN = 128
const blockK = 256
const packedA = new Float64Array(blockM * blockK)
const packedB = new Float64Array(blockN * blockK)
const sums = new Float64Array(blockM * blockN)

/**
 * Packs `lines` × `depth` elements, line l and depth p at a[from + l·lineStride + p·depthStride], in groups of `width`
 * lines: within a group by depth, then by line. Lines missing from the last group are zeros.
 */
function pack(
  a: NumberArray,
  from: number,
  lines: number,
  depth: number,
  lineStride: number,
  depthStride: number,
  width: number,
  packed: Float64Array,
): void {
  for (let group = 0; group < lines; group += width) {
    for (let lane = 0; lane < width; lane++) {
      let to = group * depth + lane
      const end = to + depth * width
      if (group + lane < lines) {
        for (let at = from + (group + lane) * lineStride; to < end; to += width, at += depthStride) packed[to] = a[at]
      } else {
        for (; to < end; to += width) packed[to] = 0
      }
    }
  }
}

/** sums[i·blockN + j] += Σ_p of the packed blocks, for height × width of them. */
function multiply(height: number, width: number, depth: number): void {
  for (let j = 0; j < width; j += 4) {
    for (let i = 0; i < height; i += 2) {
      let a = i * depth
      let b = j * depth
      let s00 = 0
      let s01 = 0
      let s02 = 0
      let s03 = 0
      let s10 = 0
      let s11 = 0
      let s12 = 0
      let s13 = 0
      for (const end = a + 2 * depth; a < end; a += 2, b += 4) {
        const a0 = packedA[a]
        const a1 = packedA[a + 1]
        const b0 = packedB[b]
        const b1 = packedB[b + 1]
        const b2 = packedB[b + 2]
        const b3 = packedB[b + 3]
        s00 += a0 * b0
        s01 += a0 * b1
        s02 += a0 * b2
        s03 += a0 * b3
        s10 += a1 * b0
        s11 += a1 * b1
        s12 += a1 * b2
        s13 += a1 * b3
      }
      const to = i * blockN + j
      sums[to] += s00
      sums[to + 1] += s01
      sums[to + 2] += s02
      sums[to + 3] += s03
      sums[to + blockN] += s10
      sums[to + blockN + 1] += s11
      sums[to + blockN + 2] += s12
      sums[to + blockN + 3] += s13
    }
  }
}

/** Which matrix of an operand (or of out) the point (row, col) of the batch grid uses. */
const matrixAt = (layout: Layout, row: number, col: number, cols: number): number =>
  layout === Layout.full ? row * cols + col : layout === Layout.row ? col : layout === Layout.column ? row : 0

function matmul(
  transposeA: boolean,
  transposeB: boolean,
  m: number,
  n: number,
  k: number,
  rows: number,
  cols: number,
  aLayout: Layout,
  bLayout: Layout,
  outLayout: Layout,
  a: NumberArray,
  b: NumberArray,
  out: NumberArray,
): void {
  const byRow = outLayout === Layout.full || outLayout === Layout.column
  const byCol = outLayout === Layout.full || outLayout === Layout.row
  // No array grows with the other axis of an empty grid, nor with that of empty matrices.
  if (m * n === 0 || (byRow && rows === 0) || (byCol && cols === 0)) return
  const isZero = rows * cols * k === 0
  const [aLine, aDepth] = transposeA ? [1, m] : [k, 1]
  const [bLine, bDepth] = transposeB ? [k, 1] : [1, n]

  /** One block of one output matrix, over all the products [fromRow, toRow) × [fromCol, toCol) that it sums. */
  const block = (i: number, j: number, fromRow: number, toRow: number, fromCol: number, toCol: number): void => {
    const height = Math.min(blockM, m - i)
    const width = Math.min(blockN, n - j)
    sums.fill(0)
    for (let row = fromRow; row < toRow && !isZero; row++) {
      for (let col = fromCol; col < toCol; col++) {
        const aFrom = matrixAt(aLayout, row, col, cols) * m * k + i * aLine
        const bFrom = matrixAt(bLayout, row, col, cols) * k * n + j * bLine
        for (let p = 0; p < k; p += blockK) {
          const depth = Math.min(blockK, k - p)
          pack(a, aFrom + p * aDepth, height, depth, aLine, aDepth, 2, packedA)
          pack(b, bFrom + p * bDepth, width, depth, bLine, bDepth, 4, packedB)
          multiply(height, width, depth)
        }
      }
    }
    const to = matrixAt(outLayout, fromRow, fromCol, cols) * m * n + i * n + j
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) out[to + y * n + x] = sums[y * blockN + x]
    }
  }

  for (let row = 0; row < (byRow ? rows : 1); row++) {
    for (let col = 0; col < (byCol ? cols : 1); col++) {
      for (let j = 0; j < n; j += blockN) {
        for (let i = 0; i < m; i += blockM) {
          block(i, j, byRow ? row : 0, byRow ? row + 1 : rows, byCol ? col : 0, byCol ? col + 1 : cols)
        }
      }
    }
  }
}

function matmulEpilogue(
  transposeA: boolean,
  transposeB: boolean,
  m: number,
  n: number,
  k: number,
  relu: boolean,
  a: NumberArray,
  b: NumberArray,
  bias: NumberArray,
  reluMask: NumberArray,
  out: NumberArray,
): void {
  const { full } = Layout
  matmul(transposeA, transposeB, m, n, k, 1, 1, full, full, full, a, b, out)
  // In steps, since what each gives is rounded.
  if (bias.length > 0) for (let i = 0; i < m * n; i++) out[i] += bias[i % n]
  if (relu) for (let i = 0; i < m * n; i++) if (out[i] <= 0) out[i] = 0
  if (reluMask.length > 0) for (let i = 0; i < m * n; i++) if (reluMask[i] <= 0) out[i] = 0
}

export const matrixProducts = { matmul, matmulEpilogue }
