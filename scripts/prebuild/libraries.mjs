// The static libraries of a prebuilt addon, from Debian's source packages: OpenBLAS with the kernels of several CPUs, of
// which it needs the products alone, and Highway's detection of instruction sets.

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fail, step } from '../step.mjs'
import { sourceOf } from './sources.mjs'

/**
 * By architecture: the compilers' prefix, and OpenBLAS's kernels. Cooper Lake's for floats are Skylake X's, Zen's are
 * Haswell's.
 */
export const architectures = {
  x64: { prefix: '', cores: 'HASWELL SKYLAKEX', target: 'GENERIC' },
  arm64: { prefix: 'aarch64-linux-gnu-', cores: 'CORTEXA57 NEOVERSEN1', target: 'ARMV8' },
}

function run(what, command, args, cwd) {
  const output = step('prebuild', what, command, args, { cwd })
  if (output !== undefined) fail(output)
}

function buildOpenblas(source, prefix, { prefix: compiler, cores, target }) {
  const options = [
    `TARGET=${target}`,
    'DYNAMIC_ARCH=1',
    `DYNAMIC_LIST=${cores}`,
    'NO_LAPACK=1',
    'NOFORTRAN=1',
    'ONLY_CBLAS=1',
    'BUILD_SINGLE=1',
    'BUILD_DOUBLE=1',
    'USE_THREAD=1',
    'USE_OPENMP=0',
    'NUM_THREADS=64',
    'NO_SHARED=1',
    'NO_AFFINITY=1',
    `CC=${compiler}gcc`,
    'HOSTCC=gcc',
    'BINARY=64',
    // Sections, so that the linker drops what is not called.
    'COMMON_OPT=-O2 -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables',
  ]
  run(`OpenBLAS (${cores})`, 'make', [...options, `-j${availableParallelism()}`, 'libs'], source)
  run('installing it', 'make', [...options, `PREFIX=${prefix}`, 'install'], source)
}

/** The kernels that products of matrices and vectors call. OpenBLAS's tables name every kernel of a CPU. */
const called = new RegExp(
  `^[sd](gemm_(kernel|beta|incopy|itcopy|oncopy|otcopy|direct|direct_performant|small_matrix_permit|small_kernel_.*)|gemv_[nt]` +
    `|scal_k|axpy_k|copy_k|dot_k)_[A-Z0-9]+$`,
)

/** Takes the kernels that nothing calls out of the library. Their names stay, for one function that traps. */
function dropUncalledKernels(prefix, { prefix: compiler, cores }) {
  const folder = join(prefix, 'lib')
  const library = readdirSync(folder).find(name => /^libopenblasp.*\.a$/.test(name))
  const listing = execFileSync(`${compiler}nm`, ['-A', '--defined-only', library], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const suffix = new RegExp(`_(?:${['PRESCOTT', 'ARMV8', ...cores.split(' ')].join('|')})$`)
  const dropped = new Map()
  const kept = new Set()
  for (const [, member, name] of listing.matchAll(/:([^:\n]+\.o):\S+ [TDRB] (\S+)$/gm)) {
    if (suffix.test(name) && !name.startsWith('gotoblas_') && !called.test(name)) dropped.set(name, member)
    else kept.add(member)
  }
  const names = [...dropped].filter(([, member]) => !kept.has(member))
  const trap = compiler === '' ? 'ud2' : 'udf #0'
  const lines = names.map(([name]) => `.globl ${name}\n.set ${name}, absent`)
  writeFileSync(
    join(folder, 'absent.s'),
    `.text\nabsent: ${trap}\n${lines.join('\n')}\n.section .note.GNU-stack,"",%progbits\n`,
  )
  run('a stand-in for kernels that nothing calls', `${compiler}gcc`, ['-c', 'absent.s', '-o', 'absent.o'], folder)
  run('OpenBLAS without them', `${compiler}ar`, ['d', library, ...new Set(names.map(([, member]) => member))], folder)
  run('OpenBLAS with it', `${compiler}ar`, ['rs', library, 'absent.o'], folder)
}

function buildHighway(source, prefix, { prefix: compiler }) {
  const parts = ['targets', 'per_target', 'aligned_allocator', 'print']
  const flags = ['-O2', '-fPIC', '-std=c++17', '-ffunction-sections', '-fdata-sections', '-I', source, '-c']
  for (const part of parts) {
    run(`Highway: ${part}`, `${compiler}g++`, [...flags, join(source, `hwy/${part}.cc`)], prefix)
  }
  mkdirSync(join(prefix, 'lib'), { recursive: true })
  run('Highway', `${compiler}ar`, ['rcs', 'lib/libhwy.a', ...parts.map(part => `${part}.o`)], prefix)
  cpSync(join(source, 'hwy'), join(prefix, 'include/hwy'), { recursive: true })
}

/** The folder with both libraries and their headers for an architecture, built below `cache` unless it is there. */
export function librariesFor(arch, cache) {
  const prefix = join(cache, arch)
  const complete = join(prefix, 'complete')
  if (existsSync(complete)) return prefix
  rmSync(prefix, { recursive: true, force: true })
  mkdirSync(prefix, { recursive: true })
  const architecture = architectures[arch]
  // OpenBLAS builds within its source.
  const copy = join(cache, `openblas-${arch}`)
  rmSync(copy, { recursive: true, force: true })
  cpSync(sourceOf('openblas', cache), copy, { recursive: true })
  buildOpenblas(copy, prefix, architecture)
  dropUncalledKernels(prefix, architecture)
  buildHighway(sourceOf('highway', cache), prefix, architecture)
  rmSync(copy, { recursive: true, force: true })
  writeFileSync(complete, '')
  return prefix
}
