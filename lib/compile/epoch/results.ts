// The results of an epoch's batches as they come, each scalar of the function's results a column.

import { arrayOf, type NumberArray } from '../../base/dtype.js'
import { fixedArray } from '../../core/storage.js'
import { allocateTensor, Tensor } from '../../core/tensor.js'
import type { Compiled } from '../compiled.js'
import { rebuild } from '../tree.js'

const firstLength = 64

export class Results {
  /** In memory that another thread may write. */
  readonly #columns: NumberArray[]
  readonly #compiled: Compiled
  readonly #sums: number[]
  #batches = 0
  #samples = 0

  /** @param batches how many there will be, where that is known. */
  constructor(compiled: Compiled, batches = firstLength) {
    this.#compiled = compiled
    this.#columns = compiled.results.map(({ dtype }) => fixedArray(arrayOf(dtype), batches))
    this.#sums = compiled.results.map(() => 0)
  }

  get batches(): number {
    return this.#batches
  }

  get samples(): number {
    return this.#samples
  }

  /** Whether the function returns one tensor and nothing else. */
  get isSingle(): boolean {
    return this.#compiled.resultTree instanceof Tensor
  }

  /** The columns' elements `from` … `to` − 1, to be written. */
  between(from: number, to: number): NumberArray[] {
    return this.#columns.map(column => column.subarray(from, to))
  }

  /** Takes the next batch, of so many samples, whose results are in the columns. */
  add(samples: number): void {
    for (let i = 0; i < this.#sums.length; i++) this.#sums[i] += samples * this.#columns[i][this.#batches]
    this.#batches++
    this.#samples += samples
  }

  /** Takes the results of the next batch. */
  put(values: readonly number[], samples: number): void {
    for (const [i, value] of values.entries()) {
      if (this.#batches === this.#columns[i].length) this.#columns[i] = longer(this.#columns[i])
      this.#columns[i][this.#batches] = value
    }
    this.add(samples)
  }

  /** Those of the last batch, as numbers. */
  last(): unknown {
    return this.#rebuilt(i => this.#columns[i][this.#batches - 1])
  }

  /** The means over the samples, as numbers. */
  means(): unknown {
    return this.#rebuilt(i => this.#sums[i] / this.#samples)
  }

  /** All of them: a tensor [batches] for each scalar. */
  all(): unknown {
    return this.#rebuilt(i => {
      const tensor = allocateTensor([this.#batches], this.#compiled.results[i].dtype)
      tensor.storage.array.set(this.#columns[i].subarray(0, this.#batches))
      return tensor
    })
  }

  #rebuilt(leaf: (i: number) => unknown): unknown {
    return rebuild(
      this.#compiled.resultTree,
      this.#sums.map((_, i) => leaf(i)),
    )
  }
}

function longer(column: NumberArray): NumberArray {
  const twice = fixedArray(column.constructor as ReturnType<typeof arrayOf>, 2 * column.length)
  twice.set(column)
  return twice
}
