// Bundles lib/ for the published package: one module for each entry point and one that they share, with source maps, and
// the declarations likewise. The checkout itself runs on the files that tsc writes, one for each module of lib/.

import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join, sep } from 'node:path'
import { rolldown } from 'rolldown'
import { rollup } from 'rollup'
import { dts } from 'rollup-plugin-dts'
import { programIfInstalled } from '../packages.mjs'
import { writeMethods } from './methods.mjs'

const root = join(import.meta.dirname, '../..')

/** What is published, by its path below dist/. Each chunk lies one folder down: find.ts finds the package two above. */
const entries = extension => ({
  index: join(root, `lib/index${extension}`),
  'backend/index': join(root, `lib/backend/index${extension}`),
})

/** Whether both entry points use this module, or the declarations of it. */
const isShared = id => /^[\\/](?:lib|build[\\/]declarations)[\\/](?:base|backend)[\\/]/.test(id.slice(root.length))

/** lib/base/version.ts reads package.json; the package has the version as a constant. */
const versionAsConstant = version => ({
  name: 'version-as-constant',
  load: id => (id.endsWith(join('base', 'version.ts')) ? `export const version = ${JSON.stringify(version)}` : null),
})

/** Writes the modules. `folder` is the dist/ of the package. */
export async function bundleModules(folder, version) {
  const bundle = await rolldown({
    input: entries('.ts'),
    platform: 'node',
    external: /^node:/,
    tsconfig: join(root, 'lib/tsconfig.json'),
    plugins: [versionAsConstant(version)],
    onLog(level, log) {
      throw new Error(`${level} of rolldown: ${log.message}`)
    },
  })
  await bundle.write({
    dir: folder,
    format: 'esm',
    sourcemap: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'shared/[name].js',
    codeSplitting: { groups: [{ name: 'blasgrad-backend', test: isShared }] },
    comments: { legal: true, annotation: true, jsdoc: false },
  })
  await bundle.close()
}

/**
 * Beside the class itself, an augmentation of its module is a second declaration that merges with the first. What it names
 * has got another name in the bundle ("TensorLike$1"), as if the augmentation's own were taken: it gets its own back.
 */
const mergeAugmentations = {
  name: 'merge-augmentations',
  renderChunk(code) {
    const names = new Set()
    const merged = code.replaceAll(/^declare module "[^"]*" \{\n(.*?)^\}\n/gms, (_, body) => {
      for (const [name] of body.matchAll(/\b[A-Z]\w+/g)) names.add(name)
      return body
    })
    return merged.replaceAll(/\b(\w+)\$1\b(?: as \1\b)?/g, (whole, name) => (names.has(name) ? name : whole))
  },
}

/** What Node's own types declare, for programs that do without them; with them, it is the same. */
const globals = {
  AbortSignal: '{ readonly aborted: boolean; readonly reason: any }',
  URL: '{ readonly href: string }',
}

/** The alias that a namespace has for a class takes its type parameters over, but may not say "const". */
const aliasesWithoutConst = {
  name: 'aliases-without-const',
  renderChunk: code => code.replaceAll(/^(type [\w$]+<)const /gm, '$1'),
}

const withGlobals = {
  name: 'with-globals',
  renderChunk: code =>
    Object.entries(globals)
      .filter(([name]) => new RegExp(`: (?:.* )?${name}\\b`).test(code))
      .map(
        ([name, type]) =>
          `type ${name} = typeof globalThis extends { ${name}: { prototype: infer T } } ? T : ${type};\n`,
      )
      .join('') + code,
}

/** Writes the declarations, of which tsc makes those of each module first, without library-only members. */
export async function bundleDeclarations(folder) {
  const declarations = join(root, 'build/declarations')
  rmSync(declarations, { recursive: true, force: true })
  const options = ['--emitDeclarationOnly', '--stripInternal', '--composite', 'false', '--incremental', 'false']
  const args = [programIfInstalled('typescript', 'tsc'), '-p', join(root, 'lib'), '--outDir', declarations, ...options]
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`declarations: ${stdout}`)
  const bundle = await rollup({
    input: Object.fromEntries(
      Object.entries(entries('.d.ts')).map(([name, file]) => [name, file.replace(`${root}${sep}lib`, declarations)]),
    ),
    external: /^node:/,
    plugins: [dts(), mergeAugmentations, aliasesWithoutConst, withGlobals],
    onLog(level, log) {
      throw new Error(`${level} of rollup: ${log.message}`)
    },
  })
  await bundle.write({
    dir: folder,
    entryFileNames: '[name].d.ts',
    chunkFileNames: 'shared/[name].d.ts',
    manualChunks: id => (isShared(id) ? 'blasgrad-backend' : undefined),
  })
  await bundle.close()
  writeMethods(join(folder, 'index.d.ts'))
}
