// What random cases found: a finding is a file that every later run tries again.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../findings')

export interface Finding {
  readonly name: string
  readonly bytes: Buffer
}

/** What was kept of that kind. */
export function findings(kind: string): Finding[] {
  const at = join(folder, kind)
  if (!existsSync(at)) return []
  return readdirSync(at).map(name => ({ name: `${kind}/${name}`, bytes: readFileSync(join(at, name)) }))
}

/** Keeps a finding; gives its file's name. */
export function keepFinding(kind: string, extension: string, data: string | Uint8Array): string {
  const name = `${createHash('sha256').update(data).digest('hex').slice(0, 12)}.${extension}`
  mkdirSync(join(folder, kind), { recursive: true })
  writeFileSync(join(folder, kind, name), data)
  return `test/fuzz/findings/${kind}/${name}`
}
