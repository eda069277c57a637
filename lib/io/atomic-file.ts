// Writing a file so that a crash at any moment leaves either the old one or the new one, whole.

import { randomBytes } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { checkRegular, fileErrors } from '../base/files.js'
import { removeLeftovers, temporaryName } from './leftovers.js'
import { targetOf } from './link-target.js'

// One system call writes at most this much; Linux stops at 2 GiB.
const most = 2 ** 30

/**
 * Writes `parts`, one after another, to a temporary file beside `path`, brings it to the disk and renames it. A file that is
 * replaced gives its mode to the new one, and its owner where the system lets the process; a symbolic link stays, and what
 * it leads to is replaced.
 * @throws FileError; the temporary file is gone then, and what was at `path` untouched.
 */
export function writeAtomically(op: string, path: string, parts: readonly Uint8Array[]): void {
  fileErrors(op, path, 'a file that can be written', () => {
    const target = targetOf(path)
    const before = statSync(target, { throwIfNoEntry: false })
    if (before !== undefined) {
      checkRegular(op, path, before)
      accessSync(target, constants.W_OK)
    }
    const folder = dirname(target)
    removeLeftovers(folder)
    const temporary = join(folder, temporaryName(randomBytes(6).toString('hex')))
    try {
      writeTemporary(temporary, parts, before)
      renameSync(temporary, target)
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    }
    syncFolder(folder)
  })
}

function writeTemporary(path: string, parts: readonly Uint8Array[], before: Stats | undefined): void {
  // A secret that is replaced is not readable by others even while it is written.
  const file = openSync(path, 'wx', before === undefined ? 0o666 : 0o600)
  try {
    for (const part of parts) writeWhole(file, part)
    if (before !== undefined) keepOwnerAndMode(file, before)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** The owner first: a change of it clears bits of the mode. Only the superuser may give a file away. */
function keepOwnerAndMode(file: number, { uid, gid, mode }: Stats): void {
  const made = fstatSync(file)
  if (made.uid !== uid || made.gid !== gid) {
    for (const owner of [uid, made.uid]) {
      try {
        fchownSync(file, owner, gid)
        break
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
      }
    }
  }
  fchmodSync(file, mode & 0o7777)
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
