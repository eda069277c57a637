// The bounds of every kernel's error, as docs/accuracy.md publishes them.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Bounds {
  /** In ulps of each element of float32; Infinity where terms of both signs are added. */
  readonly each: number
  /** In ulps of the largest element of its row, or in the change there when each input changes by up to an ulp. */
  readonly row: number
  /** The same as `row` in float64, native against the reference. */
  readonly row64: number
}

const bound = (cell: string): number => (cell === '–' ? Infinity : Number(cell))

/** By kernel, in the order of the table. */
export const publishedBounds: ReadonlyMap<string, Bounds> = new Map(
  readFileSync(join(import.meta.dirname, '../../../docs/accuracy.md'), 'utf8')
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .map(line => {
      const [, name, each, row, row64] = line.split('|').map(cell => cell.trim())
      return [name.replaceAll('`', ''), { each: bound(each), row: bound(row), row64: bound(row64) }]
    }),
)

/** The distance between neighbouring numbers at x; of normal numbers, since denormal ones may become 0. */
export function ulp(x: number, kind: string): number {
  const [digits, least] = kind === 'float64' ? [52, -1022] : [23, -126]
  return 2 ** (Math.max(least, Math.floor(Math.log2(Math.abs(x)))) - digits)
}
