// Writing safetensors: the bytes, the way back, and files that are whole or not there.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ArgumentError, io, nn, type Tensor, tensor, zeros } from '../../lib/index.js'
import { temporaryFolder } from './support.js'

const folder = temporaryFolder()

describe('encodeSafetensors', () => {
  it('writes what the reference implementation writes', () => {
    const tensors = { b: tensor([[1, 2]]), a: tensor([3], { dtype: 'int32' }), c: tensor([4]), m: tensor([true]) }
    const header =
      '{"__metadata__":{"k":"v"},' +
      '"b":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},' +
      '"c":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},' +
      '"a":{"dtype":"I32","shape":[1],"data_offsets":[12,16]},' +
      '"m":{"dtype":"BOOL","shape":[1],"data_offsets":[16,17]}}'
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8)
    const data = [0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 128, 64, 3, 0, 0, 0, 1]
    const expected = Buffer.concat([
      Buffer.from([padded.length, 0, 0, 0, 0, 0, 0, 0]),
      Buffer.from(padded),
      Buffer.from(data),
    ])
    expect(padded.length).toBeLessThan(256)
    expect(Buffer.from(io.encodeSafetensors(tensors, { metadata: { k: 'v' } }))).toEqual(expected)
  })

  it('aligns every tensor to 8 bytes or its elements, whatever the names', () => {
    for (let n = 1; n < 20; n++) {
      const bytes = io.encodeSafetensors({ ['x'.repeat(n)]: tensor([1], { dtype: 'float64' }) })
      expect((bytes.length - 8) % 8).toBe(0)
    }
  })

  it('gives the same bytes for the same tensors in another order', () => {
    const [a, b] = [tensor([1]), tensor([2])]
    expect(io.encodeSafetensors({ a, b })).toEqual(io.encodeSafetensors({ b, a }))
  })

  it.each([
    ['float32', [0.1, -0, Number.NaN, Number.NEGATIVE_INFINITY, 1e-45]],
    ['float64', [0.1, -0, Number.NaN, Number.POSITIVE_INFINITY, 5e-324]],
    ['int32', [-(2 ** 31), 2 ** 31 - 1, 0]],
    ['uint8', [0, 255]],
    ['bool', [0, 1]],
  ] as const)('keeps %s bit for bit', (dtype, values) => {
    const source = {
      row: tensor([...values], { dtype }),
      point: tensor(values[0], { dtype }),
      none: zeros([2, 0], { dtype }),
    }
    const back = io.decodeSafetensors(io.encodeSafetensors(source))
    for (const [name, { shape, data }] of Object.entries<Tensor>(source)) {
      expect(back[name].dtype).toBe(dtype)
      expect(back[name].shape).toEqual(shape)
      expect(Buffer.from(back[name].data.buffer)).toEqual(Buffer.from(data.buffer))
    }
  })

  it('keeps any names and metadata', () => {
    const name = 'a "quoted"\\ \n name with ✓ and \u{1f600}'
    const metadata = { [name]: name, empty: '' }
    const path = join(folder, 'names.safetensors')
    io.saveSafetensors(
      path,
      new Map([
        [name, tensor([1])],
        ['__proto__', tensor([2])],
      ]),
      { metadata },
    )
    expect(Object.keys(io.loadSafetensors(path)).sort()).toEqual([name, '__proto__'].sort())
    expect({ ...io.readSafetensorsMetadata(path) }).toEqual(metadata)
  })

  it.each([
    ['a number', { a: 1 }, 'encodeSafetensors: expected a Tensor for "a", got 1'],
    ['the reserved name', { __metadata__: tensor(1) }, 'expected a name other than __metadata__'],
    ['null', null, 'expected an object or a Map of tensors, got null'],
  ])('refuses %s', (_, tensors, message) => {
    const encode = () => io.encodeSafetensors(tensors as unknown as Record<string, Tensor>)
    expect(encode).toThrow(ArgumentError)
    expect(encode).toThrow(message)
  })

  it('writes metadata’s own strings, whatever else the object has', () => {
    const hidden = { toJSON: () => ({ n: 1 }) }
    const metadata = Object.assign(Object.create(hidden) as object, { k: 'v' }) as unknown as Record<string, string>
    const path = join(folder, 'hidden.safetensors')
    io.saveSafetensors(path, { a: tensor([1]) }, { metadata })
    expect({ ...io.readSafetensorsMetadata(path) }).toEqual({ k: 'v' })
    for (const list of [new Map([['k', 'v']]), ['k']]) {
      const save = () => io.encodeSafetensors({}, { metadata: list as unknown as Record<string, string> })
      expect(save).toThrow('expected metadata to be an object of strings, got')
    }
    const extended = Object.prototype as unknown as Record<string, unknown>
    extended.toJSON = () => 'x'
    try {
      expect(Object.keys(io.decodeSafetensors(io.encodeSafetensors({ a: tensor([1]) }, { metadata })))).toEqual(['a'])
    } finally {
      delete extended.toJSON
    }
  })

  it('refuses metadata that is no text', () => {
    const metadata = { n: 1 } as unknown as Record<string, string>
    expect(() => io.encodeSafetensors({}, { metadata })).toThrow('expected metadata "n" to be a string, got 1')
  })
})

