// What is tried with the tarball, a row each: a name and a function that throws, or returns what the program printed.

import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** A program's folder below `tools`, installed once with npm. */
async function tool(sandbox, specification) {
  sandbox.tools ??= new Map()
  const made = sandbox.tools
  if (!made.has(specification)) {
    const folder = sandbox.folder({ name: 'tool' })
    made.set(
      specification,
      folder
        .run('npm', ['install', '--no-audit', '--no-fund', specification])
        .then(() => join(folder.path, 'node_modules')),
    )
  }
  return made.get(specification)
}

const npmInstall = (folder, ...what) => folder.run('npm', ['install', '--no-audit', '--no-fund', ...what])

/** The file of Node's binary of a version. */
async function nodeOf(sandbox, version) {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  return join(await tool(sandbox, `${name}@${version}`), name, 'bin/node')
}

const train = folder => folder.run('node', ['train.mjs'])

/** Package managers. */
const managers = {
  npm: async (sandbox, tarball) => {
    const folder = sandbox.folder()
    const printed = await npmInstall(folder, tarball)
    // npm says which packages have scripts that wait for approval.
    if (/allow-?scripts|approve/i.test(printed)) throw new Error(printed)
    return train(folder)
  },
  'npm --ignore-scripts': async (sandbox, tarball) => {
    const folder = sandbox.folder()
    await npmInstall(folder, '--ignore-scripts', tarball)
    return train(folder)
  },
  'pnpm 10': async (sandbox, tarball) => {
    const folder = sandbox.folder()
    await folder.run('node', [join(await tool(sandbox, 'pnpm@10'), 'pnpm/bin/pnpm.cjs'), 'add', tarball])
    return train(folder)
  },
  'yarn 1': async (sandbox, tarball) => {
    const folder = sandbox.folder()
    await folder.run('node', [join(await tool(sandbox, 'yarn@1'), 'yarn/bin/yarn.js'), 'add', `file:${tarball}`])
    return train(folder)
  },
  ...Object.fromEntries(
    ['node-modules', 'pnp'].map(linker => [
      `yarn 4, ${linker}`,
      async (sandbox, tarball) => {
        const settings = `nodeLinker: ${linker}\nenableGlobalCache: false\nenableTelemetry: false\n`
        const folder = sandbox.folder({ files: { '.yarnrc.yml': settings, 'yarn.lock': '' } })
        const yarn = join(await tool(sandbox, '@yarnpkg/cli-dist@4'), '@yarnpkg/cli-dist/bin/yarn.js')
        const registry = process.env.npm_config_registry
        const env = registry ? { YARN_NPM_REGISTRY_SERVER: registry.replace(/\/$/, '') } : {}
        await folder.run('node', [yarn, 'add', `blasgrad@file:${tarball}`], { env })
        return folder.run('node', [yarn, 'node', 'train.mjs'], { env })
      },
    ]),
  ),
  bun: async (sandbox, tarball) => {
    const folder = sandbox.folder()
    const bun = join(await tool(sandbox, 'bun'), 'bun/bin/bun.exe')
    await folder.run(bun, ['add', tarball])
    return train(folder)
  },
}

