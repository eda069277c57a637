// The declarations, without comments, of the names that a .d.ts file exports, types too, wherever they stand.

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const readDeclarations = (file: string): string =>
  readFileSync(file, 'utf8')
    .replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    .replaceAll(/import\("[^"]*"\)/g, 'import()')

/** The statements that declare `name`: overloads and merged interfaces are several. */
function declarationOf(name: string, file: string): string {
  const statements = readDeclarations(file).split(/^(?=\S)(?=export|declare|type|interface|import|abstract|class)/m)
  const head = String.raw`^(export )?(declare )?(abstract )?(const|let|function|class|interface|type|enum) ${name}\b`
  const found = statements.filter(statement => new RegExp(head).test(statement))
  if (found.length === 0) throw new Error(`${file}: expected a declaration of ${name}, got none`)
  return found
    .map(statement =>
      statement
        .trim()
        .replaceAll(/^export /gm, '')
        .replaceAll(/\n\s*\n/g, '\n'),
    )
    .join('\n')
}

const beside = (file: string, from: string): string => join(dirname(file), from.replace(/\.js$/, '.d.ts'))

/** Where the file that has this text imports `name` from. */
const importOf = (name: string, text: string): string | undefined =>
  new RegExp(String.raw`^import (?:type )?\{[^}]*\b${name}\b[^}]*\} from '([^']+)'`, 'm').exec(text)?.[1]

/** By public name; those of a namespace have its name before theirs. */
export function declarationsOf(file: string): Record<string, string> {
  const text = readDeclarations(file)
  const found: Record<string, string> = {}
  for (const [, namespace, from] of text.matchAll(/^export \*(?: as (\w+))? from '([^']+)'/gm)) {
    for (const [name, declaration] of Object.entries(declarationsOf(beside(file, from)))) {
      found[namespace === undefined ? name : `${namespace}.${name}`] = declaration
    }
  }
  for (const [, names, from] of text.matchAll(/^export (?:type )?\{([^}]*)\}(?: from '([^']+)')?/gm)) {
    for (const part of names.split(',').filter(part => part.trim() !== '')) {
      const [local, public_ = local] = part
        .replace(/\btype\b/, '')
        .trim()
        .split(' as ')
      const source = from ?? importOf(local, text)
      found[public_] = source === undefined ? declarationOf(local, file) : declarationsOf(beside(file, source))[local]
    }
  }
  const heads = /^export (?:declare )?(?:abstract )?(?:const|let|function|class|interface|type|enum) (\w+)/gm
  for (const [, name] of text.matchAll(heads)) found[name] = declarationOf(name, file)
  return found
}
