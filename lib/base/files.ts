// Opening files to read: regular ones only, since a FIFO or a device may never answer. Errors of the system become FileError.

import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs'
import { ArgumentError, FileError, showValue } from './errors.js'

/**
 * Runs `use` on the file at `path`, open for reading.
 * @param op what messages begin with.
 * @throws FileError if it cannot be read or is not a regular file; ArgumentError for what is no path.
 */
export function readingFile<R>(op: string, path: string | URL, use: (file: number, bytes: number) => R): R {
  if (typeof path !== 'string' && !(path instanceof URL)) {
    throw new ArgumentError(`${op}: expected a path, got ${showValue(path)}`)
  }
  return fileErrors(op, path, 'a file that can be read', () => {
    // Without O_NONBLOCK, which Windows lacks, opening a FIFO waits for a writer.
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      const stats = fstatSync(file)
      checkRegular(op, path, stats)
      return use(file, stats.size)
    } finally {
      closeSync(file)
    }
  })
}

/** No system takes longer ones. */
const longestPath = 4096

/** A path in messages. */
export const showPath = (path: string | URL): string => {
  const text = typeof path === 'string' ? path : path instanceof URL ? path.href : ''
  return text.length > longestPath ? `${text.slice(0, 200)}… (${text.length} characters)` : text
}

/** @throws FileError unless it is a regular file. */
export function checkRegular(op: string, path: string | URL, stats: Stats): void {
  if (stats.isFile()) return
  throw new FileError(`${op}: ${showPath(path)}: expected a regular file, got ${kindOf(stats)}`)
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory'
  if (stats.isFIFO()) return 'a FIFO'
  if (stats.isSocket()) return 'a socket'
  return 'a device'
}

/** Runs `use`; the system's errors become FileErrors with the path that the user gave. */
export function fileErrors<R>(op: string, path: string | URL, expected: string, use: () => R): R {
  try {
    return use()
  } catch (error) {
    if (!isSystemError(error)) throw error
    // The rest of the message names the call and perhaps a temporary file.
    const reason = error.message.split(/, \w+(?: '|$)/)[0]
    throw new FileError(`${op}: ${showPath(path)}: expected ${expected}, got ${reason}`, { cause: error })
  }
}

/** Errors of system calls and of paths that no system call takes: all have codes, and ours are not in small letters. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'code' in error && /^(?:E[A-Z0-9]+|ERR_\w+)$/.test(String(error.code))
