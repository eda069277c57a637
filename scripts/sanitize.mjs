// `npm run test:sanitize`: builds the addon with the address and undefined-behaviour sanitizers and runs the backend's
// and the executor's tests with it. Leaks are not looked for: node itself would be all there is to see.

import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const root = dirname(import.meta.dirname)
const require = createRequire(import.meta.url)

function program(name, bin) {
  const manifest = require.resolve(`${name}/package.json`)
  const bins = require(manifest).bin
  return join(dirname(manifest), typeof bins === 'string' ? bins : bins[bin])
}

function run(args, env = {}) {
  const { status, error } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

const compiler = process.env.CXX ?? 'g++'
const library = spawnSync(compiler, ['-print-file-name=libasan.so'], { encoding: 'utf8' }).stdout.trim()

run([program('cmake-js', 'cmake-js'), 'compile', '-O', 'build/sanitize', '--CDBLASGRAD_SANITIZE=ON'])
run(
  [
    program('vitest', 'vitest'),
    'run',
    'test/backend',
    'test/runtime',
    'test/compile/native',
    'test/compile/regions',
    'test/compile/large',
    ...process.argv.slice(2),
  ],
  {
    LD_PRELOAD: library,
    BLASGRAD_ADDON: join(root, 'build/Sanitize/addon.node'),
    // A small quarantine: one test watches that freed memory is given back.
    ASAN_OPTIONS: 'detect_leaks=0:quarantine_size_mb=1',
    UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
  },
)
