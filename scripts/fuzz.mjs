// The command `npm run test:fuzz`: the tests of test/fuzz with another seed each time and many more cases than CI tries,
// about ten minutes. `-- --runs 6` tries six times as many, `--seed 17` repeats; the rest goes to vitest (a file's name).

import { spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { program } from './packages.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '1' },
    seed: { type: 'string', default: `${Date.now() % 2 ** 31}` },
  },
})
const [runs, seed] = [Number(values.runs), Number(values.seed)]
if (!(runs > 0 && runs < Infinity)) throw new Error(`--runs: expected a positive number, got ${values.runs}`)
if (!Number.isInteger(seed)) throw new Error(`--seed: expected an integer, got ${values.seed}`)
const files = positionals.length > 0 ? positionals : ['test/fuzz', 'test/native/runtime/storm']

console.log(`seed ${seed}; again: npm run test:fuzz -- --seed ${seed} --runs ${runs} ${positionals.join(' ')}`)
const { status, error } = spawnSync(
  process.execPath,
  [program('vitest', 'vitest'), 'run', '--testTimeout=0', ...files],
  {
    cwd: dirname(import.meta.dirname),
    stdio: 'inherit',
    env: { ...process.env, FUZZ_RUNS: `${runs}`, FUZZ_SEED: `${seed}` },
  },
)
if (error) throw error
console.log(`seed ${seed}`)
process.exitCode = status ?? 1
