// The pool's threads have a stack for every kernel, whatever the system gives a thread: 128 KiB in musl, `ulimit -s` in glibc.

import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

const library = JSON.stringify(new URL('../../../dist/index.js', import.meta.url).href)

/** Attention's gradients, which take the most of the stack, in a Worker: Node.js gives it 4 MiB by itself. */
const work = `
import(${library}).then(({ nn, ones }) => {
  const [q, k, v] = [0, 0, 0].map(() => ones([4, 4, 256, 64], { requiresGrad: true }))
  for (let i = 0; i < 40; i++) nn.functional.scaledDotProductAttention(q, k, v).sum().backward()
  const { data } = v.grad
  console.log(v.grad.data.every(x => Math.abs(x - 40) < 1e-3))
})`

test.skipIf(process.platform === 'win32')('a small limit of stacks', () => {
  const script = `new (require('node:worker_threads').Worker)(${JSON.stringify(work)}, { eval: true })`
  const limited = 'ulimit -S -s 136 && exec "$0" "$@"'
  const child = spawnSync('sh', ['-c', limited, process.execPath, '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, BLASGRAD_THREADS: '4' },
  })
  expect([child.stderr, child.stdout.trim(), child.status]).toEqual(['', 'true', 0])
})
