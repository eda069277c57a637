// Writing a file so that a crash at any moment leaves either the old one or the new one, whole.

import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

// One system call writes at most this much; Linux stops at 2 GiB.
const most = 2 ** 30

/**
 * Writes `parts`, one after another, to a temporary file beside `path`, brings it to the disk and renames it.
 * @throws the file system's error; the temporary file is gone then, and what was at `path` untouched.
 */
export function writeAtomically(path: string, parts: readonly Uint8Array[]): void {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const file = openSync(temporary, 'wx')
    try {
      for (const part of parts) writeWhole(file, part)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  syncFolder(dirname(path))
}

function writeWhole(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, Math.min(most, bytes.length - at))
}

/** Brings the new name to the disk. Some systems cannot open or sync a folder; the file itself is safe there too. */
function syncFolder(path: string): void {
  try {
    const folder = openSync(path, 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  } catch {
    return
  }
}
