// The char-gpt example on a few sonnets: output, files, exit code.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { choose } from '../../examples/char-gpt/write.js'
import { io } from '../../lib/index.js'
import { runProgram } from './run-program.js'

const program = fileURLToPath(new URL('../../build/examples/char-gpt/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'blasgrad-char-gpt-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (args: readonly string[]) => runProgram(program, args)

const sizes = ['--sonnets=8', '--context=16', '--width=16', '--layers=1', '--heads=2', '--batch=32']
const small = [...sizes, '--epochs=4', '--lr=0.01', '--length=30', '--prompt=love ', '--top-k=5']

describe('npm run char-gpt', () => {
  const out = join(folder, 'whole')
  const running = run([...small, `--out=${out}`])

  it('tells each epoch, learns, prints what it writes, and what it wrote', async () => {
    const { code, stdout, stderr } = await running
    expect(code, stderr).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^backend: /)
    expect(lines[1]).toMatch(/^[\d,]+ weights, 7 sonnets to train on, 1 to test on$/)
    const losses = [1, 2, 3, 4].map(epoch => {
      const pattern = new RegExp(
        `^epoch ${epoch}/4  loss (\\d\\.\\d{3})  on the others (\\d\\.\\d{3})  [\\d,]+ passages/s$`,
      )
      expect(lines[1 + epoch]).toMatch(pattern)
      return Number(pattern.exec(lines[1 + epoch])?.[1])
    })
    // A uniform guess among 61 characters is 4.1 nats.
    expect(losses[3]).toBeLessThan(Math.min(3, losses[0]))
    const text = lines.slice(7, -3).join('\n')
    expect(text.startsWith('love ')).toBe(true)
    expect(text.length).toBe(35)
    expect(lines.at(-2)).toBe(`model: ${join(out, 'model.safetensors')} (read back; the text is by it)`)
    expect(lines.at(-1)).toBe(`curves: ${join(out, 'curves.svg')}`)
  })

  it('writes the same again', async () => {
    const { stdout } = await running
    const again = await run([...small, `--out=${join(folder, 'again')}`])
    const textOf = (printed: string): string[] => printed.split('\n').slice(7, -4)
    expect(textOf(again.stdout)).toEqual(textOf(stdout))
  })

  it('leaves a model with the names that PyTorch would load, and a picture', async () => {
    await running
    const state = io.loadSafetensors(join(out, 'model.safetensors'))
    expect(state['blocks.layers.0.self_attn.in_proj_weight'].shape).toEqual([48, 16])
    expect(state.places).toBeUndefined()
    expect(io.readSafetensorsMetadata(join(out, 'model.safetensors')).characters).toContain('abcdefg')
    expect(readFileSync(join(out, 'curves.svg'), 'utf8')).toContain('<svg')
  })

  it('says what is wrong with a prompt, before it trains', async () => {
    const none = join(folder, 'none')
    const { code, stderr } = await run([...small, '--prompt=™', `--out=${none}`])
    expect([code, stderr]).toEqual([1, 'error: prompt: expected characters that the sonnets have, got "™"\n'])
    expect(existsSync(join(none, 'model.safetensors'))).toBe(false)
  })
})

describe('choose', () => {
  it('falls on each as often as its share, among the likeliest only', () => {
    const shares = [0.1, 0.6, 0.3]
    expect([0, 0.59, 0.61, 0.89, 0.91, 0.999].map(at => choose(shares, 3, at))).toEqual([1, 1, 2, 2, 0, 0])
    expect([0, 0.66, 0.67, 0.999].map(at => choose(shares, 2, at))).toEqual([1, 1, 2, 2])
    expect(choose(shares, 1, 0.999)).toBe(1)
  })
})
