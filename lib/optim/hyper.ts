// The kinds of hyper-parameter: what each accepts and how it lies in a group's array, which the kernel reads.

import { isArray } from '../base/containers.js'
import type { NumberArray } from '../base/dtype.js'

/** One hyper-parameter: `width` numbers of the array, one value for the user. */
export interface Hyper<V> {
  readonly initial: V
  readonly width: number
  /** What is accepted, as messages say it. */
  readonly expected: string
  accepts(value: unknown): value is V
  read(array: NumberArray, at: number): V
  write(array: NumberArray, at: number, value: V): void
}

/** An optimizer's hyper-parameters by name, in the order in which its kernel's array holds them. */
export type HyperRecord = Readonly<Record<string, Hyper<unknown>>>

/** The values that a record of hyper-parameters describes. */
export type Settings<H> = { -readonly [K in keyof H]: H[K] extends Hyper<infer V> ? V : never }

const isRate = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value < Infinity
const isBeta = (value: unknown): value is number => isRate(value) && value < 1

/** A finite number, 0 or more. */
export const rate = (initial: number): Hyper<number> => ({
  initial,
  width: 1,
  expected: 'a finite number, 0 or more',
  accepts: isRate,
  read: (array, at) => array[at],
  write: (array, at, value) => {
    array[at] = value
  },
})

/** Two numbers in [0, 1). */
export const betas = (first: number, second: number): Hyper<readonly [number, number]> => ({
  initial: [first, second],
  width: 2,
  expected: 'two numbers in [0, 1)',
  accepts: (value): value is readonly [number, number] => isArray(value) && value.length === 2 && value.every(isBeta),
  read: (array, at) => [array[at], array[at + 1]],
  write: (array, at, value) => {
    array[at] = value[0]
    array[at + 1] = value[1]
  },
})

/** true or false, as 1 or 0. */
export const flag = (initial: boolean): Hyper<boolean> => ({
  initial,
  width: 1,
  expected: 'true or false',
  accepts: value => typeof value === 'boolean',
  read: (array, at) => array[at] !== 0,
  write: (array, at, value) => {
    array[at] = value ? 1 : 0
  },
})
