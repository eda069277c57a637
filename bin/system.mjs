// What this system has for a native build, and the one command that brings what is missing.

import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const extensions = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : ['']

/** The first of these programs that is in PATH, by its file; undefined where none is. */
export function findProgram(...names) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(folder => folder !== '')
  for (const name of names) {
    for (const folder of folders) {
      const file = extensions.map(extension => join(folder, name + extension)).find(existsSync)
      if (file !== undefined) return file
    }
  }
  return undefined
}

/** Whether a header is in a system include folder or in a folder directly below one. */
export function isHeader(name) {
  const folders = ['/usr/include', '/usr/local/include'].filter(existsSync)
  const inner = folders.flatMap(folder => readdirSync(folder).map(entry => join(folder, entry)))
  return [...folders, ...inner].some(folder => existsSync(join(folder, name)))
}

/** By package manager: how it installs packages, what the libraries are called in it, and the tools. */
const managers = [
  {
    program: 'apt-get',
    prepare: 'apt-get update',
    install: 'apt-get install -y --no-install-recommends',
    libraries: 'libopenblas-dev libhwy-dev',
    tools: 'cmake make g++',
  },
  { program: 'dnf', install: 'dnf install -y', libraries: 'openblas-devel highway-devel', tools: 'cmake make gcc-c++' },
  { program: 'apk', install: 'apk add', libraries: 'openblas-dev highway-dev', tools: 'cmake make g++' },
  {
    program: 'pacman',
    install: 'pacman -S --needed --noconfirm',
    libraries: 'openblas highway',
    tools: 'cmake make gcc',
  },
  { program: 'brew', install: 'brew install', libraries: 'openblas highway', tools: 'cmake', isForUsers: true },
  { program: 'vcpkg', install: 'vcpkg install', libraries: 'openblas highway', tools: '', isForUsers: true },
]

const isRoot = () => process.getuid?.() === 0

/**
 * The command that installs OpenBLAS and Highway, with `tools` also cmake and a compiler; undefined on a system without a
 * package manager that is known. Names sudo where the user is not root.
 */
export function installCommand({ tools = false } = {}) {
  const manager = managers.find(({ program }) => findProgram(program) !== undefined)
  if (manager === undefined) return undefined
  const { prepare, install, libraries, isForUsers = false } = manager
  const sudo = isForUsers || isRoot() ? '' : 'sudo '
  const packages = tools && manager.tools !== '' ? `${manager.tools} ${libraries}` : libraries
  return [...(prepare === undefined ? [] : [prepare]), `${install} ${packages}`].map(each => sudo + each).join(' && ')
}

/** What there is to build with. A value is the program's file, or undefined. */
export const findTools = () => ({
  cmake: findProgram('cmake'),
  compiler: process.env.CXX || findProgram('c++', 'g++', 'clang++', 'cl'),
  generator: findProgram('ninja', 'make', 'gmake', 'nmake', 'msbuild'),
})
