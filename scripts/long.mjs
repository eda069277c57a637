// The command `npm run test:long`: measurements that take minutes and need an idle machine. Prints each figure with its
// bound and fails if one is missed.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const tests = join(import.meta.dirname, '../test')
let missed = 0

function run(script, ...args) {
  console.log(`\n${[script, ...args].join(' ')}`)
  const result = JSON.parse(
    execFileSync(process.execPath, [join(tests, script), ...args.map(String)], { encoding: 'utf8' }),
  )
  console.log(JSON.stringify(result))
  return result
}

function expect(what, value, holds, bound) {
  if (!holds) missed++
  console.log(`${holds ? 'ok    ' : 'MISSED'} ${what}: ${value.toFixed(3)} (${bound})`)
}

for (const mode of ['sync', 'await']) {
  const { early, late } = run('memory/compiled.mjs', 1_000_000, 100_000, mode)
  const growth = late.rss / early.rss - 1
  expect('resident memory grows from the 100,000th of a million steps by', growth, growth < 0.02, 'under 0.02')
  const bytes = (late.native - early.native) / 900_000
  expect('bytes a step that the native heap grows', bytes, bytes < 1, 'under 1')
}

const { p99, max, throughput } = run('responsive/serve.mjs', 'large-mlp', 10, 5)
expect('event loop delay while large-mlp trains, 99th percentile, ms', p99, p99 < 5, 'under 5')
expect('the longest, ms', max, max < 50, 'under 50')
expect('throughput of awaited steps beside the server, of step.sync', throughput, throughput >= 0.95, 'at least 0.95')

const { deep, epoch } = run('responsive/first.mjs', 60, 60_000)
expect('event loop delay while a step of 1,157 kernels is recorded and planned, ms', deep, deep < 50, 'under 50')
expect('the same in the first epoch over 188 MB of rows, ms', epoch, epoch < 50, 'under 50')

const { alone, beside } = run('responsive/files.mjs', 'large-mlp', 1000)
const slower = beside.median / alone.median
expect('a read of a file while four loops train, of one alone', slower, slower < 1.5, 'under 1.5')

process.exitCode = missed === 0 ? 0 : 1
