// Random programs: any seed gives a valid program over the whole kernel table, its state filled, with arguments for
// several runs. Calls draw their inputs from what earlier calls made, so that chains, branches and dead ends appear;
// some write in place, into state, or in pieces.

import { lengthsOf } from '../../../lib/backend/lengths.js'
import type { Argument as Parameter } from '../../../lib/backend/signature.js'
import { type KernelName, kernelNames, kernelRow } from '../../../lib/backend/table.js'
import type { NumberArray } from '../../../lib/base/dtype.js'
import { Layout } from '../../../lib/base/layout.js'
import {
  type Argument,
  type ElementType,
  isReference,
  type Program,
  type Reference,
  signatureOf,
} from '../../../lib/compile/program.js'
import { Random } from '../../support/random.js'
import { Builder, zeros } from './builder.js'
import { anything, dims, type Fill, outerAxes, special } from './random-arguments.js'

export interface RandomProgram {
  readonly program: Program
  /** The arguments of each run. */
  readonly runs: readonly (readonly NumberArray[])[]
}

export interface RandomOptions {
  /** How many calls, at most. */
  readonly calls?: number
  /** Only kernels for which this holds. */
  readonly allow?: (kernel: KernelName) => boolean
  /** The element types that kernels work in; all by default. */
  readonly dtypes?: readonly ElementType[]
}

const grids = [
  [4, 6],
  [24, 1],
  [1, 24],
  [3, 8],
  [1, 1],
  [2, 300],
  [1, 600],
]
const sizes = [1, 2, 3, 4, 6, 8]
const isArray = ({ role }: Parameter): boolean => role === 'in' || role === 'out' || role === 'inout'

class Maker {
  readonly builder = new Builder()
  readonly random: Random
  readonly #kernels: Map<string, KernelName[]>
  readonly #dtypes: readonly ElementType[]
  /** How to fill each argument, by slot. */
  readonly #fills: { dtype: ElementType; length: number; fill: Fill }[] = []
  /** Values that may be read: made and whole, arguments, state, constants. */
  readonly #readable: number[] = []

  constructor(seed: number, { allow = () => true, dtypes }: RandomOptions) {
    this.random = new Random(seed)
    this.#dtypes = dtypes ?? ['float32', 'float32', 'float32', 'float64', 'int32', 'uint8']
    this.#kernels = new Map()
    for (const name of kernelNames.filter(allow)) {
      const kind = kernelRow(name).class
      this.#kernels.set(kind, [...(this.#kernels.get(kind) ?? []), name])
    }
  }

  oneOf<T>(items: readonly T[]): T {
    return items[this.random.integer(items.length)]
  }

  chance(probability: number): boolean {
    return this.random.next() < probability
  }

