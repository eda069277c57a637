// readIdx, on files written byte by byte.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { ArgumentError, data, FormatError } from '../../lib/index.js'

const { readIdx } = data
const file = (...bytes: number[]) => Uint8Array.from(bytes)
const twoBytes = file(0, 0, 8, 1, 0, 0, 0, 2, 7, 255)

describe('readIdx', () => {
  it.each([
    ['unsigned bytes', file(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 255), 'uint8', [[0], [255]]],
    ['signed bytes', file(0, 0, 9, 1, 0, 0, 0, 2, 127, 128), 'int32', [127, -128]],
    ['shorts', file(0, 0, 11, 1, 0, 0, 0, 2, 1, 0, 255, 254), 'int32', [256, -2]],
    ['ints', file(0, 0, 12, 1, 0, 0, 0, 1, 128, 0, 0, 0), 'int32', [-(2 ** 31)]],
    ['floats', file(0, 0, 13, 1, 0, 0, 0, 2, 0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0), 'float32', [1, -2.5]],
    ['doubles', file(0, 0, 14, 1, 0, 0, 0, 1, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0), 'float64', [1.5]],
    ['no axes', file(0, 0, 8, 0, 5), 'uint8', 5],
    ['no elements', file(0, 0, 8, 1, 0, 0, 0, 0), 'uint8', []],
  ] as const)('reads %s', (_, bytes, dtype, values) => {
    const tensor = readIdx(bytes)
    expect(tensor.dtype).toBe(dtype)
    expect(tensor.toArray()).toEqual(values)
  })

  it('reads from paths, gzipped or not', () => {
    const folder = mkdtempSync(join(tmpdir(), 'idx-'))
    writeFileSync(join(folder, 'a'), twoBytes)
    writeFileSync(join(folder, 'a.gz'), gzipSync(twoBytes))
    for (const name of ['a', 'a.gz']) expect(readIdx(join(folder, name)).toArray()).toEqual([7, 255])
    expect(() => readIdx(join(folder, 'none'))).toThrow(/ENOENT/)
    rmSync(folder, { recursive: true })
  })

  it('copies the bytes that it is given', () => {
    const bytes = twoBytes.slice()
    const tensor = readIdx(bytes)
    bytes[8] = 0
    expect(tensor.toArray()).toEqual([7, 255])
  })

  it.each([
    ['bad magic', file(1, 0, 8, 1, 0, 0, 0, 0), 'readIdx: expected a magic number 00 00 08…0e NN, got 01 00 08 01'],
    [
      'an unknown type',
      file(0, 0, 10, 1, 0, 0, 0, 0),
      'readIdx: expected a magic number 00 00 08…0e NN, got 00 00 0a 01',
    ],
    ['nothing', file(), 'readIdx: expected at least 4 bytes, got 0'],
    ['half a header', file(0, 0, 8, 2, 0, 0, 0, 1), 'readIdx: expected a header of 12 bytes for 2 axes, got 8'],
    ['a short file', twoBytes.subarray(0, 9), 'readIdx: expected 10 bytes for shape [2] of type unsigned byte, got 9'],
    ['a long file', file(...twoBytes, 0), 'readIdx: expected 10 bytes for shape [2] of type unsigned byte, got 11'],
    ['an absurd shape', file(0, 0, 8, 2, 255, 0, 0, 0, 255, 0, 0, 0), /expected at most 2147483647 elements/],
    ['broken gzip', gzipSync(twoBytes).subarray(0, 15), /expected whole gzip data/],
    ['65 axes', file(0, 0, 8, 65, ...new Array(65 * 4).fill(0)), 'readIdx: expected at most 64 axes, got 65'],
    [
      'gzip of more than its header says',
      gzipSync(Buffer.concat([twoBytes, Buffer.alloc(1 << 24)])),
      'readIdx: expected 10 bytes for shape [2] of type unsigned byte, got more',
    ],
    [
      'gzip of less',
      gzipSync(twoBytes.subarray(0, 9)),
      'readIdx: expected 10 bytes for shape [2] of type unsigned byte, got 9',
    ],
    ['gzip without a header', gzipSync(Buffer.alloc(1 << 24)), /expected|magic/],
  ])('refuses %s', (_, bytes, message) => {
    const read = () => readIdx(bytes)
    expect(read).toThrow(FormatError)
    expect(read).toThrow(message)
  })

  it('refuses what is neither a path nor bytes', () => {
    expect(() => readIdx(5 as unknown as string)).toThrow(ArgumentError)
  })
})