/** Runtimes, and ways to load the package. */
const runtimes = {
  ...Object.fromEntries(
    ['20.19', '22', '24', 'latest'].map(version => [
      `Node ${version}, import and require`,
      async (sandbox, tarball) => {
        const folder = sandbox.folder({ files: { 'require.cjs': `require('./train.mjs')\n` } })
        await npmInstall(folder, tarball)
        const node = await nodeOf(sandbox, version)
        const required = await folder.run(node, ['require.cjs'])
        if (required !== (await folder.run(node, ['train.mjs'])))
          throw new Error('require gives another result than import')
        return required
      },
    ]),
  ),
  'Bun as the runtime': async (sandbox, tarball) => {
    const folder = sandbox.folder()
    await npmInstall(folder, tarball)
    return folder.run(join(await tool(sandbox, 'bun'), 'bun/bin/bun.exe'), ['train.mjs'])
  },
  Deno: async (sandbox, tarball) => {
    const folder = sandbox.folder()
    await npmInstall(folder, tarball)
    const deno = join(await tool(sandbox, 'deno'), '@deno', `linux-${process.arch}-glibc`, 'deno')
    const permissions = ['--allow-env', '--allow-read', '--allow-ffi', '--allow-sys', '--node-modules-dir=manual']
    return folder.run(deno, ['run', ...permissions, 'train.mjs'])
  },
  'four worker threads': async (sandbox, tarball) => {
    const files = {
      'workers.mjs': `import { Worker } from 'node:worker_threads'
const one = () => new Promise((resolve, reject) => new Worker('./train.mjs').on('error', reject).on('exit', resolve))
const codes = await Promise.all([one(), one(), one(), one()])
if (codes.some(code => code !== 0)) throw new Error('exit codes ' + codes)
await import('./train.mjs')
`,
    }
    const folder = sandbox.folder({ files })
    await npmInstall(folder, tarball)
    return folder.run('node', ['workers.mjs'])
  },
  'two copies in one process': async (sandbox, tarball) => {
    const files = {
      'two.mjs': `import * as one from 'blasgrad'
import * as two from 'other'
one.setThreads(1)
two.setThreads(2)
const product = ({ ones }) => ones([64, 64]).matmul(ones([64, 64])).sum().item()
if (product(one) !== 64 ** 3 || product(two) !== 64 ** 3) throw new Error('wrong products')
if (one.backendInfo().native?.threads === two.backendInfo().native?.threads) throw new Error('they share their threads')
await import('./train.mjs')
`,
    }
    const folder = sandbox.folder({ files })
    await npmInstall(folder, tarball, `other@file:${tarball}`)
    return folder.run('node', ['two.mjs'])
  },
}

const otherAddon = `#include <node_api.h>
extern "C" {
int openblas_get_num_threads(void);
void openblas_set_num_threads(int);
}
static napi_value call(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument, result;
  int threads = 0;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  if (napi_get_value_int32(env, argument, &threads) == napi_ok) openblas_set_num_threads(threads);
  napi_create_int32(env, openblas_get_num_threads(), &result);
  return result;
}
NAPI_MODULE_INIT() {
  napi_value result;
  napi_create_function(env, "threads", NAPI_AUTO_LENGTH, call, nullptr, &result);
  return result;
}
`

Object.assign(runtimes, {
  'beside another addon with an OpenBLAS': async (sandbox, tarball) => {
    const files = {
      'other.cc': otherAddon,
      'beside.mjs': `import { createRequire } from 'node:module'
import { ones, setThreads } from 'blasgrad'
const threads = createRequire(import.meta.url)('./other.node')
threads(2)
setThreads(1)
if (ones([256, 256]).matmul(ones([256, 256])).sum().item() !== 256 ** 3) throw new Error('a wrong product')
if (threads() !== 2) throw new Error('its threads have changed')
await import('./train.mjs')
`,
    }
    const folder = sandbox.folder({ files })
    await npmInstall(folder, tarball, 'node-api-headers')
    const flags = [
      '-shared',
      '-fPIC',
      '-Inode_modules/node-api-headers/include',
      'other.cc',
      '-o',
      'other.node',
      '-lopenblas',
    ]
    // Made with this machine's compiler; used without.
    await folder.run('g++', flags, { path: process.env.PATH })
    return folder.run('node', ['beside.mjs'])
  },
})

const testOf = (imports, matcher) =>
  `${imports}import { backendInfo, tensor } from 'blasgrad'
test('adds', () => {
  expect(tensor([1, 2]).add(1).toArray()).toEqual([2, 3])
  console.log('backend: ' + backendInfo().backend)
})
${matcher}`

