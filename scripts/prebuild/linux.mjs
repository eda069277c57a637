// `npm run prebuild:linux [-- --arch arm64]`: makes prebuilds/linux-<arch>/blasgrad.glibc.node, an addon with OpenBLAS and
// Highway inside that loads on old systems, and checks it. Needs Debian's or Ubuntu's apt-get, g++, make and cmake; for
// arm64 also g++-aarch64-linux-gnu. What is built once is kept in build/prebuild.

import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { program } from '../packages.mjs'
import { fail, say, step } from '../step.mjs'
import { inspect } from './contract.mjs'
import { architectures, librariesFor } from './libraries.mjs'

const root = dirname(dirname(import.meta.dirname))
const { arch } = parseArgs({ options: { arch: { type: 'string', default: 'x64' } } }).values
const architecture = architectures[arch]
if (architecture === undefined)
  fail(`prebuild: expected --arch ${Object.keys(architectures).join(' or ')}, got ${arch}`)

const kept = join(root, 'build/prebuild')
const libraries = librariesFor(arch, join(kept, 'libraries'))

// A copy, so that the addon of the checkout stays as it is. CMake's folder is kept: what has not changed is not compiled again.
const staging = join(kept, `linux-${arch}`)
mkdirSync(staging, { recursive: true })
for (const name of ['native', 'CMakeLists.txt', 'binding.gyp', 'package.json']) {
  rmSync(join(staging, name), { recursive: true, force: true })
  cpSync(join(root, name), join(staging, name), { recursive: true, preserveTimestamps: true })
}
if (!existsSync(join(staging, 'node_modules'))) symlinkSync(join(root, 'node_modules'), join(staging, 'node_modules'))

const cross =
  arch === process.arch ? [] : ['SYSTEM_NAME=Linux', `SYSTEM_PROCESSOR=${arch === 'arm64' ? 'aarch64' : 'x86_64'}`]
const definitions = [
  'BLASGRAD_PREBUILD=ON',
  `OPENBLAS_ROOT=${libraries}`,
  `OPENBLAS_INCLUDE=${libraries}/include`,
  `OPENBLAS_LIBRARY=${libraries}/lib/libopenblas.a`,
  `HWY_INCLUDE=${libraries}/include`,
  `HWY_LIBRARY=${libraries}/lib/libhwy.a`,
  ...[`CXX_COMPILER=${architecture.prefix}g++`, ...cross].map(text => `CMAKE_${text}`),
]
const env = {
  ...process.env,
  BLASGRAD_CMAKE_FOLDER: 'cmake',
  BLASGRAD_CMAKE: definitions.map(definition => `--CD${definition}`).join(' '),
  CMAKE_BUILD_PARALLEL_LEVEL: `${availableParallelism()}`,
  // prebuildify starts the node-gyp that is beside it.
  PREBUILD_NODE_GYP: program('node-gyp', 'node-gyp'),
}
const options = ['--napi', '--strip', '--tag-libc', '--platform', 'linux', '--arch', arch, '--out', root]
const output = step(
  'prebuild',
  `the addon for linux-${arch}`,
  process.execPath,
  [program('prebuildify', 'prebuildify'), ...options, '--strip-bin', `${architecture.prefix}strip`],
  { cwd: staging, env },
)
if (output !== undefined) fail(output)

const addon = join(root, `prebuilds/linux-${arch}/blasgrad.glibc.node`)
const { faults, bytes, compressed, versions } = inspect(addon, `${architecture.prefix}objdump`)
say(
  `prebuild: ${addon}: ${bytes} bytes, ${compressed} compressed, GLIBC ${versions.GLIBC}, GLIBCXX ${versions.GLIBCXX}\n`,
)
if (faults.length > 0) fail(faults.map(fault => `prebuild: ${fault}`).join('\n'))
