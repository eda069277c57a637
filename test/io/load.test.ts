// Reading safetensors written by others.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ArgumentError, FormatError, io } from '../../lib/index.js'
import { fileOf, temporaryFolder } from './support.js'

const fixture = fileURLToPath(new URL('fixtures/every-dtype.safetensors', import.meta.url))

/** Two ids, the second of these bytes, and a byte beside them. */
function withIds(dtype: string, size: number, bytes: readonly number[]): Uint8Array {
  const ids = { dtype, shape: [2], data_offsets: [0, 2 * size] }
  const file = fileOf({ ids, other: { dtype: 'U8', shape: [1], data_offsets: [2 * size, 2 * size + 1] } }, 2 * size + 1)
  file.fill(0, file.length - 2 * size - 1)
  file.set([...bytes, 7], file.length - size - 1)
  return file
}

describe('loadSafetensors', () => {
  const tensors = io.loadSafetensors(fixture)

  it.each([
    ['f64', 'float64', [1.5, -1e300]],
    ['f32', 'float32', [[0.25], [Number.NEGATIVE_INFINITY]]],
    ['i64', 'int32', [-(2 ** 31), 2 ** 31 - 1, 7]],
    ['u64', 'int32', [2 ** 31 - 1]],
    ['i32', 'int32', -5],
    ['u32', 'int32', [2 ** 31 - 1]],
    ['f16', 'float32', [1, -2, 65504, 2 ** -24, -(2 ** -14), Number.POSITIVE_INFINITY, Number.NaN]],
    ['bf16', 'float32', [1, -3, Number.POSITIVE_INFINITY]],
    ['i16', 'int32', [-32768, 32767]],
    ['u16', 'int32', [65535]],
    ['i8', 'int32', [-128, 127]],
    ['u8', 'uint8', [[], []]],
    ['bool', 'bool', [true, false, true]],
    ['naïve ✓', 'uint8', [0, 128, 255]],
  ])('reads %s as %s', (name, dtype, values) => {
    expect(tensors[name].dtype).toBe(dtype)
    expect(tensors[name].toArray()).toEqual(values)
    expect(tensors[name].requiresGrad).toBe(false)
  })

  it('gives the names in the file’s order, and the metadata apart', () => {
    expect(Object.keys(tensors).slice(0, 3)).toEqual(['f64', 'f32', 'i64'])
    expect(Object.keys(tensors)).toHaveLength(14)
    expect(io.readSafetensorsMetadata(fixture)).toEqual({ format: 'pt', 'made by': 'every-dtype.py' })
  })

  it('reads a file without tensors, and one without metadata', () => {
    const path = join(temporaryFolder(), 'empty.safetensors')
    writeFileSync(path, fileOf({}))
    expect(io.loadSafetensors(path)).toEqual({})
    expect(io.readSafetensorsMetadata(path)).toEqual({})
  })

  it('takes names from JavaScript’s prototypes as any other', () => {
    const text = ['__proto__', 'constructor', 'toString'].map(
      (name, i) => `"${name}":{"dtype":"U8","shape":[1],"data_offsets":[${i},${i + 1}]}`,
    )
    const read = io.decodeSafetensors(fileOf(`{"__metadata__":{"__proto__":"x"},${text.join()}}`, 3))
    expect(Object.keys(read)).toEqual(['__proto__', 'constructor', 'toString'])
    expect(Object.values(read).map(tensor => tensor.toArray())).toEqual([[0], [1], [2]])
    expect(Object.getPrototypeOf(read)).toBeNull()
    expect(({} as { dtype?: string }).dtype).toBeUndefined()
  })

  it.each([
    ['I64', 8, [0, 0, 0, 128, 0, 0, 0, 0], '2147483648'],
    ['I64', 8, [255, 255, 255, 127, 255, 255, 255, 255], '-2147483649'],
    ['U64', 8, [0, 0, 0, 128, 0, 0, 0, 0], '2147483648'],
    ['U32', 4, [0, 0, 0, 128], '2147483648'],
    ['I64', 8, [255, 255, 255, 255, 255, 255, 31, 0], '9007199254740991'],
    ['U64', 8, [255, 255, 255, 255, 255, 255, 31, 0], '9007199254740991'],
  ])('reads %s as float64 where a value does not fit int32', (dtype, size, bytes, shown) => {
    const { ids, other } = io.decodeSafetensors(withIds(dtype, size, bytes))
    expect([ids.dtype, ids.toArray()]).toEqual(['float64', [0, Number(shown)]])
    expect([other.dtype, other.toArray()]).toEqual(['uint8', [7]])
  })

  it.each([
    ['I64', [0, 0, 0, 0, 0, 0, 32, 0], '9007199254740992'],
    ['I64', [0, 0, 0, 0, 0, 0, 0, 128], '-9223372036854776000'],
    ['U64', [255, 255, 255, 255, 255, 255, 255, 255], '18446744073709552000'],
  ])('refuses %s values that float64 does not have, and reads the other tensors by name', (dtype, bytes, shown) => {
    const file = withIds(dtype, 8, bytes)
    const message = `tensor "ids": expected ${dtype} values of at most 2⁵³ − 1, got ${shown} at 1; the option names loads`
    expect(() => io.decodeSafetensors(file)).toThrow(FormatError)
    expect(() => io.decodeSafetensors(file)).toThrow(message)
    const path = join(temporaryFolder(), 'ids.safetensors')
    writeFileSync(path, file)
    for (const read of [
      io.decodeSafetensors(file, { names: ['other'] }),
      io.loadSafetensors(path, { names: ['other'] }),
    ]) {
      expect(Object.keys(read)).toEqual(['other'])
      expect(read.other.toArray()).toEqual([7])
    }
    expect(() => io.loadSafetensors(path, { names: ['none'] })).toThrow(
      `loadSafetensors: ${path}: expected names of the file, got "none"`,
    )
    expect(() => io.decodeSafetensors(file, { names: 'other' as never })).toThrow(ArgumentError)
  })

  it('refuses what is neither a path nor bytes, and says which file is missing', () => {
    expect(() => io.loadSafetensors(5 as unknown as string)).toThrow(ArgumentError)
    expect(() => io.decodeSafetensors('x' as unknown as Uint8Array)).toThrow(ArgumentError)
    expect(() => io.loadSafetensors('/nowhere/a.safetensors')).toThrow(/\/nowhere\/a.safetensors: .*ENOENT/)
  })
})
