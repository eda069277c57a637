// `blasgrad doctor`: what was tried to load, why it failed, what the CPU offers, and one command that helps.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BackendError, loadNative } from '../dist/backend/index.js'
import { findTools } from './system.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const isCheckout = existsSync(join(root, 'lib'))

/** The instruction sets that kernels are made for, by the flags that /proc/cpuinfo gives. */
const sets = {
  'AVX-512': ['avx512f', 'avx512bw', 'avx512dq', 'avx512vl'],
  AVX2: ['avx2', 'fma', 'bmi2'],
  SSE4: ['sse4_1', 'sse4_2', 'pclmulqdq'],
  NEON: ['asimd'],
}

/** What the CPU offers, as Linux tells it; other systems do not say it in a file. */
function instructionSets() {
  const file = '/proc/cpuinfo'
  if (!existsSync(file)) return process.arch === 'arm64' ? 'NEON' : 'not known on this system'
  const flags = new Set(/^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync(file, 'utf8'))?.[1].trim().split(/\s+/))
  const found = Object.keys(sets).filter(name => sets[name].every(flag => flags.has(flag)))
  return found.length === 0 ? 'none beyond the baseline' : found.join(', ')
}

function prebuilds() {
  const folder = join(root, 'prebuilds')
  const platforms = existsSync(folder) ? readdirSync(folder) : []
  return platforms.length === 0 ? 'none in this package' : platforms.join(', ')
}

function libc() {
  if (process.platform !== 'linux') return ''
  const version = process.report?.getReport().header?.glibcVersionRuntime
  return version === undefined ? ', musl' : `, glibc ${version}`
}

const build = isCheckout ? 'npm run build:native' : 'npx blasgrad build'

/** The command that helps, or undefined where nothing has to be done. */
function help(reason) {
  const { BLASGRAD_BACKEND: backend, BLASGRAD_ADDON: addon, BLASGRAD_THREADS: threads } = process.env
  if (reason?.startsWith('BLASGRAD_THREADS')) return `unset BLASGRAD_THREADS    # it is ${threads}`
  if (reason !== undefined) return addon ? `unset BLASGRAD_ADDON    # it is ${addon}` : build
  return backend && backend !== 'native' ? `unset BLASGRAD_BACKEND    # it is ${backend}` : undefined
}

/** The addon, or the reason why none loads, which starts with what was tried. */
function load() {
  try {
    return { addon: loadNative() }
  } catch (error) {
    if (!(error instanceof BackendError)) throw error
    return { reason: error.message.replace(/\nWhat helps: .*/, '') }
  }
}

/** Prints what there is to say. Returns the exit code: 0 where the native backend loads and is not switched off. */
export function doctor() {
  const { addon, reason } = load()
  const { cmake, compiler } = findTools()
  const rows = {
    package: `blasgrad ${version} in ${root}`,
    system: `${process.platform} on ${process.arch}${libc()}, node ${process.version}`,
    CPU: `${cpus()[0]?.model?.trim() || 'unknown'}: ${instructionSets()}`,
    prebuilds: prebuilds(),
    'to build': `cmake ${cmake ?? 'not found'}, compiler ${compiler ?? 'not found'}`,
  }
  if (addon !== undefined) {
    const { blas, core, simd, threads } = addon.info()
    rows.addon = addon.path
    rows['runs on'] = `${blas}, kernels for ${core}; ours for ${simd}; threads ${threads}`
  }
  for (const [name, text] of Object.entries(rows)) console.log(`${name.padEnd(10)} ${text}`)
  if (reason !== undefined) console.log(`\n${reason}`)
  const command = help(reason)
  console.log(command === undefined ? '\nNothing to do: the native backend loads.' : `\nWhat helps: ${command}`)
  return command === undefined ? 0 : 1
}
