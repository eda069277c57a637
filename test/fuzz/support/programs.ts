// Random programs over the op records: plain data says which op's samples to call and which operands earlier values stand
// in for. Any data is a program, so that a failing one can be made smaller and kept.

import * as fc from 'fast-check'
import { noGrad, Tensor } from '../../../lib/index.js'
import { type OpEntry, opEntries } from '../../../lib/ops/machinery/registry.js'
import type { Sampler } from '../../../lib/ops/machinery/samples.js'
import { Random } from '../../support/random.js'
import { samplerFor } from '../../support/sampler.js'
import { canFit, type Domain, inPlaceOf } from './fit.js'

export type FloatType = 'float32' | 'float64'

/** One call. */
export interface Step {
  readonly op: string
  /** Which of the op's samples, modulo their number. */
  readonly sample: number
  /** What the sample's own values are drawn from. */
  readonly seed: number
  /** For each operand: 0, its own values; k, those of the kth value from the last, as far as there are so many. */
  readonly operands: readonly number[]
}

/** A program of 1 to 12 calls. */
export const anyProgram: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    op: fc.constantFrom(...opEntries.keys()),
    sample: fc.nat(40),
    seed: fc.nat(1000),
    operands: fc.array(fc.nat(6), { maxLength: 5 }),
  }),
  { minLength: 1, maxLength: 12 },
)

/** Larger results are left out, so that a program takes milliseconds. */
const largest = 5000

const isFloat = ({ dtype }: Tensor): boolean => dtype === 'float32' || dtype === 'float64'

interface Operand {
  /** Undefined for a tensor that a sample made itself. */
  readonly domain: Domain | undefined
  readonly own: Tensor
}

/** The arguments of a step's sample, and those of them that are plain operands, in order. */
function argumentsOf({ op, sample, seed }: Step, dtype: FloatType): { args: readonly unknown[]; operands: Operand[] } {
  const domains = new Map<Tensor, Domain>()
  const sampler = samplerFor(new Random(seed), dtype)
  const noted = Object.fromEntries(
    Object.entries(sampler).map(([domain, make]) => [
      domain,
      (...shape: number[]) => {
        const own = (make as (...shape: number[]) => Tensor)(...shape)
        domains.set(own, domain as Domain)
        return own
      },
    ]),
  ) as unknown as Sampler
  const samples = (opEntries.get(op) as OpEntry).samples(noted)
  const args = samples[sample % samples.length]
  return { args, operands: tensorsIn(args).map(own => ({ own, domain: domains.get(own) })) }
}

const tensorsIn = (args: readonly unknown[]): Tensor[] =>
  args.flatMap(arg => (arg instanceof Tensor ? [arg] : Array.isArray(arg) ? tensorsIn(arg) : []))

const replaced = (args: readonly unknown[], by: ReadonlyMap<unknown, Tensor>): unknown[] =>
  args.map(arg => (Array.isArray(arg) ? replaced(arg, by) : (by.get(arg) ?? arg)))

/** A call with its operands chosen: each is its own values, or an earlier value made to fit. */
interface Chosen {
  readonly step: Step
  readonly sources: readonly ({ readonly value: number; readonly isTame: boolean } | null)[]
}

/** A step's call over the values so far. */
function bind({ step, sources }: Chosen, dtype: FloatType): { own: Tensor[]; call: (values: Tensor[]) => Tensor[] } {
  const { args, operands } = argumentsOf(step, dtype)
  const { call } = opEntries.get(step.op) as OpEntry
  return {
    own: operands.map(({ own }) => own),
    call: values => {
      const by = new Map<unknown, Tensor>()
      for (const [i, { own, domain }] of operands.entries()) {
        const source = sources[i]
        if (source !== null && canFit(domain)) by.set(own, inPlaceOf(values[source.value], own, domain, source.isTame))
      }
      const result: unknown = call(...replaced(args, by))
      return (Array.isArray(result) ? result : [result]) as Tensor[]
    },
  }
}

export interface Program {
  /** The same program with values of its own in this type. */
  start(dtype: FloatType): Started
}

export interface Started {
  /** All tensors from outside. */
  readonly captures: readonly Tensor[]
  /** Those of them that want a gradient. */
  readonly leaves: readonly Tensor[]
  /** What each call gives, all of them in order. */
  run(): Tensor[]
}

/** Whether values may be read by later calls: finite, not too many, floats in the program's type. */
function isUsable(results: readonly unknown[], dtype: FloatType): results is readonly Tensor[] {
  return results.every(
    each =>
      each instanceof Tensor &&
      each.size <= largest &&
      (isFloat(each) ? each.dtype === dtype : true) &&
      each.data.every(Number.isFinite),
  )
}

const isTame = ({ data }: Tensor): boolean => data.every(x => Math.abs(x) <= 4)

/** Which values an operand may be. */
const candidates = (values: readonly Tensor[], { domain, own }: Operand): number[] =>
  !canFit(domain) || own.size === 0
    ? []
    : values.flatMap((each, i) => {
        const isOfKind = domain === 'mask' ? each.dtype === 'bool' : isFloat(each)
        return isOfKind && each.size > 0 ? [i] : []
      })

/** The program that steps stand for; calls whose results later ones could not read are left out. */
export function programOf(steps: readonly Step[]): Program {
  const types = ['float64', 'float32'] as const
  const values: Record<FloatType, Tensor[]> = { float32: [], float64: [] }
  const chosen: Chosen[] = []
  for (const step of steps) {
    const sources = argumentsOf(step, 'float64').operands.map((operand, i) => {
      const found = candidates(values.float64, operand)
      const back = step.operands[i] ?? 0
      if (back === 0 || found.length === 0) return null
      const value = found[Math.max(0, found.length - back)]
      return { value, isTame: isTame(values.float64[value]) }
    })
    const next = { step, sources }
    const results = types.map(dtype => noGrad(() => bind(next, dtype).call(values[dtype])))
    if (!results.every((each, i) => isUsable(each, types[i]))) continue
    for (const [i, dtype] of types.entries()) values[dtype].push(...results[i])
    chosen.push(next)
  }
  return {
    start: dtype => {
      const bound = chosen.map(each => bind(each, dtype))
      const captures = bound.flatMap(({ own }) => own)
      return {
        captures,
        leaves: captures.filter(({ requiresGrad }) => requiresGrad),
        run: () => {
          const all: Tensor[] = []
          for (const { call } of bound) all.push(...call(all))
          return all
        },
      }
    },
  }
}
