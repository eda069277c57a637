// Finds the programs of development packages, to run them with this process's node.

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

/** The path of a package's program. @throws Error if the package is not installed. */
export function program(name, bin) {
  const manifest = require.resolve(`${name}/package.json`)
  const bins = require(manifest).bin
  return join(dirname(manifest), typeof bins === 'string' ? bins : bins[bin])
}

/** The same, or undefined if the package is not installed. */
export function programIfInstalled(name, bin) {
  try {
    return program(name, bin)
  } catch {
    return undefined
  }
}
