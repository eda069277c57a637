// A program's values, each in an array of its own that nothing else uses: a place to run its steps one by one and look
// at everything that they write.

import { arrayOf, type NumberArray } from '../../base/dtype.js'
import type { Plan, Step } from '../plan.js'
import type { ElementType, Program, Value } from '../program.js'

const arrayFor = (dtype: ElementType, length: number): NumberArray =>
  new (arrayOf(dtype) as unknown as new (length: number) => NumberArray)(length)

export class Apart {
  readonly values: Value[]
  readonly #program: Program

  constructor(program: Program) {
    this.#program = program
    this.values = program.values.map(value => {
      const { dtype, length, origin } = value
      const array = origin.kind === 'constant' ? origin.array : arrayFor(dtype, length)
      return { ...value, origin: { kind: 'state', array } }
    })
  }

  /** Adds a value. */
  extra(dtype: ElementType, length: number): number {
    const id = this.values.length
    this.values.push({ id, dtype, length, origin: { kind: 'state', array: arrayFor(dtype, length) } })
    return id
  }

  array(id: number): NumberArray {
    return (this.values[id].origin as { readonly array: NumberArray }).array
  }

  /** Arguments and state as a run finds them; garbage in the rest. */
  fill(args: readonly NumberArray[]): void {
    for (const { id, origin } of this.#program.values) {
      if (origin.kind === 'argument') this.array(id).set(args[origin.slot])
      else if (origin.kind === 'state') this.array(id).set(origin.array)
      else if (origin.kind === 'made') this.array(id).fill(Number.NaN)
    }
  }

  /** A plan of these steps, over the arrays. */
  plan(steps: readonly Step[]): Plan {
    return {
      program: { values: this.values, calls: [], results: [] },
      steps,
      arenaBytes: 0,
      offsets: this.values.map(() => -1),
    }
  }

  /** What the program's state is here, by the array in which it really lies. */
  *state(): Generator<readonly [array: NumberArray, id: number]> {
    for (const { id, origin } of this.#program.values) if (origin.kind === 'state') yield [origin.array, id]
  }
}