describe('saveSafetensors', () => {
  it('saves a model that another one loads', () => {
    const path = join(folder, 'model.safetensors')
    const create = () => new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU(), new nn.Linear(4, 2))
    const [model, other] = [create(), create()]
    io.saveSafetensors(path, model.stateDict())
    other.loadStateDict(io.loadSafetensors(path))
    const x = tensor([[1, -2, 3]])
    expect(other.forward(x).toArray()).toEqual(model.forward(x).toArray())
  })

  it('can be read by Python’s standard library', () => {
    const path = join(folder, 'python.safetensors')
    io.saveSafetensors(path, { w: tensor([[0.5, -1]]) }, { metadata: { by: 'blasgrad' } })
    const program = `
import json, struct, sys
b = open(sys.argv[1], 'rb').read()
n, = struct.unpack('<Q', b[:8])
h = json.loads(b[8:8 + n])
s, e = h['w']['data_offsets']
print(json.dumps([h['__metadata__'], h['w']['dtype'], h['w']['shape'], struct.unpack('<2f', b[8 + n + s:8 + n + e])]))`
    const printed = execFileSync('python3', ['-c', program, path], { encoding: 'utf8' })
    expect(JSON.parse(printed)).toEqual([{ by: 'blasgrad' }, 'F32', [1, 2], [0.5, -1]])
  })

  it('replaces an older file and leaves nothing else behind', () => {
    const place = join(folder, 'replace')
    mkdirSync(place)
    const path = join(place, 'a.safetensors')
    for (const value of [1, 2]) io.saveSafetensors(path, { a: tensor(value) })
    expect(io.loadSafetensors(path).a.item()).toBe(2)
    expect(readdirSync(place)).toEqual(['a.safetensors'])
  })

  it('leaves the older file and no other when it fails', () => {
    const place = join(folder, 'fail')
    mkdirSync(join(place, 'a.safetensors', 'full'), { recursive: true })
    expect(() => io.saveSafetensors(join(place, 'a.safetensors'), { a: tensor(1) })).toThrow(/got a directory/)
    expect(readdirSync(place)).toEqual(['a.safetensors'])
    const path = join(place, 'b.safetensors')
    writeFileSync(path, 'old')
    expect(() => io.saveSafetensors(path, { a: 1 as unknown as Tensor })).toThrow(ArgumentError)
    expect(readFileSync(path, 'utf8')).toBe('old')
    expect(readdirSync(place)).toEqual(['a.safetensors', 'b.safetensors'])
    expect(() => io.saveSafetensors(join(folder, 'none', 'a'), { a: tensor(1) })).toThrow(/ENOENT/)
    expect(existsSync(join(folder, 'none'))).toBe(false)
  })
})
