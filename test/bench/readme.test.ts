// The README's section on speed is generated from a report's rows.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { speedLines, updateReadme } from '../../bench/report/readme.js'

const timing = (median: number): { median: number } => ({ median })

const kernels = [
  ['matmul', '1024×1024×1024'],
  ['softmax', '16384×1000, rows'],
  ['add', '16384×1000'],
  ['adam', '4,000,000'],
].map(([kernel, shape]) => ({
  kernel,
  shape,
  rate: 100,
  unit: 'GB/s',
  native: timing(1500),
  reference: timing(30_000),
}))

const step = {
  workload: 'w',
  compiled: timing(20),
  reference: timing(5000),
  pytorch: { ...timing(100), setting: 'torch 1, blas 2, loop' },
  scaling: { least: 1.9, retaken: 0 },
  ...{ overPyTorch: { ratio: 5 }, overJavaScript: null, overReference: { ratio: 250 } },
}

const dispatch = [
  { expression: 'empty function' },
  { expression: 'a.mul(b)', elements: 4, native: timing(0.5), reference: timing(1), pytorch: timing(2.5) },
  { expression: 'a.mul(b)', elements: 256, native: timing(0.5), reference: timing(1), pytorch: null },
]

const report = (steps: object[]) => ({
  date: '2026-01-02T00:00:00Z',
  machine: 'a machine',
  groups: { steps, kernels, dispatch },
})

test('rows carry the figures of the report, PyTorch first', () => {
  const large = { ...step, workload: 'large', reference: null }
  const chain = { ...step, workload: 'chain' }
  const text = speedLines(report([step, large, chain]))
  expect(text).toContain('2026-01-02: a machine.')
  expect(text).toContain('| training step, w | 20 µs | 100 µs (torch 1, blas 2, loop) | 5.0× |')
  expect(text).toContain('| `((x*x+x).relu()*0.5)` on 4096×1000, forward and backward | 20 µs | 100 µs')
  expect(text).toContain('| `a.mul(b)`, 4 elements, eager | 500 ns | 2.5 µs | 5.0× |')
  expect(text).toContain('| training step, w, compiled | 20 µs | 5 ms | 250× |')
  expect(text).toContain('| matmul 1024×1024×1024 | 1.5 ms (100 GB/s) | 30 ms | 20× |')
  expect(text.indexOf('PyTorch |')).toBeLessThan(text.indexOf('TypeScript |'))
  expect(text).not.toContain('large, compiled')
  expect(text).not.toContain('256 elements')
  expect(text).not.toContain('†')
})

test('a time of seconds has no exponent', () => {
  const text = speedLines(report([{ ...step, pytorch: { ...timing(2_384_000), setting: 'torch 1' } }]))
  expect(text).toContain('| 2,380 ms (torch 1) |')
})

test('a row measured on throttled cores is marked', () => {
  const text = speedLines(report([{ ...step, scaling: { least: 1.1, retaken: 3 } }]))
  expect(text).toContain('| 5.0× † |')
  expect(text).toContain('† cores throttled: two threads of sgemm did less than 1.7× the work of one.')
})

test('a report without PyTorch or without a kernel is refused', () => {
  expect(() => speedLines(report([{ ...step, pytorch: null }]))).toThrow(
    'readme: expected a timing of training step, w in PyTorch too',
  )
  expect(() => speedLines({ date: '', machine: '', groups: {} })).toThrow('expected a bench of matmul 1024×1024×1024')
})

test('the columns of the best other JavaScript library are empty if there is none', () => {
  const javaScript = { ...timing(400), setting: 'tfjs wasm' }
  const text = speedLines(
    report([
      { ...step, javaScript },
      { ...step, workload: 'alone', javaScript: null },
    ]),
  )
  expect(text).toContain('| 5.0× | 400 µs (tfjs wasm) | 20× |')
  expect(text).toContain('| training step, alone | 20 µs | 100 µs (torch 1, blas 2, loop) | 5.0× |  |  |')
})

test('updateReadme replaces the section and writes the picture; the rest of the README stays', () => {
  const folder = mkdtempSync(join(tmpdir(), 'blasgrad-test-'))
  try {
    const file = join(folder, 'README.md')
    const [begin, end] = ['<!-- speed: written by `npm run bench -- --readme` -->', '<!-- /speed -->']
    writeFileSync(file, `before\n${begin}\nold\n${end}\nafter\n`)
    updateReadme(file, report([step]))
    expect(readFileSync(file, 'utf8')).toBe(`before\n${begin}\n${speedLines(report([step]))}\n${end}\nafter\n`)
    const [picture] = /docs\S+svg/.exec(readFileSync(file, 'utf8')) ?? ['']
    expect(readFileSync(join(folder, picture), 'utf8')).toMatch(/^<svg /)
    writeFileSync(file, 'no marks')
    expect(() => updateReadme(file, report([step]))).toThrow('expected the marks')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