/** Test runners, and tools that look at the package. */
const tools = {
  vitest: async (sandbox, tarball) => {
    const files = { 'add.test.mjs': testOf(`import { expect, test } from 'vitest'\n`, '') }
    const folder = sandbox.folder({ files })
    await npmInstall(folder, tarball, 'vitest@3')
    return folder.run('node', ['node_modules/vitest/vitest.mjs', 'run'])
  },
  ...Object.fromEntries(
    ['29', '30'].map(version => [
      `Jest ${version}, as ES modules`,
      async (sandbox, tarball) => {
        const files = {
          'add.test.mjs': testOf('', ''),
          'jest.config.json': '{"testMatch":["**/*.test.mjs"],"transform":{}}',
        }
        const folder = sandbox.folder({ files })
        await npmInstall(folder, tarball, `jest@${version}`)
        return folder.run('node', ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js'])
      },
    ]),
  ),
  'esbuild, bundled': async (sandbox, tarball) => {
    const folder = sandbox.folder()
    await npmInstall(folder, tarball, 'esbuild')
    const options = ['train.mjs', '--bundle', '--platform=node', '--format=esm', '--outfile=out/train.mjs']
    await folder.run(join(folder.path, 'node_modules/esbuild/bin/esbuild'), options)
    return folder.run('node', ['out/train.mjs'])
  },
  'rolldown, bundled': async (sandbox, tarball) => {
    const folder = sandbox.folder()
    await npmInstall(folder, tarball, 'rolldown')
    const options = ['train.mjs', '--platform', 'node', '--format', 'esm', '--dir', 'out']
    await folder.run('node', ['node_modules/rolldown/bin/cli.mjs', ...options])
    return folder.run('node', ['out/train.js'])
  },
  publint: async (sandbox, tarball) => {
    const folder = sandbox.folder()
    await npmInstall(folder, 'publint')
    const printed = await folder.run('node', ['node_modules/publint/src/cli.js', 'run', tarball, '--strict'])
    return `${printed.trim().split('\n').at(-1)}\nbackend: not run`
  },
  'TypeScript 5.4 and the newest, nodenext': async (sandbox, tarball) => {
    const settings = {
      compilerOptions: { strict: true, noEmit: true, module: 'nodenext', skipLibCheck: false, types: [] },
      files: ['use.ts'],
    }
    const use = `import { type Tensor, nn, tensor } from 'blasgrad'
const layer = new nn.Linear(2, 3)
const y: Tensor = layer.forward(tensor([[1, 2]])).relu()
export const rows: number = y.shape[0]
`
    const folder = sandbox.folder({ files: { 'tsconfig.json': JSON.stringify(settings), 'use.ts': use } })
    await npmInstall(folder, tarball)
    for (const version of ['5.4', 'latest']) {
      await folder.run('node', [join(await tool(sandbox, `typescript@${version}`), 'typescript/bin/tsc'), '-p', '.'])
    }
    return train(folder)
  },
}

/** Bare systems: a root of each release of Debian, without OpenBLAS, Highway and compilers. */
const systems = Object.fromEntries(
  [
    ['Debian 11', 'bullseye'],
    ['Debian 12', 'bookworm'],
  ].map(([title, release]) => [
    title,
    async (sandbox, tarball) => {
      if (process.getuid?.() !== 0) return 'backend: left out, debootstrap needs root'
      const folder = sandbox.folder()
      await npmInstall(folder, tarball)
      const path = process.env.PATH
      // debootstrap has a mirror of its own.
      const mirror = process.env.DEBIAN_MIRROR === undefined ? [] : [process.env.DEBIAN_MIRROR]
      const root = join(sandbox.root, release)
      const include = '--include=libstdc++6,ca-certificates'
      await folder.run('debootstrap', ['--variant=minbase', include, release, root, ...mirror], { path, seconds: 900 })
      if (existsSync(join(root, 'usr/bin/gcc'))) throw new Error('the root has a compiler')
      await folder.run('cp', ['-r', folder.path, join(root, 'app')], { path })
      await folder.run('cp', ['-L', process.execPath, join(root, 'usr/bin/node')], { path })
      return folder.run('chroot', [root, 'sh', '-c', 'cd /app && node train.mjs'], { path })
    },
  ]),
)

export const rows = { ...managers, ...runtimes, ...tools, ...systems }
