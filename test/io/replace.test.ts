// Saving in a real file system: what is there already, what a killed saver left, and what is no file at all.

import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { data, FileError, io, tensor } from '../../lib/index.js'
import { temporaryName } from '../../lib/io/leftovers.js'
import { temporaryFolder } from './support.js'

const folder = temporaryFolder()
const isPosix = process.platform !== 'win32'
const isRoot = process.getuid?.() === 0

let made = 0
/** A new empty folder. */
function place(): string {
  const path = join(folder, String(made++))
  mkdirSync(path)
  return path
}

const save = (path: string, value = 2): void => io.saveSafetensors(path, { a: tensor(value) })
const load = (path: string): number => io.loadSafetensors(path).a.item()

describe.runIf(isPosix)('a file that is replaced', () => {
  it.each([0o600, 0o640, 0o755, 0o666])('keeps the mode %o', mode => {
    const path = join(place(), 'a')
    writeFileSync(path, 'old')
    chmodSync(path, mode)
    save(path)
    expect(statSync(path).mode & 0o7777).toBe(mode)
  })

  it.runIf(isRoot)('keeps its owner and group', () => {
    const path = join(place(), 'a')
    writeFileSync(path, 'old')
    chownSync(path, 12_345, 54_321)
    save(path)
    expect(statSync(path)).toMatchObject({ uid: 12_345, gid: 54_321 })
  })

  it('is what a chain of links leads to; the links stay', () => {
    const at = place()
    mkdirSync(join(at, 'elsewhere'))
    writeFileSync(join(at, 'elsewhere/file'), 'old')
    symlinkSync('elsewhere/file', join(at, 'inner'))
    symlinkSync(join(at, 'inner'), join(at, 'outer'))
    save(join(at, 'outer'))
    expect(readlinkSync(join(at, 'outer'))).toBe(join(at, 'inner'))
    expect(readlinkSync(join(at, 'inner'))).toBe('elsewhere/file')
    expect(lstatSync(join(at, 'elsewhere/file')).isFile()).toBe(true)
    expect(load(join(at, 'elsewhere/file'))).toBe(2)
    expect(readdirSync(join(at, 'elsewhere'))).toEqual(['file'])
  })

  it('may not be there yet at the end of a link', () => {
    const at = place()
    symlinkSync('file', join(at, 'link'))
    save(join(at, 'link'))
    expect(readlinkSync(join(at, 'link'))).toBe('file')
    expect(load(join(at, 'file'))).toBe(2)
  })
})

describe('what is no regular file', () => {
  const at = place()
  const others: (readonly [string, string])[] = [['a directory', at]]
  if (isPosix) {
    const fifo = join(at, 'fifo')
    spawnSync('mkfifo', [fifo])
    symlinkSync('loop', join(at, 'loop'))
    others.push(['a FIFO', fifo], ['a device', '/dev/null'], ['ELOOP', join(at, 'loop')])
  }
  const ops: Readonly<Record<string, (path: string) => unknown>> = {
    saveSafetensors: save,
    loadSafetensors: io.loadSafetensors,
    readSafetensorsMetadata: io.readSafetensorsMetadata,
    readIdx: data.readIdx,
  }

  // A FIFO that is opened would wait for ever, and the runner with it: another process tries first.
  it.runIf(isPosix)('never makes a reader wait', () => {
    const program = `
      import { data, io } from 'blasgrad'
      for (const read of [data.readIdx, io.loadSafetensors, io.readSafetensorsMetadata]) {
        try { read(${JSON.stringify(join(at, 'fifo'))}) } catch (error) { console.log(error.code) }
      }`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: join(import.meta.dirname, '../..'),
      encoding: 'utf8',
      timeout: 50_000,
    })
    expect(stdout).toBe('FILE\n'.repeat(3))
  })

  it.each(
    others.flatMap(([kind, path]) => Object.keys(ops).map(op => [op, kind, path] as const)),
  )('%s refuses %s', (op, kind, path) => {
    const before = lstatSync(path)
    const call = () => ops[op](path)
    expect(call).toThrow(FileError)
    expect(call).toThrow(new RegExp(`^${op}: ${path}: expected .*, got ${kind}`))
    expect(lstatSync(path)).toMatchObject({ ino: before.ino, mode: before.mode })
  })
})

it.each([
  ['beyond the system’s limit', 'x'.repeat(256), 'ENAMETOOLONG'],
  ['in a folder that is not there', 'none/a', 'ENOENT'],
  ['with a zero byte', 'a\0b', 'The argument'],
])('a name %s is an error of the library, with the path as it was given', (_, name, reason) => {
  const path = join(place(), name)
  for (const [op, call] of Object.entries({ saveSafetensors: save, loadSafetensors: load, readIdx: data.readIdx })) {
    const run = () => call(path as never)
    expect(run).toThrow(FileError)
    expect(run).toThrow(`${op}: ${path}: expected a file that can be`)
    expect(run).toThrow(reason)
    try {
      run()
    } catch (error) {
      expect(error).toMatchObject({ code: 'FILE', cause: { code: expect.any(String) } })
      expect((error as Error).message).not.toContain('.tmp')
    }
  }
})

it('a name may have 255 bytes', () => {
  const path = join(place(), 'ü'.repeat(127).padEnd(128, 'x'))
  save(path, 1)
  save(path, 2)
  expect(load(path)).toBe(2)
})

it('what killed savers left is removed, what others are writing stays', () => {
  const at = place()
  const { pid } = spawnSync(process.execPath, ['--version'])
  const own = temporaryName('0123456789ab')
  const gone = own.replace(`-${process.pid}-`, `-${pid}-`)
  const [host] = /[0-9a-f]{8}/.exec(own) ?? ['']
  const elsewhere = gone.replace(host, '00000000').replace('0123', '3210')
  const old = elsewhere.replace('3210', 'aaaa')
  const names = [own, gone, elsewhere, old, '.hidden.tmp']
  for (const name of names) writeFileSync(join(at, name), '')
  utimesSync(join(at, old), new Date(0), new Date(0))
  save(join(at, 'a'))
  expect(readdirSync(at).sort()).toEqual(['.hidden.tmp', own, elsewhere, 'a'].sort())
  expect(readFileSync(join(at, own), 'utf8')).toBe('')
  expect(own).not.toContain(hostname())
})
