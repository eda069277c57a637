// Documents and comments name files that exist: relative links, folders in backticks, files by their path from the root.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { filesBelow } from './support/files.js'

const root = join(import.meta.dirname, '..')
const folders = ['lib', 'native', 'bench', 'docs', 'examples', 'scripts', 'test']
const files = [...folders, 'README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].flatMap(path =>
  filesBelow(join(root, path), root),
)

/** Written by a command, so that a fresh clone has none of them. */
const generated = /^(?:build|dist|runs|node_modules)\b/
const folder = new RegExp(`^(?:${folders.join('|')})/`)
const sourceFile = new RegExp(
  `(?<![\\w./-])(?:${folders.join('|')})/[\\w./-]+\\.(?:ts|mjs|md|py|c|cpp|h|json|supp)\\b`,
  'g',
)

/** The paths that a file names, from the repository's root. */
function pathsIn(file: string, text: string): string[] {
  const named = [...text.matchAll(sourceFile)].map(([path]) => path)
  if (!file.endsWith('.md')) return named
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(match => match[1].replace(/#.*$/, ''))
    .filter(link => link !== '' && !/^[a-z]+:/.test(link))
    .map(link => join(dirname(file), link))
  const prose = text.replace(/^```.*?^```/gms, '')
  const inBackticks = [...prose.matchAll(/`([^`\s]+)`/g)].map(match => match[1])
  const places = inBackticks.filter(path => folder.test(path) && !/[*{<…]/.test(path))
  return [...links, ...named, ...places].filter(path => !generated.test(path))
}

test('the search finds links, folders and files', () => {
  const [here, code] = ['lib/base', `lib/${'f'}.ts`]
  const text = `[a](../b.md#c) [d](https://e) \`${here}\` ${code} \`lib/{g}\` \`h/i\``
  expect(pathsIn(['docs', 'x', 'y.md'].join('/'), text)).toEqual([['docs', 'b.md'].join('/'), code, here])
  expect(pathsIn('lib', text)).toEqual([code])
})

test('every path exists', () => {
  const missing = files.flatMap(file =>
    pathsIn(file, readFileSync(join(root, file), 'utf8'))
      .filter(path => !existsSync(join(root, path)))
      .map(path => `${file}: ${path}`),
  )
  expect(missing).toEqual([])
})
