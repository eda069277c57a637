// Programs and steps as text, one line a value or a step, for people, messages and tests. The form is no format: nothing
// reads it.

import { isArray } from '../backend/lengths/product.js'
import { Layout } from '../base/layout.js'
import { type Group, isGroup, isRegion, type Operand, type Region, type Step, type Work } from './plan.js'
import { type Call, isReference, type Program, signatureOf, type Value } from './program.js'

const layoutNames = Object.keys(Layout)
const showLayout = (layout: unknown): string => (layout === Layout.full ? '' : `:${layoutNames[Number(layout)]}`)

/** `%3 = kernel n=4 a=%1 b=%2:row`; what is updated in place is shown as `param=%5!`. */
export function dumpCall(call: Call): string {
  const { args } = signatureOf(call.kernel)
  const outputs: string[] = []
  const words: string[] = []
  args.forEach(({ name, role, length }, at) => {
    const argument = call.args[at]
    if (role === 'layout') return
    if (!isArray(role)) {
      if (argument === undefined || argument === false) return
      words.push(argument === true ? name : `${name}=${argument instanceof Int32Array ? `[${argument}]` : argument}`)
      return
    }
    const layoutName = /grid\((\w+)/.exec(length)?.[1]
    const layout = layoutName === undefined ? Layout.full : call.args[args.findIndex(each => each.name === layoutName)]
    const shown = isReference(argument) ? `%${argument.value}${showLayout(layout)}` : 'none'
    if (role === 'out') outputs.push(shown)
    else words.push(`${name}=${shown}${role === 'inout' ? '!' : ''}`)
  })
  const made = outputs.length > 0 ? `${outputs.join(', ')} = ` : ''
  return [`${made}${call.kernel}`, ...words].join(' ')
}

const dumpOperand = (operand: Operand): string =>
  'member' in operand ? `.${operand.member}` : `%${operand.value}${showLayout(operand.layout)}`

/** A line for the group, then one for each member; `.0` is what member 0 makes and does not store. */
export function dumpGroup({ rows, cols, members }: Group): string {
  return [
    `group rows=${rows} cols=${cols}`,
    ...members.map(({ kernel, scalars, operands, out }, i) => {
      const made = out === null ? `.${i}` : `.${i} %${out}`
      return ['', made, '=', kernel, ...scalars, ...operands.map(dumpOperand)].join(' ')
    }),
  ].join('\n')
}

const dumpWork = (work: Work): string => (isGroup(work) ? dumpGroup(work) : dumpCall(work))
const indent = (text: string): string => text.replaceAll(/^/gm, '  ')

/** A line for the region, one for each of its chains, and below it what runs there. */
const dumpRegion = ({ chains }: Region): string =>
  [
    'parallel region',
    ...chains.flatMap(({ rows, steps, local }) => [
      ` task chain${rows === 1 ? '' : ` of ${rows} rows, chain-local ${local.map(id => `%${id}`).join(' ')}`}`,
      ...steps.map(work => indent(dumpWork(work))),
    ]),
  ].join('\n')

export const dumpStep = (step: Step): string => (isRegion(step) ? dumpRegion(step) : dumpWork(step))
export const dumpSteps = (steps: readonly Step[]): string => steps.map(dumpStep).join('\n')

/** The first few elements of a constant. */
const preview = (array: ArrayLike<number>): string =>
  `[${Array.from(array).slice(0, 4).join(', ')}${array.length > 4 ? ', …' : ''}]`

export function dumpValue({ id, dtype, length, origin }: Value): string {
  const from =
    origin.kind === 'argument'
      ? `argument ${origin.slot}`
      : origin.kind === 'constant'
        ? `constant ${preview(origin.array)}`
        : origin.kind
  return `%${id} ${dtype} ${length} ${from}`
}

/** The values that are not made by a call, the calls, the results. */
export function dump({ values, calls, results }: Program): string {
  const given = values.filter(({ origin }) => origin.kind !== 'made').map(dumpValue)
  return [...given, dumpSteps(calls), `results ${results.map(id => `%${id}`).join(' ')}`.trim()].join('\n')
}
