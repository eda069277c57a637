// Programs written by hand: values as they are needed, calls by kernel and arguments in the table's order.

import type { KernelName } from '../../../lib/backend/table.js'
import { arrayOf, dtypeOfArray, type NumberArray } from '../../../lib/base/dtype.js'
import type { Argument, Call, ElementType, Origin, Program, Reference, Value } from '../../../lib/compile/program.js'

export class Builder {
  readonly values: Value[] = []
  readonly calls: Call[] = []
  #slots = 0

  #value(dtype: ElementType, length: number, origin: Origin): Reference {
    this.values.push({ id: this.values.length, dtype, length, origin })
    return { value: this.values.length - 1 }
  }

  made(length: number, dtype: ElementType = 'float32'): Reference {
    return this.#value(dtype, length, { kind: 'made' })
  }

  argument(length: number, dtype: ElementType = 'float32'): Reference {
    return this.#value(dtype, length, { kind: 'argument', slot: this.#slots++ })
  }

  state(array: NumberArray): Reference {
    return this.#value(dtypeOfArray(array) as ElementType, array.length, { kind: 'state', array })
  }

  constant(array: NumberArray): Reference {
    return this.#value(dtypeOfArray(array) as ElementType, array.length, { kind: 'constant', array })
  }

  call(kernel: KernelName, ...args: Argument[]): void {
    this.calls.push({ kernel, args, source: this.calls.length })
  }

  program(...results: Reference[]): Program {
    return { values: this.values, calls: this.calls, results: results.map(({ value }) => value) }
  }
}

/** An array of `length` zeros. */
export const zeros = (dtype: ElementType, length: number): NumberArray =>
  new (arrayOf(dtype) as unknown as new (length: number) => NumberArray)(length)
