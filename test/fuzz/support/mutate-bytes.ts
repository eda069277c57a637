// Changes of inputs: of bits, bytes and integers, of parts, with words of the format and parts of other inputs.

import type { Random } from '../../support/random.js'

const largest = 4096
const edges = [0, 1, 2, 7, 8, 64, 65, 127, 128, 255, 256, 32767, 65535, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]

const joined = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts))

/** Replaces `count` bytes from `at` on. */
const spliced = (bytes: Uint8Array, at: number, count: number, by: Uint8Array): Uint8Array =>
  joined(bytes.subarray(0, at), by, bytes.subarray(at + count))

function integer(random: Random): Uint8Array {
  const bytes = new Uint8Array([1, 2, 4, 8][random.integer(4)])
  const view = Buffer.from(bytes.buffer)
  const value = edges[random.integer(edges.length)] % 2 ** Math.min(32, 8 * bytes.length)
  if (bytes.length === 8) view.writeBigUInt64LE(BigInt(value))
  else if (random.integer(2) === 0) view.writeUIntLE(value, 0, bytes.length)
  else view.writeUIntBE(value, 0, bytes.length)
  return bytes
}

type Change = (bytes: Uint8Array, at: number, random: Random, other: Uint8Array) => Uint8Array

const changes: readonly Change[] = [
  (bytes, at, random) => {
    const changed = bytes.slice()
    if (at < changed.length) changed[at] ^= 1 << random.integer(8)
    return changed
  },
  (bytes, at, random) => spliced(bytes, at, 1, Uint8Array.of(random.integer(256))),
  (bytes, at, random) => {
    const value = integer(random)
    return spliced(bytes, at, value.length, value)
  },
  (bytes, at, random) => spliced(bytes, at, 1 + random.integer(16), new Uint8Array(0)),
  (bytes, at) => bytes.slice(0, at),
  (bytes, at, random) => {
    const part = bytes.subarray(at, at + 1 + random.integer(32))
    return spliced(bytes, random.integer(bytes.length + 1), 0, part)
  },
  // Decimal digits: numbers of a text.
  (bytes, at, random) => {
    const digit = bytes.findIndex((byte, i) => i >= at && byte >= 0x30 && byte <= 0x39)
    const value = edges[random.integer(edges.length)] - random.integer(2)
    return digit === -1 ? bytes : spliced(bytes, digit, 1, Buffer.from(`${value}`))
  },
  (bytes, at, random, other) => {
    const from = random.integer(other.length + 1)
    return joined(bytes.subarray(0, at), other.subarray(from))
  },
]

/** One input of the corpus, changed once to four times. */
export function mutated(corpus: readonly Uint8Array[], words: readonly Uint8Array[], random: Random): Uint8Array {
  const any = (): Uint8Array => corpus[random.integer(corpus.length)]
  let bytes = any()
  for (let left = 1 + random.integer(4); left > 0; left--) {
    const at = random.integer(bytes.length + 1)
    const kind = random.integer(changes.length + 2)
    if (kind < changes.length) bytes = changes[kind](bytes, at, random, any())
    else bytes = spliced(bytes, at, random.integer(3), words[random.integer(words.length)])
  }
  return bytes.subarray(0, largest)
}