  /** A new value from outside the program. */
  #source(dtype: ElementType, length: number, fill = anything(dtype), kinds = 'asc'): Reference {
    const kind = this.oneOf([...kinds])
    if (kind === 'a') {
      this.#fills.push({ dtype, length, fill })
      return this.builder.argument(length, dtype)
    }
    const array = zeros(dtype, length).map((_, i) => fill(this.random, i)) as NumberArray
    return kind === 's' ? this.builder.state(array) : this.builder.constant(array)
  }

  /** Something to read: of what is there rather the newer, or a new source. */
  #input(dtype: ElementType, length: number, special: Fill | undefined): Reference {
    if (special !== undefined) return this.#source(dtype, length, special, dtype === 'float64' ? 'sc' : 'aasc')
    const longest = this.chance(0.12) ? 40 * length : length
    const fitting = this.#readable.filter(id => {
      const value = this.builder.values[id]
      return value.dtype === dtype && value.length >= length && value.length <= longest
    })
    if (fitting.length > 0 && !this.chance(0.15)) {
      return { value: fitting[Math.floor(fitting.length * Math.sqrt(this.random.next()))] }
    }
    const made = this.#source(dtype, length)
    this.#readable.push(made.value)
    return made
  }

  /** State or something made that may be updated in place. */
  #updated(dtype: ElementType, length: number, taken: readonly number[]): Reference {
    const fitting = this.#readable.filter(id => {
      const value = this.builder.values[id]
      const isOpen = value.origin.kind === 'made' || value.origin.kind === 'state'
      return isOpen && value.dtype === dtype && value.length === length && !taken.includes(id)
    })
    if (fitting.length > 0 && this.chance(0.7)) return { value: this.oneOf(fitting) }
    const state = this.#source(dtype, length, anything(dtype), 's')
    this.#readable.push(state.value)
    return state
  }

  /** Adds a call of a random kernel. */
  step(): void {
    const kinds = ['elementwise', 'elementwise', 'elementwise', 'elementwise', ...this.#kernels.keys()]
    const names = this.#kernels.get(this.oneOf(kinds))
    if (names !== undefined) this.call(this.oneOf(names))
  }

  call(kernel: KernelName): void {
    const row = kernelRow(kernel)
    const { args: parameters, reportsIndex } = signatureOf(kernel)
    const dtype = this.oneOf(
      this.#dtypes.filter(each => row.dtypes === 'numbers' || each === 'float32' || each === 'float64'),
    )
    const [rows, cols] = this.oneOf(grids)
    const isGrid = row.class === 'elementwise'
    const layouts = parameters.filter(({ role }) => role === 'layout').length
    const args = parameters.map(({ name, role, optional }): Argument => {
      if (role === 'size') return isGrid ? (name === 'rows' ? rows : cols) : this.oneOf(sizes)
      if (role === 'flag') return this.chance(0.5)
      if (role === 'layout') return this.chance(0.6) ? Layout.full : this.oneOf([0, 1, 2, 3])
      if (role === 'scalar') return this.oneOf([-1, 0, 0.5, 1, 2, this.random.between(-2, 2)])
      if (role === 'sizes') return dims(this.random)
      if (role === 'outer')
        return isGrid && rows * cols < 30 && this.chance(0.1) ? outerAxes(this.random, layouts) : undefined
      return optional && this.chance(0.5) ? null : { value: -1 }
    })
    const lengths = lengthsOf(
      kernel,
      args.map(argument => (isReference(argument) ? { length: 1 } : argument === null ? { length: 0 } : argument)),
    )
    const any = this.oneOf(this.#dtypes)
    const kindOf = ({ element }: Parameter): ElementType =>
      element === 'T' ? dtype : element === 'bool' ? 'uint8' : element === 'any' ? any : element
    const bound = args[parameters.findIndex(({ name }) => name === 'n')] as number
    const needs = parameters.filter(isArray).map((parameter, i) => ({ parameter, length: lengths[i] }))
    const taken: number[] = []
    // What is updated first: inputs may not lie over it.
    for (const role of ['inout', 'in', 'out']) {
      for (const { parameter, length } of needs) {
        const at = parameters.indexOf(parameter)
        if (parameter.role !== role || args[at] === null) continue
        const type = kindOf(parameter)
        if (role === 'inout') args[at] = this.#updated(type, length, taken)
        else if (role === 'in') {
          args[at] = this.#apart(type, length, taken, special(this.random, parameter, row.class, reportsIndex, bound))
        } else args[at] = this.#output(kernel, args, type, length, taken)
        if (role !== 'in') taken.push((args[at] as Reference).value)
      }
    }
    this.builder.call(kernel, ...args)
    for (const id of taken) if (!this.#readable.includes(id)) this.#readable.push(id)
  }

  #apart(dtype: ElementType, length: number, taken: readonly number[], special: Fill | undefined): Reference {
    for (;;) {
      const input = this.#input(dtype, length, special)
      if (!taken.includes(input.value)) return input
    }
  }

  /** Mostly something new; at times an input, where the row allows that; at times state. */
  #output(
    kernel: KernelName,
    args: readonly Argument[],
    dtype: ElementType,
    length: number,
    taken: readonly number[],
  ): Reference {
    const { values } = this.builder
    const { args: parameters } = signatureOf(kernel)
    const inputs = args.flatMap((argument, at) =>
      isReference(argument) && argument.value !== -1 && parameters[at].role === 'in'
        ? [{ value: argument.value, name: parameters[at].name, at }]
        : [],
    )
    if (this.chance(0.15) && length > 0) {
      const fitting = inputs.filter(({ value, name }) => {
        const { origin, length: has } = values[value]
        const isFull = parameters.every(
          (parameter, at) => parameter.role !== 'layout' || parameter.name !== `${name}Layout` || args[at] === 0,
        )
        const isOpen = origin.kind === 'made' || origin.kind === 'state'
        const isOnce = inputs.filter(other => other.value === value).length === 1
        const isPlain = parameters.every(({ role }, at) => role !== 'outer' || args[at] === undefined)
        const allowed = isFull && isOpen && isOnce && isPlain && has === length && values[value].dtype === dtype
        return allowed && kernelRow(kernel).inPlace.includes(name)
      })
      if (fitting.length > 0) return { value: this.oneOf(fitting).value }
    }
    if (this.chance(0.2)) {
      return this.#updated(dtype, length, [...taken, ...inputs.map(({ value }) => value)])
    }
    return this.builder.made(length, dtype)
  }

  /** A value filled in two pieces, as joining does. */
  pieces(kernel: KernelName): void {
    const [front, back] = [this.oneOf([2, 4, 8]), this.oneOf([1, 4, 20])]
    const dtype = this.oneOf(this.#dtypes)
    const whole = this.builder.made(front + back, dtype)
    for (const [at, count] of [
      [0, front],
      [front, back],
    ]) {
      this.builder.call(kernel, at, Int32Array.of(count, 1), this.#input(dtype, count, undefined), whole)
    }
    this.#readable.push(whole.value)
  }

  /** A call like an earlier one, its outputs new: the same numbers, unless what it reads has been written since. */
  repeat(): void {
    const { values, calls } = this.builder
    if (calls.length === 0) return
    const { kernel, args } = this.oneOf(calls)
    const parameters = signatureOf(kernel).args
    if (parameters.some(({ role }) => role === 'inout')) return
    const outputs: number[] = []
    const again = args.map((argument, at): Argument => {
      if (!isReference(argument) || parameters[at].role !== 'out') return argument
      const { length, dtype } = values[argument.value]
      const made = this.builder.made(length, dtype)
      outputs.push(made.value)
      return made
    })
    // An output that its call did not cover was written before; its like here is not, and may not be read.
    const lengths = lengthsOf(
      kernel,
      again.map(argument => (isReference(argument) ? values[argument.value] : argument === null ? [] : argument)),
    )
    const needed = parameters.filter(isArray).flatMap(({ role }, i) => (role === 'out' ? [lengths[i]] : []))
    this.builder.call(kernel, ...again)
    this.#readable.push(...outputs.filter((id, i) => values[id].length === needed[i]))
  }

  finish(): RandomProgram {
    const results = this.#readable.filter(() => this.chance(0.15)).slice(-6)
    const last = this.#readable.at(-1)
    if (last !== undefined && !results.includes(last)) results.push(last)
    const runs = Array.from({ length: 2 }, () =>
      this.#fills.map(
        ({ dtype, length, fill }) => zeros(dtype, length).map((_, i) => fill(this.random, i)) as NumberArray,
      ),
    )
    return { program: this.builder.program(...results.map(value => ({ value }))), runs }
  }
}

/** Kernels that write what strides reach of an output: by their row. */
const piecewise = kernelNames.filter(name =>
  signatureOf(name).args.some(({ role, length }) => role === 'inout' && length.startsWith('reach(')),
)

/** The program of a seed, the same every time but for its state, which is its own. */
export function randomProgram(seed: number, options: RandomOptions = {}): RandomProgram {
  const maker = new Maker(seed, options)
  const calls = 4 + maker.random.integer((options.calls ?? 40) - 3)
  for (let i = 0; i < calls; i++) {
    if (maker.chance(0.05)) maker.pieces(maker.oneOf(piecewise))
    else if (maker.chance(0.12)) maker.repeat()
    else maker.step()
  }
  return maker.finish()
}
