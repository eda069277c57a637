// Safetensors files by hand, right or wrong, and a folder for them.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** A file of this header, as text or as what becomes JSON, and `data` bytes (0, 1, 2, …) behind it. */
export function fileOf(header: unknown, data = 0): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Uint8Array.from(Buffer.concat([length, text, Uint8Array.from({ length: data }, (_, i) => i)]))
}

/** A folder that is gone after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'blasgrad-io-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
