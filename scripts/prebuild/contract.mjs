// What a prebuilt addon for Linux may need of a system and export, read from the binary with objdump. Run by itself it
// prints what it finds: node scripts/prebuild/contract.mjs prebuilds/linux-x64/blasgrad.glibc.node

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'

/** The highest versions of symbols: those of Debian 10, Ubuntu 18.04 (with GCC 7's libstdc++) and RHEL 8. */
const highest = { GLIBC: '2.28', GLIBCXX: '3.4.22', CXXABI: '1.3.11', GCC: '4.2.0' }
const libraries = ['libc.so.6', 'libm.so.6', 'libstdc++.so.6', 'libgcc_s.so.1']
/** The loader, and libraries that glibc 2.34 has made part of libc. */
const partsOfLibc = ['libpthread.so.0', 'libdl.so.2', 'ld-linux-x86-64.so.2', 'ld-linux-aarch64.so.1']
const exported = ['napi_register_module_v1', 'node_api_module_get_api_version_v1']
const megabyte = 1e6
const most = { bytes: 6 * megabyte, compressed: 2.2 * megabyte }

const isAbove = (version, limit) => {
  const [a, b] = [version, limit].map(text => text.split('.').map(Number))
  const at = a.findIndex((part, i) => part !== (b[i] ?? 0))
  return at >= 0 && a[at] > (b[at] ?? 0)
}

/** What is wrong with the addon at `path`, a line each; and its figures. `objdump` may be that of another architecture. */
export function inspect(path, objdump = 'objdump') {
  const run = flag => execFileSync(objdump, [flag, path], { encoding: 'utf8', maxBuffer: 1 << 26 })
  const headers = run('-p')
  const symbols = run('-T').split('\n')
  const faults = []
  const needed = [...headers.matchAll(/NEEDED\s+(\S+)/g)].map(match => match[1])
  for (const name of needed) {
    if (![...libraries, ...partsOfLibc].includes(name)) faults.push(`needs ${name}`)
  }
  const versions = {}
  for (const [, family, version] of headers.matchAll(/\b(GLIBC|GLIBCXX|CXXABI|GCC)_(\d[\d.]*)/g)) {
    if (versions[family] === undefined || isAbove(version, versions[family])) versions[family] = version
  }
  for (const [family, version] of Object.entries(versions)) {
    if (!isAbove(version, highest[family])) continue
    const by = symbols.filter(line => line.includes(`${family}_${version})`)).map(line => line.split(' ').at(-1))
    faults.push(`needs ${family}_${version}, above ${highest[family]}: ${by.join(', ')}`)
  }
  const exports = symbols
    .filter(line => /^[0-9a-f]+ g/.test(line) && !line.includes('*UND*'))
    .map(line => line.trim().split(/\s+/).at(-1))
    .sort()
  if (exports.join() !== exported.join()) faults.push(`exports ${exports.join(', ')} instead of ${exported.join(', ')}`)
  const contents = readFileSync(path)
  const sizes = { bytes: contents.length, compressed: gzipSync(contents, { level: 9 }).length }
  for (const [name, size] of Object.entries(sizes)) {
    if (size > most[name])
      faults.push(`has ${size} ${name === 'bytes' ? 'bytes' : 'bytes compressed'}, above ${most[name]}`)
  }
  return { faults, needed, versions, ...sizes }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = inspect(process.argv[2], process.argv[3])
  console.log(JSON.stringify(found, null, 2))
  process.exitCode = found.faults.length === 0 ? 0 : 1
}
