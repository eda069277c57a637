// Property: random programs over the op records give the same numbers on both backends, eager and compiled, with and
// without fusion, and so do their gradients.

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { reference } from '../../lib/backend/reference.js'
import { runs, seed } from '../support/cases.js'
import { expectAgreement } from './support/agreement.js'
import { findings, keepFinding } from './support/findings.js'
import { anyProgram, programOf, type Step } from './support/programs.js'

const cases = runs(80, 1200)

describe('random programs', () => {
  test(`${cases} of seed ${seed}`, async () => {
    const property = fc.asyncProperty(anyProgram, steps => expectAgreement(programOf(steps)))
    const { failed, counterexample, errorInstance, numShrinks } = await fc.check(property, { numRuns: cases, seed })
    if (!failed) return
    const steps = JSON.stringify(counterexample?.[0])
    const kept = keepFinding('programs', 'json', steps)
    expect.fail(`seed ${seed}, made smaller ${numShrinks} times, kept as ${kept}:\n${steps}\n${errorInstance}`)
  })

  test('a kernel that is off by more than its bound is found', async () => {
    const program = programOf([
      { op: 'tanh', sample: 4, seed: 1, operands: [] },
      { op: 'sum', sample: 3, seed: 1, operands: [1] },
    ])
    await expectAgreement(program)
    const kernels = reference as unknown as Record<string, (...args: unknown[]) => void>
    const { tanh } = kernels
    kernels.tanh = (...args) => {
      tanh(...args)
      const out = args.filter(each => each instanceof Float32Array).at(-1)
      if (out !== undefined) out[out.length - 1] *= 1 + 2 ** -14
    }
    try {
      await expect(expectAgreement(program)).rejects.toThrow(/^float32, reference, eager: result 0 at 34: expected /)
    } finally {
      kernels.tanh = tanh
    }
  })

  test('what was found before', async () => {
    for (const { name, bytes } of findings('programs')) {
      const steps = JSON.parse(bytes.toString()) as readonly Step[]
      await expectAgreement(programOf(steps)).catch(error => expect.fail(`${name}: ${error}`))
    }
  })
})
