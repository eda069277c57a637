// The pool's threads seen from outside: they sleep when there is nothing to do, wake again, follow setThreads, and end
// with the environments that used them.

import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { loadNative } from '../../../lib/backend/load.js'

const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'

describe.skipIf(referenceOnly)('the pool', () => {
  const path = referenceOnly ? '' : loadNative().path
  // Work that threads share, on two arrays: `add` takes about 30 µs.
  const prelude = `
    const addon = require(${JSON.stringify(path)})
    addon.attach(class extends Error {}, class extends Error {}, String)
    const a = new Float32Array(300_000).fill(1)
    const out = new Float32Array(300_000)
    const add = () => addon.kernels.add(1, 300_000, 0, 0, a, a, out)
    const wait = ms => new Promise(resolve => setTimeout(resolve, ms))`
  const run = (script: string): string => {
    const child = spawnSync(process.execPath, ['-e', `${prelude}\n${script}`], {
      encoding: 'utf8',
      env: { ...process.env, BLASGRAD_THREADS: '4' },
    })
    expect(child.stderr).toBe('')
    expect(child.status).toBe(0)
    return child.stdout.trim()
  }

  test('idle threads take no time', () => {
    const script = `
      const main = async () => {
        // The threads that the BLAS starts when it is loaded take a while to fall asleep.
        await wait(400)
        let most = 0
        for (let round = 0; round < 3; round++) {
          for (let i = 0; i < 200; i++) add()
          await wait(50)
          const before = process.cpuUsage()
          await wait(500)
          const { user, system } = process.cpuUsage(before)
          most = Math.max(most, (user + system) / 500_000)
        }
        console.log(most)
      }
      main()`
    expect(Number(run(script))).toBeLessThan(0.01)
  })

  test('work comes out right however often the number of threads changes', () => {
    const script = `
      for (let i = 0; i < 200; i++) {
        addon.setThreads(1 + i % 7)
        out.fill(0)
        add()
        if (!out.every(x => x === 2)) throw new Error('after ' + i)
      }
      console.log('right')`
    expect(run(script)).toBe('right')
  })

  test('environments that share it come and go', () => {
    const script = `
      const { Worker } = require('node:worker_threads')
      const source = \`${prelude.replaceAll('`', '')}
        for (let i = 0; i < 50; i++) add()
        if (!out.every(x => x === 2)) throw new Error('worker')\`
      const one = () => new Promise((resolve, reject) => {
        const worker = new Worker(source, { eval: true })
        worker.once('error', reject)
        worker.once('exit', resolve)
      })
      const main = async () => {
        for (let round = 0; round < 5; round++) await Promise.all([one(), one(), one()])
        for (let i = 0; i < 50; i++) add()
        console.log(out.every(x => x === 2))
      }
      main()`
    expect(run(script)).toBe('true')
  })

  test('a worker that alone has loaded the addon takes the pool with it', () => {
    const child = spawnSync(
      process.execPath,
      [
        '-e',
        `const { Worker } = require('node:worker_threads')
        const source = ${JSON.stringify(`${prelude}\nfor (let i = 0; i < 50; i++) add()`)}
        const one = () => new Promise((resolve, reject) => {
          const worker = new Worker(source, { eval: true })
          worker.once('error', reject)
          worker.once('exit', resolve)
        })
        const main = async () => {
          for (let i = 0; i < 5; i++) await one()
          console.log('ended')
        }
        main()`,
      ],
      { encoding: 'utf8', env: { ...process.env, BLASGRAD_THREADS: '4' } },
    )
    expect([child.stderr, child.stdout.trim(), child.status]).toEqual(['', 'ended', 0])
  })

  test('a process ends while threads still look out for work', () => {
    expect(run(`for (let i = 0; i < 50; i++) add(); console.log('done'); process.exit(0)`)).toBe('done')
  })
})
