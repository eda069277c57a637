// What the addon is told of the kernels when it is attached, as positions of arguments: it partitions eager calls and
// estimates their cost by these, after it has checked that its own signatures bear them out.

import { parseSignature } from '../signature.js'
import { kernelNames, kernelRow } from '../table.js'
import { isArithmetic, rates } from './cost.js'
import type { Roles } from './roles.js'
import { rulesOf } from './rules.js'

export interface KernelFacts {
  readonly leading: number
  readonly along: number
  /** Operations: this times these sizes; 0 where memory bounds the duration. */
  readonly flops: number
  readonly flopSizes: readonly number[]
  readonly roles: Roles<number>
}

export interface Facts {
  readonly rates: typeof rates
  readonly kernels: Readonly<Record<string, KernelFacts>>
}

function factsOf(name: (typeof kernelNames)[number]): KernelFacts {
  const { leading, along, roles } = rulesOf(name)
  const factors = isArithmetic(name) ? (kernelRow(name).flops as string).split('*') : []
  const { args } = parseSignature(kernelRow(name).signature)
  const numbers = factors.filter(factor => /^\d+$/.test(factor)).map(Number)
  const sizes = factors.filter(factor => !/^\d+$/.test(factor))
  return {
    leading,
    along,
    flops: factors.length === 0 ? 0 : numbers.reduce((product, each) => product * each, 1),
    flopSizes: sizes.map(size => args.findIndex(argument => argument.name === size)),
    roles,
  }
}

export const facts = (): Facts => ({
  rates,
  kernels: Object.fromEntries(kernelNames.map(name => [name, factsOf(name)])),
})
