// Makes a clone ready to run: packages, OpenBLAS and Highway, the TypeScript build, the addon. Does only what is missing or
// stale, and prints only what it does. Needs Node alone.
//
//   --prepare         npm's prepare script: installs nothing, and does nothing without development packages
//   --native          builds the addon only; a failure is an error
//   --require-native  a failure to build the addon is an error (CI=true implies it)
//   --all-targets     builds kernels for every instruction set, as in a prebuild; by default, at least this CPU's best and
//                     the baseline. BLASGRAD_TARGETS=all or native overrides both.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { installCommand, isHeader } from '../bin/system.mjs'
import { programIfInstalled } from './packages.mjs'
import { fail, step as run, say, showEnd } from './step.mjs'

const root = dirname(import.meta.dirname)
const at = (...parts) => join(root, ...parts)
const flag = name => process.argv.includes(`--${name}`)
const addon = at('build/Release/addon.node')
const projects = ['lib', 'examples', 'bench']

/** Runs a program quietly and prints one line with its time. Returns its output if it failed. */
const step = (what, command, args, env = process.env) => run('setup', what, command, args, { cwd: root, env })

/** The latest modification time of these files and of all files below these folders. */
function newest(paths) {
  let time = 0
  for (const path of paths) {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat === undefined) continue
    time = Math.max(time, stat.mtimeMs)
    if (stat.isDirectory()) time = Math.max(time, newest(readdirSync(path).map(name => join(path, name))))
  }
  return time
}

const changed = path => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

function npm(...args) {
  const cli = process.env.npm_execpath
  const what = `installing packages (npm ${args[0]})`
  if (cli?.endsWith('.js')) return step(what, process.execPath, [cli, ...args])
  return step(what, process.platform === 'win32' ? 'npm.cmd' : 'npm', args)
}

function installPackages() {
  const installed = at('node_modules/.package-lock.json')
  const isCurrent = changed(installed) >= changed(at('package-lock.json'))
  if (isCurrent && programIfInstalled('typescript', 'tsc') && programIfInstalled('cmake-js', 'cmake-js')) return
  // Without scripts: npm would run prepare, which is this file.
  const options = ['--ignore-scripts', '--include=dev', '--no-audit', '--no-fund']
  if (npm('ci', ...options) === undefined) return
  // npm ci refuses a lock file without the optional packages of other platforms, and a registry may lack those.
  const output = npm('install', '--no-save', ...options)
  if (output !== undefined) fail(output)
}

function buildTypeScript() {
  const tsc = programIfInstalled('typescript', 'tsc')
  if (tsc === undefined) return
  const stamp = at('build/typescript.stamp')
  const sources = newest([at('tsconfig.base.json'), ...projects.map(name => at(name))])
  if (changed(stamp) >= sources && existsSync(at('dist/index.js'))) return
  mkdirSync(at('build'), { recursive: true })
  const output = step('building TypeScript', process.execPath, [tsc, '-b', ...projects])
  if (output !== undefined) fail(output)
  writeFileSync(stamp, '')
}

/** Installs both libraries with apt as root; otherwise prints the command. */
function installLibraries() {
  if (process.platform !== 'linux') return
  if (isHeader('hwy/highway.h') && isHeader('cblas.h')) return
  const command = installCommand()
  if (command?.startsWith('apt-get ') && process.getuid?.() === 0 && !flag('prepare')) {
    const output = step('installing OpenBLAS and Highway', 'sh', [
      '-c',
      `export DEBIAN_FRONTEND=noninteractive; ${command.split(' && ').at(-1)} || { ${command}; }`,
    ])
    if (output !== undefined) say(`${output.split('\n').slice(-5).join('\n')}\n`)
  } else if (command !== undefined) {
    say(`setup: OpenBLAS and Highway are missing; to install them: ${command}\n`)
  }
}

/** What tells this CPU's instruction sets from another's. */
function cpu() {
  const info = '/proc/cpuinfo'
  const flags = existsSync(info) ? /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync(info, 'utf8'))?.[1] : ''
  return `${process.arch} ${cpus()[0]?.model}${flags}`
}

const targetsFile = at('build/cmake/targets.txt')
const native = `native: ${cpu()}`

/** The instruction sets to build, or undefined where the addon already has them. */
function missingTargets() {
  const { BLASGRAD_TARGETS: given } = process.env
  const built = existsSync(targetsFile) && existsSync(addon) ? readFileSync(targetsFile, 'utf8') : ''
  const targets = given ?? (flag('all-targets') || built === 'all' ? 'all' : 'native')
  return built === (targets === 'native' ? native : targets) ? undefined : targets
}

/** Deletes the CMake cache of another folder, of other instruction sets or of an unfinished build. */
function dropStaleCache(targets) {
  const cache = at('build/cmake/CMakeCache.txt')
  if (!existsSync(cache)) return
  const here = readFileSync(cache, 'utf8').includes(`CMAKE_HOME_DIRECTORY:INTERNAL=${root.replaceAll('\\', '/')}\n`)
  if (!here || targets !== undefined) rmSync(at('build/cmake'), { recursive: true, force: true })
}

function buildAddon() {
  const cmakeJs = programIfInstalled('cmake-js', 'cmake-js')
  if (cmakeJs === undefined) return
  const targets = missingTargets()
  if (targets === undefined && changed(addon) >= newest([at('native'), at('CMakeLists.txt')])) return
  installLibraries()
  dropStaleCache(targets)
  const args = [cmakeJs, 'compile', '-O', 'build/cmake']
  if (targets !== undefined) args.push(`--CDBLASGRAD_TARGETS=${targets}`)
  // Make compiles one file at a time unless it is told otherwise.
  const env = { CMAKE_BUILD_PARALLEL_LEVEL: `${availableParallelism()}`, ...process.env }
  const output = step('building the addon', process.execPath, args, env)
  if (output === undefined) {
    if (targets !== undefined) writeFileSync(targetsFile, targets === 'native' ? native : targets)
    return
  }
  if (flag('native') || flag('require-native') || process.env.CI === 'true') fail(output)
  showEnd(output)
  say('setup: without the addon the library runs on its pure-TypeScript backend, many times slower\n')
}

if (!flag('prepare')) installPackages()
if (!flag('native')) buildTypeScript()
buildAddon()
