// Ids that another thread writes while kernels read them: between the check and the use they may become anything. What a
// kernel computes then is open; it reads and writes inside its arrays all the same. In processes of their own, which a
// read out of bounds would end.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { loadNative } from '../../../lib/backend/load.js'
import { parseSignature } from '../../../lib/backend/signature.js'
import { type KernelName, kernelNames, kernelRow } from '../../../lib/backend/table.js'
import { callsOf } from '../../backend/support/calls.js'

const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'
const run = promisify(execFile)

/** The positions of the arguments that hold ids: of int32, read, and not the words of a generator. */
const idsOf = (name: KernelName): number[] =>
  kernelRow(name).class === 'random'
    ? []
    : parseSignature(kernelRow(name).signature).args.flatMap(({ role, element }, i) =>
        role === 'in' && element === 'int32' ? [i] : [],
      )

/** A worker that writes ids far outside, one after another, until it is ended. */
const writer = `
const { workerData } = require('node:worker_threads')
const all = workerData.map(buffer => new Int32Array(buffer))
for (;;) for (const far of [2147483647, 0, -2147483648, 1, -1, 0, 100000000, 0]) for (const ids of all) ids.fill(far)`

const storm = (path: string): string => `
const { Worker } = require('node:worker_threads')
const { readFileSync } = require('node:fs')
const { kernels, attach } = require(${JSON.stringify(path)})
attach(class extends Error {}, class extends Error {}, String)
const shared = []
const make = value => {
  if (value === null || typeof value !== 'object') return value ?? undefined
  const [kind, elements, isIds] = value
  if (!isIds) return globalThis[kind].from(elements)
  const ids = new Int32Array(new SharedArrayBuffer(elements.length * 4))
  ids.set(elements)
  shared.push(ids.buffer)
  return ids
}
const calls = JSON.parse(readFileSync(0, 'utf8')).map(([name, args]) => [name, args.map(make)])
const worker = new Worker(${JSON.stringify(writer)}, { eval: true, workerData: shared })
worker.on('online', () => {
  let ran = 0
  for (let round = 0; round < 300; round++) {
    for (const [name, args] of calls) {
      try { kernels[name](...args) } catch {}
      ran++
    }
  }
  console.log(ran)
  process.exit()
})`

async function survives(script: string, input: string): Promise<string> {
  const child = run(process.execPath, ['-e', script])
  child.child.stdin?.end(input)
  return (await child).stdout.trim()
}

describe.skipIf(referenceOnly)('ids that change while a kernel runs', () => {
  const names = kernelNames.filter(name => idsOf(name).length > 0)

  test('the kernels that take ids are known', () => {
    expect(names).toContain('crossEntropyBackward')
    expect(names).toContain('maxPool2dBackward')
    expect(names.length).toBeGreaterThan(8)
  })

  test.each(names)('%s stays inside its arrays', async name => {
    const ids = idsOf(name)
    const calls = [...callsOf(name, 'float32')]
      .slice(0, 60)
      .map(({ args }) => [
        name,
        args.map((value, i) =>
          ArrayBuffer.isView(value) ? [value.constructor.name, [...(value as Int32Array)], ids.includes(i)] : value,
        ),
      ])
    expect(await survives(storm(loadNative().path), JSON.stringify(calls))).toBe(String(300 * calls.length))
  })

  test('so does a compiled step whose buffer of ids is written while it runs', async () => {
    const script = `
      import(${JSON.stringify(new URL('../../../dist/index.js', import.meta.url).href)}).then(async ({ compile, nn, randn, tensor }) => {
        class Lookup extends nn.Module {
          ids = this.registerBuffer('ids', tensor(new Int32Array(100000)))
          table = new nn.Parameter(randn([100, 100]))
          forward() { return this.table.indexSelect(0, this.ids).sum() }
        }
        const model = new Lookup()
        const view = model.ids.data
        const step = compile(() => { const loss = model.forward(); loss.backward(); return loss })
        await step()
        for (let round = 0; round < 30; round++) {
          const running = step().catch(() => {})
          for (let i = 0; i < 4_000_000; i++) view[99_999] = i % 8 === 0 ? 1 << 30 : 0
          await running
          view.fill(0)
        }
        console.log('lives')
      })`
    expect(await survives(script, '')).toBe('lives')
  })
})
