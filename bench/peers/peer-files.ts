// Where the peers' sources are: beside the benches' own, which run built or, in tests, as they are.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's folder. */
function root(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'bench/peers'))) {
    const above = dirname(folder)
    if (above === folder) throw new Error('bench: expected the folder bench/peers above, got none')
    folder = above
  }
  return folder
}

/** A file of the repository, by its path from there. */
export const fromRoot = (path: string): string => join(root(), path)

/** A file of bench/peers. */
export const peerSource = (name: string): string => fromRoot(join('bench/peers', name))

/** Where what is made of it goes. */
export const peerBuild = (name: string): string => fromRoot(join('build/peers', name))
