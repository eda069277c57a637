// `npm test`: lint and format, types, the suite, and each bench once for a moment. With arguments: only the suite, with
// those arguments (`npm test -- test/readme.test.ts`).

import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)
const root = dirname(import.meta.dirname)

/** A package's program, run by this very node. */
function program(name, bin) {
  const manifest = require.resolve(`${name}/package.json`)
  const bins = require(manifest).bin
  return join(dirname(manifest), typeof bins === 'string' ? bins : bins[bin])
}

function run(what, command, args) {
  console.log(`\n— ${what}`)
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (error) throw error
  if (status !== 0) {
    console.error(`\n${what}: failed`)
    process.exit(status ?? 1)
  }
}

const node = process.execPath
const vitest = program('vitest', 'vitest')
const only = process.argv.slice(2)
if (only.length > 0) {
  run('tests', node, [vitest, 'run', ...only])
} else {
  run('lint and format', 'npm', ['run', '--silent', 'check'])
  run('types', node, [program('typescript', 'tsc'), '-b'])
  run('tests', node, [vitest, 'run'])
  // The benches compare the backends: without the addon there is nothing to compare.
  if (process.env.BLASGRAD_BACKEND !== 'reference') {
    run('benches, once each', node, [join(root, 'build/bench/main.js'), '--smoke'])
  }
}
