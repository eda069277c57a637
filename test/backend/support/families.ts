// Families of inputs on which kernels lose digits or range, and the calls made of them.

import { lengthsOf } from '../../../lib/backend/lengths.js'
import { reference } from '../../../lib/backend/reference.js'
import { parseSignature } from '../../../lib/backend/signature.js'
import { type KernelName, kernelNames, kernelRow } from '../../../lib/backend/table.js'
import { type Call, callOf, type Fill, type Kind } from './calls.js'
import { domains, type Setting } from './domains.js'
import { type Parameters, parametersOf } from './parameters.js'
import { randomFrom } from './random.js'

type Element = (random: () => number) => number

const signed = (random: () => number): number => 2 * random() - 1
const oneOf =
  (...values: number[]): Element =>
  random =>
    values[Math.floor(random() * values.length)]

/** An element of each family. */
const families: Readonly<Record<string, (isElementwise: boolean) => Element>> = {
  usual: () => random => 4 * random() - 2,
  confident: () => oneOf(-60, -20, -1, 0, 10, 30),
  tiny: () => random => signed(random) * 2 ** -Math.floor(80 * random()),
  huge: isElementwise => random => signed(random) * (isElementwise ? 2 ** 50 : 2 ** 12),
  'nearly equal': () => random => 1 + Math.floor(64 * random()) * 2 ** -20,
  shifted: () => random => 10000 + signed(random),
  tails: () => random => 110 * signed(random),
}
const longest = 10007

/** Results of a forward pass that are no function of other inputs of the gradient's kernel. */
const results: Partial<Record<KernelName, Element>> = {
  softmaxBackward: random => random(),
  logSoftmaxBackward: random => -20 * random(),
}

/**
 * An input of a gradient that is an output of its forward pass, computed by that; undefined where the gradient does not
 * have the forward pass's inputs.
 */
function derived(name: KernelName, argument: string, { inputs, parameters }: Setting): Float64Array | undefined {
  const forward = kernelNames.find(each => name !== each && name.replace(/(Input|Weight)?Backward$/, '') === each)
  if (forward === undefined) return undefined
  const { args } = parseSignature(kernelRow(forward).signature)
  const outputs = args.filter(({ role }) => role === 'out').map(output => output.name)
  if (!outputs.includes(argument)) return undefined
  const call: unknown[] = args.map(({ name, role, element }) => {
    if (role === 'in')
      return element === 'T' ? inputs[name] && Float64Array.from(inputs[name] as Float64Array) : inputs[name]
    return role === 'out' ? { length: 1 } : (parameters[name] ?? 0.001)
  })
  if (call.includes(undefined)) return undefined
  const lengths = lengthsOf(forward, call)
  const arrays = args.filter(({ role }) => role === 'in' || role === 'out')
  for (const [i, output] of arrays.entries()) {
    if (output.role === 'out') call[args.indexOf(output)] = new Float64Array(lengths[i])
  }
  const run = reference[forward] as (...args: readonly unknown[]) => unknown
  run(...call)
  return call[args.findIndex(each => each.name === argument)] as Float64Array
}

/** Sizes that are small, one above a block of vectors each; then long ones, where the cost is linear. */
function* settingsOf(name: KernelName): Generator<readonly [Parameters, isLong: boolean]> {
  const row = kernelRow(name)
  const { args } = parseSignature(row.signature)
  const isElementwise = row.class === 'elementwise'
  const sizes = args.filter(({ role }) => role === 'size').map(argument => argument.name)
  const sizeOf = (parameters: Parameters): number =>
    sizes.reduce((product, size) => product * Number(parameters[size]), 1)
  // A convolution's arrays have only some of its sizes.
  const most = sizes.length > 7 ? 150000 : 1500
  const seen = new Set<string>()
  for (const parameters of parametersOf(args, isElementwise, domains[name] ?? {}, randomFrom(name))) {
    const isFlat = !isElementwise || args.every(arg => arg.role !== 'layout' || parameters[arg.name] === 0)
    const scalars = args.filter(({ role }) => role === 'scalar').map(arg => parameters[arg.name])
    const key = [...sizes.map(size => parameters[size]), ...scalars].join()
    if (
      !isFlat ||
      seen.has(key) ||
      seen.size >= 10 ||
      sizeOf(parameters) > most ||
      parameters.outer instanceof Int32Array
    )
      continue
    seen.add(key)
    yield [parameters, false]
    // Attention's time is not linear in its sizes.
    const isLinear = (row.class === 'reduction' || row.class === 'rowwise') && sizes.length <= 3
    if (!isLinear || seen.size > 1) continue
    for (const long of sizes) {
      const length = domains[name]?.most?.[long] ?? longest
      yield [{ ...parameters, ...Object.fromEntries(sizes.map(size => [size, size === long ? length : 2])) }, true]
      yield [{ ...parameters, ...Object.fromEntries(sizes.map(size => [size, size === long ? length : 1])) }, true]
    }
  }
}

/** The calls of a kernel on every family, for the element type `kind`. */
export function* familyCalls(name: KernelName, kind: Kind): Generator<Call> {
  const row = kernelRow(name)
  const { args } = parseSignature(row.signature)
  const random = randomFrom(`${name} families`)
  const values = domains[name]?.values ?? {}
  const call = (label: string, given: Parameters, withOptional: boolean, element: Element): Call => {
    const fill: Fill = (array, argument, setting) => {
      const known = derived(name, argument.name, setting)
      const made = values[argument.name]
      const own = argument.name === 'y' ? (results[name] ?? element) : element
      for (let i = 0; i < array.length; i++) {
        const value =
          made !== undefined ? made(setting, i) : argument.element === 'bool' ? oneOf(0, 1)(random) : own(random)
        array[i] = known?.[i] ?? value
      }
    }
    // Kernels round scalars to T first: all get the same.
    const parameters = Object.fromEntries(
      Object.entries(given).map(([key, value]) => [key, typeof value === 'number' ? Math.fround(value) : value]),
    )
    const shown = Object.entries(parameters).map(([key, value]) => `${key}=${value}`)
    return {
      label: `${name} ${kind} ${label} ${shown.join(' ')}`,
      ...callOf(name, kind, parameters, { any: kind, withOptional, fill, random }),
    }
  }
  const options = args.some(({ optional }) => optional) ? [true, false] : [true]
  for (const [parameters, isLong] of settingsOf(name)) {
    for (const withOptional of options) {
      if (isLong) {
        yield call('long', parameters, withOptional, () => 0.1)
        yield call('long', parameters, withOptional, r => r())
        continue
      }
      for (const [family, element] of Object.entries(families)) {
        yield call(family, parameters, withOptional, element(row.class === 'elementwise'))
      }
    }
  }
}
