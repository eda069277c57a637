// A hash of the bits of arrays.

import { createHash } from 'node:crypto'

export class Bits {
  readonly #hash = createHash('sha256')

  add({ buffer, byteOffset, byteLength }: ArrayBufferView): void {
    this.#hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  }

  digest(): string {
    return this.#hash.digest('hex').slice(0, 16)
  }
}
