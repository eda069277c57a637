// Passes tensors to the peers in a temporary file.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { io, type Tensor } from 'blasgrad'

/** Writes the tensors to a file that exists while `use` runs. */
export async function withTensors<T>(
  tensors: Readonly<Record<string, Tensor>>,
  use: (file: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'blasgrad-bench-'))
  try {
    const file = join(folder, 'tensors.safetensors')
    io.saveSafetensors(file, tensors)
    return await use(file)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
