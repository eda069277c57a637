// Philox 4x32-10, the counter-based random generator of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
// SC 2011: a pure function of counter and key.

const multiplier0 = 0xd2511f53
const multiplier1 = 0xcd9e8d57
const weyl0 = 0x9e3779b9
const weyl1 = 0xbb67ae85

/** The high 32 bits of the product of two unsigned 32-bit integers. */
function highProduct(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const upper = aHigh * bLow + ((aLow * bLow) >>> 16)
  const lower = aLow * bHigh + (upper & 0xffff)
  return (aHigh * bHigh + (upper >>> 16) + (lower >>> 16)) | 0
}

/**
 * Writes the four 32-bit words of one block to `words`. The counter is c0 (lowest) to c3, the key k0 and k1; each is
 * taken modulo 2³².
 */
export function philox(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  words: Uint32Array,
): void {
  c0 |= 0
  c1 |= 0
  c2 |= 0
  c3 |= 0
  k0 |= 0
  k1 |= 0
  for (let round = 0; round < 10; round++) {
    const high0 = highProduct(multiplier0, c0)
    const low0 = Math.imul(multiplier0, c0)
    const high1 = highProduct(multiplier1, c2)
    const low1 = Math.imul(multiplier1, c2)
    c0 = high1 ^ c1 ^ k0
    c1 = low1
    c2 = high0 ^ c3 ^ k1
    c3 = low0
    k0 = (k0 + weyl0) | 0
    k1 = (k1 + weyl1) | 0
  }
  words[0] = c0
  words[1] = c1
  words[2] = c2
  words[3] = c3
}
