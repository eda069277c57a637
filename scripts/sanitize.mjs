// Builds the addon with sanitizers and runs tests with it. `npm run test:sanitize`: address and undefined behaviour, on the
// backend's and the executor's tests. `npm run test:threads`: threads, on the tests that use several. Leak detection is off,
// since it would report only node's own.

import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { program } from './packages.mjs'

const root = dirname(import.meta.dirname)

function run(args, env = {}) {
  const { status, error } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

/** Each check's sanitizer library (preloaded into node), its options, and the tests. */
const checks = {
  addresses: {
    library: 'libasan.so',
    env: {
      // A small quarantine, since one test checks that freed memory returns to the system.
      ASAN_OPTIONS: 'detect_leaks=0:quarantine_size_mb=1',
      UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
    },
    tests: [
      'test/backend',
      'test/native',
      'test/compile/native',
      'test/compile/regions',
      'test/compile/large',
      'test/fuzz',
    ],
  },
  threads: {
    library: 'libtsan.so',
    env: {
      TSAN_OPTIONS: `halt_on_error=1:second_deadlock_stack=1:suppressions=${join(import.meta.dirname, 'threads.supp')}`,
    },
    tests: ['test/native/kernels/columns', 'test/native/runtime', 'test/compile/native', 'test/compile/regions'],
  },
}

const [checked, ...more] = process.argv.slice(2)
if (!(checked in checks)) throw new Error(`expected ${Object.keys(checks).join(' or ')}, got ${checked}`)
const { library, env, tests } = checks[checked]
const compiler = process.env.CXX ?? 'g++'
const { stdout } = spawnSync(compiler, [`-print-file-name=${library}`], { encoding: 'utf8' })

const build = ['compile', '-O', `build/cmake-${checked}`, `--CDBLASGRAD_SANITIZE=${checked}`]
run([program('cmake-js', 'cmake-js'), ...build, '--CDBLASGRAD_TARGETS=native'], {
  CMAKE_BUILD_PARALLEL_LEVEL: `${availableParallelism()}`,
})
run([program('vitest', 'vitest'), 'run', ...tests, ...more], {
  BLASGRAD_PRELOAD: stdout.trim(),
  BLASGRAD_ADDON: join(root, `build/sanitize-${checked}/addon.node`),
  ...env,
})
