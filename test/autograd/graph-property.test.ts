// Random graphs: their gradients are those that differences give; no walk writes into what somebody else reads.

import { describe, expect, test } from 'vitest'
import { grad, noGrad, Tensor } from '../../lib/index.js'
import { backendsUnderTest, onBackend } from '../support/backends.js'
import { expectClose } from '../support/close.js'
import { checkGradient, scalarise } from '../support/gradcheck.js'
import { drawProgram, type Program } from '../support/programs.js'
import { Random } from '../support/random.js'

const seeds = 200
const tight = { relative: 1e-9, absolute: 1e-11 }

interface Case {
  readonly what: string
  readonly program: Program
  /** A scalar of the last value and some others. */
  readonly total: (values: readonly Tensor[]) => Tensor
  readonly random: Random
}

function cases(fn: (drawn: Case) => void): void {
  for (let seed = 0; seed < seeds; seed++) {
    const random = new Random(seed)
    const program = drawProgram(random)
    const values = noGrad(() => program.run())
    const picked = values.flatMap((_, i) => (i === values.length - 1 || random.next() < 0.3 ? [i] : []))
    const weigh = scalarise(
      picked.map(i => values[i]),
      random,
    )
    fn({ what: `seed ${seed}`, program, total: all => weigh(picked.map(i => all[i])), random })
  }
}

/** The gradients as new values, each sum a value of its own: nothing is added in place. */
const reference = ({ program, total }: Case): (Tensor | null)[] =>
  grad(total(program.run()), program.leaves, { createGraph: true, allowUnused: true }) as (Tensor | null)[]

const numbers = (gradient: Tensor | null, like: Tensor): ArrayLike<number> =>
  gradient === null ? new Float64Array(like.size) : gradient.data

describe.each(backendsUnderTest)('random graphs on %s', backend => {
  test('gradients are those of differences', () => {
    onBackend(backend, () => {
      cases(({ what, program, total, random }) => {
        checkGradient(what, () => total(program.run()), program.leaves, random)
      })
    })
  })

  test('backward adds up, over one walk and several, what values of their own add up to', () => {
    onBackend(backend, () => {
      cases(drawn => {
        const { what, program, total } = drawn
        const expected = reference(drawn)
        const loss = total(program.run())
        loss.backward(null, { retainGraph: true })
        loss.backward()
        program.leaves.forEach((leaf, i) => {
          const twice = Float64Array.from(numbers(expected[i], leaf), x => 2 * x)
          expectClose(numbers(leaf.grad, leaf), twice, tight, `${what}, leaf ${i}`)
        })
      })
    })
  })

  test('a walk leaves every value, the gradient it starts with and the gradients it gave alone', () => {
    onBackend(backend, () => {
      cases(drawn => {
        const { what, program, total, random } = drawn
        const expected = reference(drawn)
        const values = program.run()
        const kept = values.slice(program.leaves.length).filter(() => random.next() < 0.5)
        for (const value of kept) value.retainGrad()
        const before = values.map(value => value.data.slice())
        const start = new Tensor(1, { dtype: 'float64', requiresGrad: false })
        const loss = total(values)
        loss.backward(start, { retainGraph: true })
        const all = [...program.leaves, ...kept]
        const first = all.map(value => value.grad?.data.slice() ?? new Float64Array(value.size))
        const gradients = all.flatMap(({ grad }) => (grad === null ? [] : [grad.storage]))
        const shared = gradients.filter((storage, i) => gradients.indexOf(storage) !== i)
        expect(shared, `${what}: storages that two gradients share`).toEqual([])
        loss.backward(start)
        expect(start.item()).toBe(1)
        values.forEach((value, i) => {
          expectClose(value.data, before[i], { relative: 0, absolute: 0 }, `${what}, value ${i}`)
        })
        program.leaves.forEach((leaf, i) => {
          expectClose(first[i], numbers(expected[i], leaf), tight, `${what}, leaf ${i}`)
        })
        all.forEach((value, i) => {
          const twice = first[i].map(x => 2 * x)
          expectClose(numbers(value.grad, value), twice, tight, `${what}, gradient ${i}, second walk`)
        })
      })
    })
  })
})
