// Locates the peers' sources from built benches and from tests alike.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's folder: the nearest above with a package.json. (The build has a folder bench/peers too.) */
function root(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder)
    if (above === folder) throw new Error('bench: expected a package.json in a folder above, got none')
    folder = above
  }
  return folder
}

/** A file of the repository, by its path from the root. */
export const fromRoot = (path: string): string => join(root(), path)

/** A file of bench/peers. */
export const peerSource = (name: string): string => fromRoot(join('bench/peers', name))

/** The build output of a peer's source. */
export const peerBuild = (name: string): string => fromRoot(join('build/peers', name))
