// `npm run check:platforms [-- name…]`: compiles the addon's sources for platforms of which no machine is here, without
// optimization; nothing is linked or run. Needs cmake, OpenBLAS's and Highway's headers, and Zig.

import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { fail, say, step } from '../step.mjs'
import { compilerFor } from './zig.mjs'

/** Zig's name, CMake's names, and the system's name in OpenBLAS's header. MSVC's own headers are not among Zig's. */
const platforms = {
  'darwin-arm64': { target: 'aarch64-macos', system: 'Darwin', processor: 'arm64', openblas: 'DARWIN' },
  'darwin-x64': { target: 'x86_64-macos', system: 'Darwin', processor: 'x86_64', openblas: 'DARWIN' },
  'win32-x64': { target: 'x86_64-windows-gnu', system: 'Windows', processor: 'AMD64', openblas: 'WINNT' },
  'linux-x64-musl': { target: 'x86_64-linux-musl', system: 'Linux', processor: 'x86_64', openblas: 'LINUX' },
}

const root = dirname(dirname(import.meta.dirname))
const require = createRequire(import.meta.url)
const kept = join(root, 'build/platforms')

/** The folder with `name`, among the system's include folders and those directly below. */
function headers(name) {
  const folders = ['/usr/include', '/usr/local/include', '/opt/homebrew/include'].filter(existsSync)
  const inner = folders.flatMap(folder => readdirSync(folder).map(entry => join(folder, entry)))
  const found = [...folders, ...inner].find(folder => existsSync(join(folder, name)))
  if (found === undefined) fail(`${name} was not found: apt-get install libopenblas-dev libhwy-dev`)
  return found
}

/** Both libraries' headers alone: the system's other headers are not the platform's. */
function copyHeaders(folder, openblas) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  cpSync(join(headers('hwy/highway.h'), 'hwy'), join(folder, 'hwy'), { recursive: true })
  const blas = headers('cblas.h')
  cpSync(join(blas, 'cblas.h'), join(folder, 'cblas.h'))
  const config = readFileSync(join(blas, 'openblas_config.h'), 'utf8')
  writeFileSync(join(folder, 'openblas_config.h'), config.replace(/OPENBLAS_OS_\w+ 1/, `OPENBLAS_OS_${openblas} 1`))
}

/** The compiler's commands, a source each, as CMakeLists.txt has them for the platform. */
function commandsFor(name) {
  const { target, system, processor, openblas } = platforms[name]
  const folder = join(kept, name)
  const include = join(folder, 'include')
  copyHeaders(include, openblas)
  const definitions = {
    CMAKE_SYSTEM_NAME: system,
    CMAKE_SYSTEM_PROCESSOR: processor,
    CMAKE_CXX_COMPILER: compilerFor(target, join(kept, 'tools'), { links: false }),
    CMAKE_RC_COMPILER: '/bin/true',
    CMAKE_INSTALL_NAME_TOOL: '/bin/true',
    CMAKE_TRY_COMPILE_TARGET_TYPE: 'STATIC_LIBRARY',
    CMAKE_CXX_COMPILER_LAUNCHER: '',
    CMAKE_EXPORT_COMPILE_COMMANDS: 'ON',
    CMAKE_JS_INC: `${require('node-api-headers').include_dir};${require('node-addon-api').include_dir}`,
    OPENBLAS_INCLUDE: include,
    HWY_INCLUDE: include,
    // Never read: nothing is linked.
    OPENBLAS_LIBRARY: 'libopenblas.a',
    HWY_LIBRARY: 'libhwy.a',
  }
  const options = Object.entries(definitions).map(([key, value]) => `-D${key}=${value}`)
  const cmake = join(folder, 'cmake')
  rmSync(cmake, { recursive: true, force: true })
  const output = step(name, 'configuring', 'cmake', ['-G', 'Unix Makefiles', '-S', root, '-B', cmake, ...options])
  if (output !== undefined) fail(output)
  return JSON.parse(readFileSync(join(cmake, 'compile_commands.json'), 'utf8'))
}

function compile({ command, directory }) {
  return new Promise(resolve => {
    // Not -fsyntax-only: vectors of an instruction set that a function lacks are found when code is generated, and Zig
    // would take it for a command that links.
    const quick = command.replace(/ -c (?=\S+$)/, ' -O0 -fno-sanitize=undefined -c ')
    const child = spawn('sh', ['-c', quick], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (output += text))
    child.on('close', status => resolve(status === 0 ? undefined : output))
  })
}

async function check(name) {
  const commands = commandsFor(name)
  const start = Date.now()
  const failures = []
  const rest = [...commands]
  const worker = async () => {
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      const output = await compile(next)
      if (output !== undefined) failures.push(`${relative(root, next.file)}\n${output}`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  const seconds = ((Date.now() - start) / 1000).toFixed(0)
  say(`${name}: ${commands.length - failures.length} of ${commands.length} sources pass (${seconds} s)\n`)
  for (const failure of failures) say(`\n${failure}`)
  return failures.length === 0
}

const { positionals } = parseArgs({ allowPositionals: true })
const names = positionals.length > 0 ? positionals : Object.keys(platforms)
const unknown = names.find(name => platforms[name] === undefined)
if (unknown !== undefined) fail(`expected ${Object.keys(platforms).join(', ')}, got ${unknown}`)
for (const name of names) {
  if (!(await check(name))) process.exitCode = 1
}
