// `blasgrad build`: builds the addon from the package's own sources, in place, for this CPU.

import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findTools, installCommand } from './system.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)

/** The folders of Node's and the C++ binding's headers: the package's own, or in a checkout the development packages'. */
function includes() {
  const own = join(root, 'native/include')
  if (existsSync(own)) return [own]
  const below = (name, folder) => join(dirname(require.resolve(`${name}/package.json`)), folder)
  return [below('node-api-headers', 'include'), below('node-addon-api', '.')]
}

/** What cmake-js tells CMake, which is not there in an installed package. */
function definitions(output) {
  const perSystem = {
    darwin: ['CMAKE_SHARED_LINKER_FLAGS=-undefined dynamic_lookup'],
    // node.exe exports Node-API; the library to link with is made of the list of its names.
    win32: [
      `CMAKE_JS_NODELIB_DEF=${join(includes()[0], 'node_api.def')}`,
      `CMAKE_JS_NODELIB_TARGET=${join(output, 'node.lib')}`,
      `CMAKE_JS_LIB=${join(output, 'node.lib')}`,
      `CMAKE_JS_SRC=`,
    ],
  }
  const all = ['CMAKE_BUILD_TYPE=Release', 'BLASGRAD_TARGETS=native', `CMAKE_JS_INC=${includes().join(';')}`]
  return [...all, ...(perSystem[process.platform] ?? [])].map(each => `-D${each.replaceAll('\\', '/')}`)
}

function advise(missing) {
  const command = installCommand({ tools: true })
  console.error(`blasgrad build: ${missing}`)
  console.error(
    command === undefined
      ? 'Needed are cmake, a C++ compiler, OpenBLAS and Google Highway, with the headers of both.'
      : `To install what is needed: ${command}`,
  )
  return 1
}

/** The end of what a program printed, in which its errors are. */
const end = ({ stdout, stderr }) => `${stdout}\n${stderr}`.trim().split('\n').slice(-30).join('\n')

/** Builds the addon. Returns the exit code. */
export function build() {
  const { cmake, compiler, generator } = findTools()
  const tools = { cmake, 'a C++ compiler': compiler, 'make or ninja': generator }
  const missing = Object.keys(tools).filter(name => tools[name] === undefined)
  if (missing.length > 0) return advise(`${missing.join(', ')}: not found in PATH`)

  const output = join(root, 'build/native')
  rmSync(output, { recursive: true, force: true })
  const run = (...args) => spawnSync(cmake, args, { encoding: 'utf8', maxBuffer: 1 << 28 })
  const configured = run('-S', root, '-B', output, ...definitions(output))
  if (configured.status !== 0) {
    const library = /^\s*((?:OpenBLAS|Google Highway) .*was not found)/m.exec(configured.stderr)?.[1]
    if (library !== undefined) return advise(library)
    console.error(`blasgrad build: cmake failed\n${configured.error?.message ?? end(configured)}`)
    return 1
  }
  const threads = availableParallelism()
  console.log(
    `Building the addon with ${compiler} on ${threads} ${threads === 1 ? 'core' : 'cores'}; this takes some minutes.`,
  )
  const start = Date.now()
  const built = run('--build', output, '--config', 'Release', '--parallel', String(threads))
  if (built.status !== 0) {
    console.error(`blasgrad build: the build failed\n${built.error?.message ?? end(built)}`)
    return 1
  }
  rmSync(output, { recursive: true, force: true })
  console.log(`${join(root, 'build/Release/addon.node')}: built in ${Math.round((Date.now() - start) / 1000)} s`)
  return 0
}
