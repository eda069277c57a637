// A checksum that detects changed elements. It is not cryptographic.

import type { NumberArray } from './dtype.js'

/** FNV-1a (Fowler, Noll, Vo), 32 bits, over the bytes. */
export function checksum({ buffer, byteOffset, byteLength }: NumberArray): number {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength)
  let hash = 0x811c9dc5
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193)
  return hash
}
