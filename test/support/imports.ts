// The import graph of a folder of TypeScript files, read as text, with type-only imports marked.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface Import {
  readonly to: string
  /** Nothing of it is there at run time. */
  readonly isType: boolean
}

const statement = /^(?:import|export)\s+(type\s+)?(?:([^'";]*?)\sfrom\s+)?'(\.[^']+)'/gm

const isTypeOnly = (names: string): boolean =>
  /^\{/.test(names) &&
  [...names.matchAll(/(type\s+)?\w+(?:\s+as\s+\w+)?\s*[,}]/g)].every(([, type]) => type !== undefined)

/** By file, relative to `folder`: what it imports from files of the same folder. */
export function importsOf(folder: string): ReadonlyMap<string, readonly Import[]> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))
  const imports = (file: string): Import[] =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(statement)].map(([, type, names, path]) => ({
      to: join(dirname(file), path).replace(/\.js$/, '.ts'),
      isType: type !== undefined || (names !== undefined && isTypeOnly(names)),
    }))
  return new Map(files.map(file => [file.replaceAll('\\', '/'), imports(file)]))
}

/** The circles among files: the strongly connected components of more than one (Tarjan, 1972), each sorted. */
export function circlesOf(imports: ReadonlyMap<string, readonly Import[]>): string[][] {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const path: string[] = []
  const found: string[][] = []
  const visit = (file: string): number => {
    const own = index.size
    index.set(file, own)
    low.set(file, own)
    path.push(file)
    for (const { to } of imports.get(file) ?? []) {
      const reach = index.has(to) ? (path.includes(to) ? (index.get(to) as number) : own) : visit(to)
      low.set(file, Math.min(low.get(file) as number, reach))
    }
    if (low.get(file) === own) {
      const component = path.splice(path.indexOf(file))
      if (component.length > 1) found.push(component.sort())
    }
    return low.get(file) as number
  }
  for (const file of imports.keys()) if (!index.has(file)) visit(file)
  return found
}
