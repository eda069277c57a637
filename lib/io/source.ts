// Random access to bytes in memory or in a file, read directly into their destination.

import { readSync } from 'node:fs'
import { FormatError } from '../base/errors.js'
import { readingFile, showPath } from '../base/files.js'

export interface Source {
  /** The prefix of messages about it. */
  readonly where: string
  readonly length: number
  /** Fills `into` with the bytes from `at`. */
  read(at: number, into: Uint8Array): void
}

export function memorySource(where: string, bytes: Uint8Array): Source {
  return { where, length: bytes.length, read: (at, into) => into.set(bytes.subarray(at, at + into.length)) }
}

/** Runs `use` with the file open. @throws FileError if it cannot be read. */
export function withFile<R>(op: string, path: string, use: (source: Source) => R): R {
  return readingFile(op, path, (file, length) => {
    const where = `${op}: ${showPath(path)}`
    return use({ where, length, read: (at, into) => readWhole(where, file, at, into) })
  })
}

// One system call reads at most this much; Linux stops at 2 GiB.
const most = 2 ** 30

function readWhole(where: string, file: number, at: number, into: Uint8Array): void {
  for (let done = 0; done < into.length; ) {
    const count = readSync(file, into, done, Math.min(most, into.length - done), at + done)
    if (count === 0) throw new FormatError(`${where}: expected ${into.length} bytes from ${at}, got ${done}`)
    done += count
  }
}
