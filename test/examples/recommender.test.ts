// The recommender example in a small world: output, files, AUC relative to the best possible.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { areaUnderCurve } from '../../examples/recommender/auc.js'
import { World } from '../../examples/recommender/taste.js'
import { io } from '../../lib/index.js'
import { runProgram } from './run-program.js'

const program = fileURLToPath(new URL('../../build/examples/recommender/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'blasgrad-recommender-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (args: readonly string[]) => runProgram(program, args)

const small = ['--users=60', '--items=40', '--traits=2', '--pairs=12000', '--epochs=4', '--batch=128', '--lr=0.01']

describe('npm run recommender', () => {
  const out = join(folder, 'whole')
  const running = run([...small, `--out=${out}`])

  it('tells each epoch and comes near the best that can be reached', async () => {
    const { code, stdout, stderr } = await running
    expect(code, stderr).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^backend: /)
    expect(lines[1]).toBe('60 users, 40 items, 12,000 pairs to learn from')
    for (const epoch of [1, 2, 3, 4]) {
      expect(lines[1 + epoch]).toMatch(/^epoch \d\/4 {2}loss 0\.\d{3} {2}AUC on others 0\.\d{4} {2}[\d,]+ pairs\/s$/)
    }
    const [, reached, best] = /^AUC on held-out pairs: (\S+); the true tastes would reach (\S+)$/.exec(lines[6]) ?? []
    expect(Number(best)).toBeGreaterThan(0.75)
    expect(Number(reached)).toBeGreaterThan(Number(best) - 0.06)
    expect(Number(reached)).toBeLessThan(Number(best) + 0.02)
    expect(lines.at(-2)).toBe(`model: ${join(out, 'model.safetensors')} (read back, it scores the same)`)
  })

  it('leaves a model and a picture', async () => {
    await running
    const state = io.loadSafetensors(join(out, 'model.safetensors'))
    expect(state['users.weight'].shape).toEqual([60, 16])
    expect(state['items.weight'].shape).toEqual([40, 16])
    expect(readFileSync(join(out, 'curves.svg'), 'utf8')).toContain('<svg')
  })

  it('says what is wrong with an option', async () => {
    const { code, stderr } = await run(['--users=none'])
    expect(code).toBe(1)
    expect(stderr).toContain('Expected a whole number from 1.')
  })
})

describe('areaUnderCurve', () => {
  it('is the share of pairs in the right order, ties counting half', () => {
    expect(areaUnderCurve([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])).toBe(0.75)
    expect(areaUnderCurve([1, 1, 1], [0, 1, 0])).toBe(0.5)
    expect(areaUnderCurve([1, 2], [1, 0])).toBe(0)
    expect(areaUnderCurve([1, 2], [1, 1])).toBeNaN()
  })
})

describe('World', () => {
  it('gives answers as often as their probabilities say, the same for the same seed', () => {
    const { liked, truth, users } = new World(50, 50, 3, 7).draw(20_000)
    const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length
    expect(Math.abs(mean(liked.data) - mean(truth))).toBeLessThan(0.01)
    expect(new World(50, 50, 3, 7).draw(20_000).users.data).toEqual(users.data)
  })
})
