// BLASGRAD_CHECK=1 finds nothing in the bench's workloads: a process each, of a few compiled steps.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { workloads } from '../../bench/workloads/workloads.js'

const root = join(import.meta.dirname, '../..')

/** Compiled steps of a workload, checked; the last one's value and the number of them. */
const programOf = (name: string): string => `
  import { compile, manualSeed } from 'blasgrad'
  import { workloads } from './build/bench/workloads/workloads.js'
  manualSeed(1)
  const { step, batches, value } = workloads.find(({ name }) => name === ${JSON.stringify(name)}).start()
  const run = compile((...batch) => step(...batch))
  let result
  for (const batch of [...batches, ...batches].slice(0, 3)) result = run.sync(...batch)
  console.log(Number.isFinite(value(result)))`

function checked(program: string): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, BLASGRAD_CHECK: '1' }
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { cwd: root, env })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', chunk => {
      stdout += chunk
    })
    child.stderr.on('data', chunk => {
      stderr += chunk
    })
    child.on('error', reject)
    child.on('close', () => resolve({ stdout, stderr }))
  })
}

test.each(workloads.filter(({ large }) => !large))('$name', async ({ name }) => {
  expect(await checked(programOf(name))).toEqual({ stdout: 'true\n', stderr: '' })
})
