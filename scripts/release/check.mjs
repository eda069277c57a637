// `npm run release:check [-- NAME …]`: packs, then installs and uses the tarball in empty folders, with an empty home, no
// compiler and no network beside the registry. Prints a table; with names, only the rows that contain one of them. Needs a
// prebuild for this platform (npm run prebuild:linux); the roots of Debian need root and debootstrap.

import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pack, stage } from '../package/pack.mjs'
import { rows } from './rows.mjs'
import { makeSandbox } from './sandbox.mjs'

const { positionals } = parseArgs({ allowPositionals: true })
const root = join(import.meta.dirname, '../..')
if (!existsSync(join(root, `prebuilds/${process.platform}-${process.arch}`))) {
  console.error('release:check: expected a prebuild for this platform, got none: npm run prebuild:linux')
  process.exit(1)
}
const sandbox = makeSandbox()
const staged = join(sandbox.root, 'staged/package')
await stage(staged)
const tarball = pack(staged)

const wanted = ([name]) =>
  positionals.length === 0 || positionals.some(part => name.toLowerCase().includes(part.toLowerCase()))
let failures = 0
console.log('| tried | backend | seconds |\n| --- | --- | --- |')
for (const [name, tried] of Object.entries(rows).filter(wanted)) {
  const start = Date.now()
  let result
  try {
    const printed = await tried(sandbox, tarball)
    result = /backend: (.*)/.exec(printed)?.[1] ?? 'no answer'
    if (result !== 'native' && !/^(not run|left out)/.test(result)) failures++
  } catch (error) {
    failures++
    result = 'failed'
    console.error(`${name}: ${error.message}`)
  }
  console.log(`| ${name} | ${result} | ${((Date.now() - start) / 1000).toFixed(0)} |`)
}
if (failures === 0) rmSync(sandbox.root, { recursive: true, force: true })
else console.error(`release:check: ${failures} failed; the folders are in ${sandbox.root}`)
process.exitCode = failures === 0 ? 0 : 1
