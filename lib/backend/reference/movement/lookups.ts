// Rows and elements by index along the middle axis of [outer, n, inner]; ids are checked before anything is written.

import type { NumberArray } from '../../signature.js'

/** The position of the first id outside 0..n−1, or −1. */
function firstBadId(count: number, n: number, ids: Int32Array): number {
  for (let at = 0; at < count; at++) if (ids[at] < 0 || ids[at] >= n) return at
  return -1
}

export const lookups = {
  take(
    outer: number,
    n: number,
    inner: number,
    count: number,
    a: NumberArray,
    ids: Int32Array,
    out: NumberArray,
  ): number {
    const bad = firstBadId(count, n, ids)
    if (bad !== -1) return bad
    if (inner === 0 || count === 0) return -1
    for (let o = 0, to = 0; o < outer; o++) {
      for (let j = 0; j < count; j++) {
        let from = (o * n + ids[j]) * inner
        for (const end = to + inner; to < end; to++, from++) out[to] = a[from]
      }
    }
    return -1
  },

  takeBackward(
    outer: number,
    n: number,
    inner: number,
    count: number,
    g: NumberArray,
    ids: Int32Array,
    out: NumberArray,
  ): number {
    const bad = firstBadId(count, n, ids)
    if (bad !== -1) return bad
    out.fill(0, 0, outer * n * inner)
    if (inner === 0 || count === 0) return -1
    for (let o = 0, from = 0; o < outer; o++) {
      for (let j = 0; j < count; j++) {
        let to = (o * n + ids[j]) * inner
        for (const end = from + inner; from < end; from++, to++) out[to] += g[from]
      }
    }
    return -1
  },

  rowLists(n: number, count: number, ids: Int32Array, first: Int32Array, next: Int32Array): number {
    const bad = firstBadId(count, n, ids)
    if (bad !== -1) return bad
    first.fill(-1, 0, n)
    for (let j = count - 1; j >= 0; j--) {
      next[j] = first[ids[j]]
      first[ids[j]] = j
    }
    return -1
  },

  gather(
    outer: number,
    n: number,
    inner: number,
    count: number,
    a: NumberArray,
    ids: Int32Array,
    out: NumberArray,
  ): number {
    const bad = firstBadId(outer * count * inner, n, ids)
    if (bad !== -1) return bad
    if (inner === 0 || count === 0) return -1
    for (let o = 0, at = 0; o < outer; o++) {
      for (let j = 0; j < count; j++) {
        for (let i = 0; i < inner; i++, at++) out[at] = a[(o * n + ids[at]) * inner + i]
      }
    }
    return -1
  },

  gatherBackward(
    outer: number,
    n: number,
    inner: number,
    count: number,
    g: NumberArray,
    ids: Int32Array,
    out: NumberArray,
  ): number {
    const bad = firstBadId(outer * count * inner, n, ids)
    if (bad !== -1) return bad
    out.fill(0, 0, outer * n * inner)
    if (inner === 0 || count === 0) return -1
    for (let o = 0, at = 0; o < outer; o++) {
      for (let j = 0; j < count; j++) {
        for (let i = 0; i < inner; i++, at++) out[(o * n + ids[at]) * inner + i] += g[at]
      }
    }
    return -1
  },
}
