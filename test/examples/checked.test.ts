// BLASGRAD_CHECK=1 finds nothing in the examples, on little data.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'blasgrad-checked-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const examples = join(import.meta.dirname, '../../build/examples')

test.each([
  ['mnist', ['--samples=200', '--epochs=1', '--hidden=32,16', '--batch=100']],
  ['mnist-cnn', ['--samples=50', '--epochs=1', '--channels=1,1', '--batch=25']],
  ['char-gpt', ['--sonnets=8', '--context=16', '--width=16', '--layers=1', '--heads=2', '--epochs=1', '--length=3']],
  ['recommender', ['--users=60', '--items=40', '--traits=2', '--pairs=2000', '--epochs=1', '--batch=128']],
])('%s', async (name, args) => {
  const env = { ...process.env, BLASGRAD_CHECK: '1' }
  const child = spawn(process.execPath, [join(examples, name, 'main.js'), ...args, `--out=${join(folder, name)}`], {
    env,
  })
  child.stdout.resume()
  let stderr = ''
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  const code = await new Promise(resolve => child.on('close', resolve))
  expect([code, stderr]).toEqual([0, ''])
})
