// The examples' plots have readable axes.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { drawCurves } from '../../examples/support/curves.js'

const folder = mkdtempSync(join(tmpdir(), 'blasgrad-curves-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The texts of a plot whose losses fall linearly on a logarithmic axis, from the first to the last. */
function textsOf(first: number, last: number): string[] {
  const path = join(folder, 'curves.svg')
  const values = Array.from({ length: 100 }, (_, i) => first * (last / first) ** (i / 99))
  drawCurves(path, { losses: { title: 'loss', values }, scores: { title: 'score', values: [0.5, 0.75], decimals: 2 } })
  return [...readFileSync(path, 'utf8').matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text)
}

describe('drawCurves', () => {
  it('marks powers of ten of a loss that falls far, as short as they are', () => {
    const texts = textsOf(5, 0.00005)
    for (const text of ['10', '1', '0.1', '0.01', '0.001', '0.0001', '0.00001']) expect(texts).toContain(text)
    for (const text of texts) expect(text.length).toBeLessThan(8)
  })

  it('marks powers of two of a loss that stays near its least', () => {
    const texts = textsOf(4.2, 1.4)
    for (const text of ['1', '2', '4', '8']) expect(texts).toContain(text)
    expect(texts).not.toContain('10')
  })
})
