// What the safetensors format does not allow: an error each, that says what and where.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FormatError, io } from '../../lib/index.js'
import { fileOf, temporaryFolder } from './support.js'

const bytes = (start: number, end: number, shape = [end - start]) => ({
  dtype: 'U8',
  shape,
  data_offsets: [start, end],
})
const headerLength = (length: bigint, rest = '') => {
  const file = new Uint8Array(8 + rest.length)
  new DataView(file.buffer).setBigUint64(0, length, true)
  file.set(Buffer.from(rest), 8)
  return file
}
const entry = (fields: object) => fileOf({ a: { ...bytes(0, 4), ...fields } }, 4)

const malformed: readonly [what: string, file: Uint8Array, message: string | RegExp][] = [
  ['an empty file', new Uint8Array(0), 'expected at least 8 bytes, got 0'],
  ['half a length', new Uint8Array(7), 'expected at least 8 bytes, got 7'],
  [
    'an absurd header length',
    headerLength(2n ** 64n - 1n),
    'a header of at most 100000000 bytes, got 18446744073709551615',
  ],
  ['a header over 100 MB', headerLength(100_000_001n), 'a header of at most 100000000 bytes, got 100000001'],
  ['a header beyond the file', headerLength(9n, '{}'), 'expected 17 bytes for a header of 9, got 10'],
  ['no header', headerLength(0n), 'a header that begins with {, got nothing at byte 8'],
  ['a header that begins with a space', fileOf(' {}'), 'a header that begins with {, got 0x20 at byte 8'],
  ['a header that is a list', fileOf('[]'), 'a header that begins with {, got 0x5b'],
  ['no JSON', fileOf('{a}'), /expected a header in JSON, got: .*position 1/],
  ['a cut header', fileOf('{"a":'), 'expected a header in JSON'],
  ['a byte order mark', fileOf('\u{feff}{}'), 'a header that begins with {, got 0xef'],
  ['no UTF-8', Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff, 0x7d), 'expected a header in UTF-8'],
  ['a name twice', fileOf('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0061":{}}'), 'got "a" twice'],
  ['a field twice', fileOf('{"a":{"shape":[1],"shape":[0],"dtype":"U8","data_offsets":[0,0]}}'), 'got "shape" twice'],
  ['metadata that is a list', fileOf({ __metadata__: [] }), 'expected __metadata__ to be an object, got []'],
  ['metadata that is no text', fileOf({ __metadata__: { n: 1 } }), '__metadata__ to hold strings, got 1 at "n"'],
  ['a tensor that is null', fileOf({ a: null }), 'tensor "a": expected an object, got null'],
  ['an unknown dtype', entry({ dtype: 'F31' }), /tensor "a": expected a dtype \(BOOL, U8, .*\), got "F31"/],
  ['a dtype in small letters', entry({ dtype: 'u8' }), 'got "u8"'],
  ['no dtype', entry({ dtype: undefined }), 'got undefined'],
  ['a dtype from a prototype', entry({ dtype: 'toString' }), 'got "toString"'],
  ['a negative shape', entry({ shape: [-4] }), 'tensor "a": expected a shape of non-negative integers, got [-4]'],
  ['a fractional shape', entry({ shape: [1.5] }), 'expected a shape of non-negative integers, got [1.5]'],
  ['a shape of text', entry({ shape: ['4'] }), 'expected a shape of non-negative integers, got ["4"]'],
  ['a shape that is no list', entry({ shape: 4 }), 'expected a shape of non-negative integers, got 4'],
  ['a shape that overflows', entry({ shape: [2 ** 40, 2 ** 40] }), 'expected a shape of non-negative integers'],
  [
    'a shape of another size',
    entry({ shape: [3] }),
    'expected 3 bytes for shape [3] of U8, got 4 in data_offsets [0, 4]',
  ],
  ['a dtype of another size', entry({ dtype: 'F32' }), 'expected 16 bytes for shape [4] of F32, got 4'],
  ['one offset', entry({ data_offsets: [0] }), 'expected data_offsets [start, end], start ≤ end, got [0]'],
  ['offsets in reverse', entry({ data_offsets: [4, 0] }), 'start ≤ end, got [4, 0]'],
  ['negative offsets', entry({ data_offsets: [-4, 0] }), 'start ≤ end, got [-4, 0]'],
  ['fractional offsets', entry({ data_offsets: [0.5, 4.5] }), 'start ≤ end, got [0.5, 4.5]'],
  [
    'an offset out of range',
    fileOf({ a: bytes(0, 5) }, 4),
    'tensor "a" is out of range: expected an end up to 4, got 5',
  ],
  [
    'an overlap',
    fileOf({ a: bytes(0, 3), b: bytes(2, 4) }, 4),
    'tensor "b" overlaps the tensor before it: expected start 3',
  ],
  [
    'two tensors in one place',
    fileOf({ a: bytes(0, 4), b: bytes(0, 4) }, 4),
    'tensor "b" overlaps the tensor before it',
  ],
  [
    'a hole',
    fileOf({ a: bytes(0, 1), b: bytes(2, 4) }, 4),
    'tensor "b" leaves a hole before it: expected start 1, got 2',
  ],
  ['a hole at the start', fileOf({ a: bytes(1, 4) }, 4), 'tensor "a" leaves a hole before it: expected start 0, got 1'],
  [
    'bytes beyond the last tensor',
    fileOf({ a: bytes(0, 4) }, 5),
    'expected 4 bytes of tensors, as the header says, got 5',
  ],
  ['bytes without a tensor', fileOf({}, 1), 'expected 0 bytes of tensors, as the header says, got 1'],
  ['65 axes', fileOf({ a: bytes(0, 1, new Array(65).fill(1)) }, 1), 'tensor "a": expected at most 64 axes, got 65'],
  ['a deep list', fileOf(`{"a":${'['.repeat(1e6)}${']'.repeat(1e6)}}`), 'a header of 8 levels, got 1000001'],
  ['a deep object', fileOf(`{"a":${'{"a":'.repeat(1e6)}`), 'a header of 8 levels, got 1000001'],
  [
    'a name of a million escapes, twice',
    fileOf(`{"${'\\n'.repeat(1e6)}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"${'\\n'.repeat(1e6)}":0}`),
    'expected distinct names',
  ],
  [
    'too many elements',
    fileOf({ a: bytes(0, 0, [0, 2 ** 32]) }),
    'expected at most 2147483647 elements, got shape [0, 4294967296]',
  ],
]

describe('a malformed safetensors file', () => {
  it.each(malformed)('%s', (_, file, message) => {
    const read = () => io.decodeSafetensors(file)
    expect(read).toThrow(FormatError)
    expect(read).toThrow(message)
  })

  it('is named in the message when it was read from a path', () => {
    const path = join(temporaryFolder(), 'broken.safetensors')
    writeFileSync(path, fileOf({ a: bytes(0, 5) }, 4))
    for (const op of ['loadSafetensors', 'readSafetensorsMetadata'] as const) {
      expect(() => io[op](path)).toThrow(`${op}: ${path}: tensor "a" is out of range`)
    }
  })

  it('of any kind never gives anything but FormatError', () => {
    const good = io.encodeSafetensors(io.decodeSafetensors(fileOf({ a: bytes(0, 4), b: bytes(4, 6) }, 6)))
    for (let at = 0; at < good.length - 6; at++) {
      for (const value of [0, 0x22, 0x39, 0x7b, 0xff]) {
        const changed = good.slice()
        changed[at] = value
        try {
          io.decodeSafetensors(changed)
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError)
        }
      }
      expect(() => io.decodeSafetensors(good.subarray(0, at))).toThrow(FormatError)
    }
  })
})
