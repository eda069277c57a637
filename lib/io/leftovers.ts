// Temporary files: their names, and the removal of those that a killed process left.

import { createHash } from 'node:crypto'
import { readdirSync, rmSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

// Folders may be shared between machines and containers, where a process number says nothing.
const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
const pattern = /^\.blasgrad-([0-9a-f]{8})-(\d+)-[0-9a-f]+\.tmp$/
/** A file that nothing was written to for this long belongs to no saver, in ms. */
const longest = 3_600_000

/** A name that is short whatever the file's is: file systems take 255 bytes. */
export const temporaryName = (unique: string): string => `.blasgrad-${host}-${process.pid}-${unique}.tmp`

/** Removes the temporary files in `folder` whose process is gone. */
export function removeLeftovers(folder: string): void {
  for (const name of namesIn(folder)) {
    const match = pattern.exec(name)
    if (match === null) continue
    const path = join(folder, name)
    const isOver = (match[1] === host && !isRunning(Number(match[2]))) || isOld(path)
    if (isOver) removeQuietly(path)
  }
}

/** None where the folder may be written to but not listed. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

const isOld = (path: string): boolean => {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats !== undefined && Date.now() - stats.mtimeMs > longest
}

/** Another saver may be faster, or the file another user's: neither concerns the file to be saved. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    return
  }
}
