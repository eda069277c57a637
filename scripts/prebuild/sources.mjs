// Gets the source of a Debian package, without changing the system's list of sources and without root.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail, step } from '../step.mjs'

/** The system's sources of packages, as sources of source packages. */
function sourceLists() {
  const folder = '/etc/apt/sources.list.d'
  const files = [
    '/etc/apt/sources.list',
    ...(existsSync(folder) ? readdirSync(folder).map(name => join(folder, name)) : []),
  ]
  const lists = { list: '', sources: '' }
  for (const file of files.filter(existsSync)) {
    const text = readFileSync(file, 'utf8')
    if (!/debian|ubuntu/i.test(text)) continue
    if (file.endsWith('.sources')) lists.sources += `${text.replace(/^Types:.*$/gm, 'Types: deb-src')}\n\n`
    else lists.list += `${text.replace(/^deb /gm, 'deb-src ')}\n`
  }
  return lists
}

/** Lists of Debian's source packages in `folder`, and the options with which apt-get reads them. */
function aptOptions(folder) {
  const parts = join(folder, 'sources.list.d')
  for (const path of [parts, join(folder, 'lists/partial'), join(folder, 'archives/partial')]) {
    mkdirSync(path, { recursive: true })
  }
  for (const [kind, text] of Object.entries(sourceLists())) writeFileSync(join(parts, `source.${kind}`), text)
  return [
    ['Dir::Etc::sourcelist', '/dev/null'],
    ['Dir::Etc::sourceparts', parts],
    ['Dir::State::lists', join(folder, 'lists')],
    ['Dir::Cache', folder],
  ].flatMap(([name, value]) => ['-o', `${name}=${value}`])
}

/** The folder of the unpacked source of `name`, below `cache`: the original archive, without Debian's patches. */
export function sourceOf(name, cache) {
  const folder = join(cache, name)
  if (existsSync(folder)) return folder
  const apt = join(cache, 'apt')
  const download = join(cache, `${name}-download`)
  rmSync(download, { recursive: true, force: true })
  mkdirSync(download, { recursive: true })
  const options = aptOptions(apt)
  const run = args => step('prebuild', `apt-get ${args.join(' ')}`, 'apt-get', [...options, ...args], { cwd: download })
  if (!readdirSync(join(apt, 'lists')).some(entry => entry.endsWith('Sources') || entry.includes('_source_'))) {
    const output = run(['update'])
    if (output !== undefined) fail(output)
  }
  const output = run(['source', '--download-only', name])
  if (output !== undefined) fail(`${output}\nThe source of ${name} comes from Debian's or Ubuntu's packages.`)
  const archive = readdirSync(download).find(entry => /\.orig\.tar\.\w+$/.test(entry))
  const unpacked = join(download, 'unpacked')
  mkdirSync(unpacked)
  const failed = step(
    'prebuild',
    `unpacking ${archive}`,
    'tar',
    ['-xf', archive, '-C', unpacked, '--strip-components=1'],
    {
      cwd: download,
    },
  )
  if (failed !== undefined) fail(failed)
  renameSync(unpacked, folder)
  rmSync(download, { recursive: true, force: true })
  return folder
}
