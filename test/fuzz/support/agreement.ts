// One program in every way that it can be run: eager and compiled, with fusion and without, on each backend. Its values and
// gradients are those of the exact program, within what the published bounds of its kernels come to.

import { reference } from '../../../lib/backend/reference.js'
import { compile } from '../../../lib/compile/compile.js'
import { context } from '../../../lib/core/context.js'
import { grad, manualSeed, setBackend, Tensor } from '../../../lib/index.js'
import { backendsUnderTest } from '../../support/backends.js'
import { Random } from '../../support/random.js'
import { noisyReference } from './noise.js'
import type { FloatType, Program, Started } from './programs.js'

type Arrays = readonly ArrayLike<number>[]

const isFloat = ({ dtype }: Tensor): boolean => dtype === 'float32' || dtype === 'float64'

/** The values of all calls and the gradients of a weighted sum of the floats among them. */
function outcome({ run, leaves }: Started): Tensor[] {
  const values = run()
  const random = new Random(17)
  const parts = values.filter(value => isFloat(value) && value.requiresGrad && value.size > 0)
  if (leaves.length === 0 || parts.length === 0) return values
  const weighted = parts.map(value => {
    const weights = Float64Array.from({ length: value.size }, () => Math.fround(random.normal()))
    return value.mul(new Tensor(weights, { shape: value.shape, dtype: value.dtype, requiresGrad: false })).sum()
  })
  const total = weighted.reduce((a, b) => a.add(b))
  const gradients = grad(total, leaves, { allowUnused: true }) as (Tensor | null)[]
  return [...values, ...gradients.filter(g => g !== null)]
}

const elements = (tensors: readonly Tensor[]): Arrays => tensors.map(({ data }) => data.slice())
const kinds = (tensors: readonly Tensor[]): string =>
  tensors.map(({ dtype, shape }) => `${dtype} [${shape}]`).join(', ')

/** The program in float64 on the reference with errors, or exact. */
function simulated(program: Program, dtype: FloatType, random?: Random): Arrays {
  context.active = { name: 'reference', kernels: noisyReference(dtype, random) }
  manualSeed(3)
  return elements(outcome(program.start('float64')))
}

/** How far each element may be from `exact`. */
function allowances(program: Program, dtype: FloatType, exact: Arrays, draws: number): Float64Array[] {
  const most = exact.map(array => new Float64Array(array.length))
  const random = new Random(29)
  for (let draw = 0; draw < draws; draw++) {
    for (const [i, array] of simulated(program, dtype, random).entries()) {
      for (let j = 0; j < array.length; j++) {
        const change = Math.abs(array[j] - exact[i][j])
        most[i][j] = Math.max(most[i][j], Number.isNaN(change) ? Infinity : change)
      }
    }
  }
  // Few draws do not show the most that an element may change; those of the whole array do.
  return most.map(array => {
    const largest = array.reduce((a, b) => Math.max(a, b), 0)
    return array.map(change => 8 * Math.max(change, largest / 32) + 2 ** -125)
  })
}

function beyond(actual: Arrays, exact: Arrays, allowed: readonly Float64Array[]): string | undefined {
  for (const [i, array] of exact.entries()) {
    for (let j = 0; j < array.length; j++) {
      const apart = Math.abs(actual[i][j] - array[j])
      if (!(apart <= allowed[i][j]) && !Object.is(actual[i][j], array[j])) {
        return `result ${i} at ${j}: expected ${array[j]} within ${allowed[i][j]}, got ${actual[i][j]}`
      }
    }
  }
  return undefined
}

/** @throws Error that says where two ways of running the program differ. */
export async function expectAgreement(program: Program): Promise<void> {
  const before = context.active
  try {
    for (const dtype of ['float32', 'float64'] as const) await agreeIn(dtype, program)
  } finally {
    context.active = before
  }
}

async function agreeIn(dtype: FloatType, program: Program): Promise<void> {
  const exact = simulated(program, dtype)
  let allowed: Float64Array[] | undefined
  /** Against the exact results; where they are missed, more errors are drawn before that counts. */
  const hold = (what: string, tensors: readonly Tensor[]): void => {
    allowed ??= allowances(program, dtype, exact, 6)
    const actual = elements(tensors)
    let found = beyond(actual, exact, allowed)
    if (found !== undefined) found = beyond(actual, exact, allowances(program, dtype, exact, 60))
    if (found !== undefined) throw new Error(`${dtype}, ${what}: ${found}`)
  }
  for (const backend of backendsUnderTest) {
    setBackend(backend)
    if (backend === 'reference') context.active = { name: 'reference', kernels: reference }
    const started = program.start(dtype)
    const seeded = <R>(fn: () => R): R => {
      manualSeed(3)
      return fn()
    }
    const eager = seeded(() => outcome(started))
    const [shapes, bits] = [kinds(eager), elements(eager)]
    hold(`${backend}, eager`, eager)
    for (const fusion of [false, true]) {
      const what = `${backend}, compiled, fusion ${fusion}`
      const step = compile(() => outcome(started), { captures: started.captures, fusion })
      // Twice: what a run leaves behind must not be seen by the next. The second one may run on another thread.
      for (const results of [seeded(step.sync), await seeded(step)]) {
        if (kinds(results) !== shapes) throw new Error(`${dtype}, ${what}: expected ${shapes}, got ${kinds(results)}`)
        if (fusion) hold(what, results)
        else {
          const zero = bits.map(({ length }) => new Float64Array(length))
          const found = beyond(elements(results), bits, zero)
          if (found !== undefined) throw new Error(`${dtype}, ${what}, not as eager: ${found}`)
        }
      }
    }
  }
}
