// Where a path leads to behind symbolic links, whether or not there is a file yet.

import { readlinkSync, realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** The path behind all links. The last one may lead to nothing: a file can be made there. */
export function targetOf(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const link = linkAt(path)
  return link === undefined ? path : targetOf(resolve(dirname(path), link))
}

/** What the link at `path` says; undefined where there is none. */
function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
