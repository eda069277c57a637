// A coverage-guided fuzzer for what reads files: whatever the bytes are, they are read or refused by an error of the
// library with a short message, in work that grows with their number.

import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { runs, seed } from '../support/cases.js'
import { Coverage, fuzz, type Target } from './support/coverage.js'
import { findings, keepFinding } from './support/findings.js'

const count = runs(2000, 40_000)

/** Loaded after the first look at coverage began, since V8 counts blocks of no other code. */
const library = () => import('../../lib/index.js')
type Library = Awaited<ReturnType<typeof library>>

const text = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const words = (...all: string[]): Buffer[] => all.map(word => Buffer.from(word))

function safetensors(header: Uint8Array, data: Uint8Array): Buffer {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  return Buffer.concat([length, header, data])
}

const entry = (dtype: string, shape: number[], start: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [start, end],
})
const headers = [
  {},
  { a: entry('F32', [2, 3], 0, 24) },
  {
    __metadata__: { format: 'pt' },
    a: entry('I64', [2], 0, 16),
    b: entry('BF16', [1, 2], 16, 20),
    'ü"': entry('U8', [4], 20, 24),
  },
  { a: entry('BOOL', [0], 0, 0), b: entry('F64', [], 0, 8), c: entry('I8', [16], 8, 24) },
].map(text)
const data = Uint8Array.from({ length: 24 }, (_, i) => i * 37)
const tokens = words(
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '\\u0061',
  '"shape":',
  '"dtype":',
  '"data_offsets":',
  'null',
  '-1',
  '1e9',
)
const types = words(
  'BOOL',
  'U8',
  'I8',
  'I16',
  'U16',
  'F16',
  'BF16',
  'I32',
  'U32',
  'F32',
  'I64',
  'U64',
  'F64',
  '__metadata__',
)

const idx = (type: number, shape: number[], bytes: number): Buffer => {
  const lengths = shape.flatMap(n => [0, 0, n >> 8, n & 255])
  return Buffer.from([0, 0, type, shape.length, ...lengths, ...Array.from({ length: bytes }, (_, i) => i)])
}
const idxFiles = [
  idx(8, [2, 3], 6),
  idx(0x0d, [2], 8),
  idx(0x0e, [], 8),
  idx(0x0b, [2, 0, 300], 0),
  idx(9, [3, 1, 2], 6),
]

/** Runs a reader: an error that is not the library's, or says too much, is a fault. */
function read<R>({ BlasgradError }: Library, reader: () => R): R | Error {
  try {
    return reader()
  } catch (error) {
    if (!(error instanceof BlasgradError)) throw error
    if (error.message.length > 700) throw new Error(`a message of ${error.message.length} characters`)
    return error
  }
}

const outcomeOf = (read: unknown): string => (read instanceof Error ? read.message : 'read')

/** Whatever is read must be written as something that is read as the same. */
function roundTrip(lib: Library, bytes: Uint8Array): string {
  const before = read(lib, () => lib.io.decodeSafetensors(bytes))
  if (before instanceof Error) return before.message
  const after = lib.io.decodeSafetensors(lib.io.encodeSafetensors(before))
  for (const [name, { shape, dtype, data }] of Object.entries(before)) {
    const other = after[name]
    const isSame = other.dtype === dtype && other.shape.join() === shape.join()
    if (!isSame || !data.every((x, i) => Object.is(x, other.data[i]))) throw new Error('is not read as written')
  }
  return `read: ${Object.values(before).map(({ dtype }) => dtype)}`
}

const targetsOf = (lib: Library): readonly Target[] => [
  {
    name: 'idx',
    files: /lib\/(?:data|base)\//,
    seeds: [...idxFiles, ...idxFiles.map(file => gzipSync(file))],
    words: [Buffer.of(0x1f, 0x8b, 8, 0), gzipSync(idxFiles[0]).subarray(10)],
    run: bytes => outcomeOf(read(lib, () => lib.data.readIdx(bytes))),
  },
  {
    name: 'idx-in-gzip',
    files: /lib\/(?:data|base)\//,
    seeds: idxFiles,
    words: [Buffer.of(0, 0, 8, 1), Buffer.alloc(300)],
    run: bytes => {
      const packed = gzipSync(bytes, { level: 1 })
      const [there, alone] = [packed, bytes].map(each => read(lib, () => lib.data.readIdx(each)))
      // Two bytes of gzip at the beginning would be unpacked once more.
      const isSame = bytes[0] === 0x1f || there instanceof Error === alone instanceof Error
      if (!isSame) throw new Error('packed, it is read otherwise')
      return outcomeOf(there)
    },
  },
  {
    name: 'safetensors',
    files: /lib\/(?:io|base)\//,
    seeds: headers.map(header => safetensors(header, data)),
    words: [...tokens, ...types],
    run: bytes => roundTrip(lib, bytes),
  },
  {
    name: 'safetensors-header',
    files: /lib\/(?:io|base)\//,
    seeds: headers,
    words: [...tokens, ...types],
    run: header => roundTrip(lib, safetensors(header, data)),
  },
]

const names = ['idx', 'idx-in-gzip', 'safetensors', 'safetensors-header']

describe(`readers, ${count} inputs each of seed ${seed}`, () => {
  const coverage = new Coverage()
  afterAll(() => coverage.stop())

  test('the fuzzer finds what chance would not', async () => {
    const { nested } = await import('./support/nested.js')
    const target = { name: 'nested', files: /nested/, seeds: [new Uint8Array(4)], words: [Buffer.of(1)], run: nested }
    const { corpus, finding } = fuzz(target, coverage, 60_000, seed)
    expect(corpus.length).toBe(2)
    expect(finding?.error.message).toMatch(/^fault: Error: the fault/)
    expect([...(finding?.bytes ?? [])]).toEqual([0x7f, 0x45])
  })

  test.each(names)('%s', async name => {
    const lib = await library()
    const target = targetsOf(lib).find(each => each.name === name) as Target
    for (const { name: file, bytes } of findings(name)) {
      try {
        target.run(bytes)
      } catch (error) {
        expect.fail(`${file}: ${error}`)
      }
    }
    const { corpus, reached, finding } = fuzz(target, coverage, count, seed)
    if (finding !== undefined) {
      expect.fail(`seed ${seed}, kept as ${keepFinding(name, 'bin', finding.bytes)}: ${finding.error.stack}`)
    }
    // What the seeds alone reach is less than what their changes do.
    expect(corpus.length).toBeGreaterThan(target.seeds.length)
    console.log(`${name}: ${corpus.length} inputs reach ${reached} functions and blocks`)
  })
})
