// The command `npm test`: lint and format, types, the suite, its numeric part on every other instruction set, each bench once.
// With arguments, the suite alone with those arguments (`npm test -- test/readme.test.ts`).

import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { program } from './packages.mjs'

const root = dirname(import.meta.dirname)

function run(what, command, args, env = {}) {
  console.log(`\n— ${what}`)
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } })
  if (error) throw error
  if (status !== 0) {
    console.error(`\n${what}: failed`)
    process.exit(status ?? 1)
  }
}

/** Instruction sets with cores of OpenBLAS: in pairs, since all combinations would take three times as long. */
const pairs = [
  ['avx3', 'SkylakeX'],
  ['avx2', 'Haswell'],
  ['avx2', 'Zen'],
  ['sse4', 'Zen'],
  ['baseline', 'Haswell'],
]

/** What the addon runs on under these variables, or undefined where it does not load: the CPU may lack a core. */
function infoUnder(env) {
  const ask = `console.log(JSON.stringify(require('./build/Release/addon.node').info()))`
  const { status, stdout } = spawnSync(node, ['--eval', ask], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return status === 0 ? JSON.parse(stdout) : undefined
}

/** The backend's, the ops' and the compiled steps' tests on every instruction set and core that this CPU has. */
function testOtherSets() {
  const best = infoUnder({ BLASGRAD_SIMD: '', OPENBLAS_CORETYPE: '' })
  if (best === undefined) return
  for (const [simd, core] of pairs) {
    const env = { BLASGRAD_SIMD: simd, OPENBLAS_CORETYPE: core }
    const what = `tests on ${simd}, OpenBLAS's core ${core}`
    const found = infoUnder(env)
    // A core of AVX-512 on a CPU without it fails at its first product; a CPU without the set has its own best instead.
    const isSet = simd === 'baseline' || found?.simd === simd.toUpperCase()
    if (!isSet || (core === 'SkylakeX' && !best.simd.startsWith('AVX3'))) {
      console.log(`\n— ${what}: left out, this CPU has ${best.simd}`)
      continue
    }
    if (found.core !== core) console.log(`\n— OpenBLAS ignores OPENBLAS_CORETYPE=${core}, its core is ${found.core}`)
    if (found.simd === best.simd && found.core === best.core) continue
    run(what, node, vitest('test/backend', 'test/native/kernels', 'test/ops', 'test/compile'), env)
  }
}

const node = process.execPath
/** Found when it is run: in a bare clone the setup installs it first. */
const vitest = (...args) => [program('vitest', 'vitest'), 'run', ...args]
const only = process.argv.slice(2)
const setup = join(root, 'scripts/setup.mjs')
if (only.length > 0) {
  run('setup', node, [setup])
  run('tests', node, vitest(...only))
} else {
  const wantsNative = process.env.BLASGRAD_BACKEND !== 'reference'
  run('setup', node, wantsNative ? [setup, '--all-targets'] : [setup])
  // CI needs the addon (vitest.config.ts); elsewhere what needs it is left out.
  const isNative = wantsNative && (infoUnder({}) !== undefined || process.env.CI === 'true')
  run('lint and format', 'npm', ['run', '--silent', 'check'])
  run('types', node, [program('typescript', 'tsc'), '-b'])
  run('tests', node, vitest())
  // The benches compare the backends: without the addon there is nothing to compare, nor to run on another set.
  if (isNative) {
    testOtherSets()
    run('benches, once each', node, [join(root, 'build/bench/main.js'), '--smoke'])
  } else console.log('\n— other instruction sets, benches: left out, they need the addon')
}
