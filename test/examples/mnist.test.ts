// The mnist example, `npm start`, on a few digits: output, files, exit code.

import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { io } from '../../lib/index.js'
import { runProgram } from './run-program.js'

const program = fileURLToPath(new URL('../../build/examples/mnist/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'blasgrad-mnist-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (args: readonly string[], watch?: (stdout: string, child: ChildProcess) => void) =>
  runProgram(program, args, watch)

const small = (out: string) => ['--samples=3000', '--epochs=3', '--hidden=32,16', '--batch=20', `--out=${out}`]

describe('npm start', () => {
  const out = join(folder, 'runs', 'whole')
  const running = run(small(out))
  const model = join(out, 'model.safetensors')
  const curves = join(out, 'curves.svg')

  it('tells what it runs on, each epoch, the accuracy once, the speed, and what it wrote', async () => {
    const { code, stdout, stderr } = await running
    expect(code, stderr).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toMatch(
      process.env.BLASGRAD_BACKEND === 'reference'
        ? /^backend: reference, pure TypeScript, 1 thread/
        : /^backend: native, \S+ [\d.]+ for \w+, SIMD \w+, \d+ threads?$/,
    )
    expect(lines[1]).toBe('network 784-32-16-10, 3,000 digits to train on')
    for (const epoch of [1, 2, 3]) {
      expect(lines[1 + epoch]).toMatch(
        new RegExp(`^epoch ${epoch}/3  loss \\d\\.\\d{3}  test accuracy \\d\\d\\.\\d%  [\\d,]+ digits/s$`),
      )
    }
    expect(lines[5]).toMatch(/^test accuracy: \d\d\.\d%$/)
    const table = lines.slice(6, -2)
    if (table.length === 1) expect(table[0]).toContain('the native backend is missing')
    else {
      expect(table).toHaveLength(4)
      expect(table[0]).toBe('training speed, digits per second:')
      expect(table[1]).toMatch(/^ {2}compiled steps +[\d,]+ +\d+\.\d times pure TypeScript$/)
      expect(table[2]).toMatch(/^ {2}eager, op by op +[\d,]+ +\d+\.\d times pure TypeScript$/)
      expect(table[3]).toMatch(/^ {2}pure TypeScript +[\d,]+$/)
      expect(table[1]).toHaveLength(table[2].length)
    }
    expect(lines.at(-2)).toBe(`model: ${model} (read back, it scores the same)`)
    expect(lines.at(-1)).toBe(`curves: ${curves}`)
  })

  it('learns', async () => {
    const { stdout } = await running
    const accuracies = [...stdout.matchAll(/test accuracy:? ([\d.]+)%/g)].map(match => Number(match[1]))
    expect(accuracies).toHaveLength(4)
    expect(accuracies[3]).toBeGreaterThan(80)
    expect(accuracies[3]).toBe(accuracies[2])
  })

  it('prints no control characters where there is no terminal', async () => {
    const { stdout } = await running
    expect([...stdout].filter(character => character < ' ' && character !== '\n')).toEqual([])
  })

  it('writes a whole model and a picture of both curves', async () => {
    const { stdout } = await running
    const shapes = Object.entries(io.loadSafetensors(model)).map(([name, { shape }]) => `${name} ${shape}`)
    expect(shapes.sort()).toEqual(
      ['0.bias 32', '0.weight 32,784', '2.bias 16', '2.weight 16,32', '4.bias 10', '4.weight 10,16'].sort(),
    )
    const { hidden, epoch, accuracy } = io.readSafetensorsMetadata(model)
    expect({ hidden, epoch }).toEqual({ hidden: '32,16', epoch: '3' })
    expect(stdout).toContain(`test accuracy: ${(100 * Number(accuracy)).toFixed(1)}%\n`)
    const svg = readFileSync(curves, 'utf8')
    expect(svg).toMatch(/^<svg .*<\/svg>$/s)
    for (const text of ['Training loss', 'Test accuracy']) expect(svg).toContain(text)
    expect(readdirSync(out).sort()).toEqual(['curves.svg', 'model.safetensors'])
  })

  it('gives the same model for the same seed, and another for another', async () => {
    await running
    const again = join(folder, 'again')
    const other = join(folder, 'other')
    await Promise.all([run(small(again)), run([...small(other), '--seed', '2'])])
    const bytes = readFileSync(model)
    expect(readFileSync(join(again, 'model.safetensors')).equals(bytes)).toBe(true)
    expect(readFileSync(join(other, 'model.safetensors')).equals(bytes)).toBe(false)
  })
})

describe('interrupting npm start', () => {
  it('leaves the last whole model, and says so', async () => {
    const out = join(folder, 'interrupted')
    const args = ['--samples', '2000', '--epochs', '1000', '--hidden', '8', '--out', out]
    const { code, stdout } = await run(args, (printed, child) => {
      if (printed.includes('epoch 2/1000') && !child.killed) child.kill('SIGINT')
    })
    const said = /^Interrupted: (.*) holds the model as it was after epoch (\d+)\.$/m.exec(stdout)
    expect(code).toBe(130)
    expect(said?.[1]).toBe(join(out, 'model.safetensors'))
    expect(io.readSafetensorsMetadata(join(out, 'model.safetensors')).epoch).toBe(said?.[2])
    expect(Object.keys(io.loadSafetensors(join(out, 'model.safetensors')))).toHaveLength(4)
    expect(readdirSync(out)).toEqual(['model.safetensors'])
  })

  it('before the first epoch is over leaves what was there', async () => {
    const stop = (printed: string, child: ChildProcess) => {
      if (printed.includes('network') && !child.killed) child.kill('SIGTERM')
    }
    const out = join(folder, 'early')
    const first = await run(['--hidden', '4096,4096', '--out', out], stop)
    expect([first.code, first.stdout.split('\n')[2]]).toEqual([143, 'Interrupted: no model was saved yet.'])
    const model = join(out, 'model.safetensors')
    expect(existsSync(model)).toBe(false)
    writeFileSync(model, 'older')
    const second = await run(['--hidden', '4096,4096', '--out', out], stop)
    expect(second.stdout.split('\n')[2]).toBe(`Interrupted: ${model} is still the model of an earlier run.`)
    expect(readFileSync(model, 'utf8')).toBe('older')
  })
})

describe('npm start -- …', () => {
  it('lists its options with --help', async () => {
    const { code, stdout } = await run(['--help'])
    expect(code).toBe(0)
    for (const option of ['epochs', 'batch', 'hidden', 'lr', 'backend', 'seed', 'out', 'samples']) {
      expect(stdout).toContain(`--${option} <`)
    }
  })

  it.each([
    [['--epochs', '0'], "option '--epochs <n>' argument '0' is invalid. Expected a whole number from 1."],
    [['--hidden', '128,'], "option '--hidden <sizes>' argument '128,' is invalid."],
    [['--lr', '-1'], 'Expected a number above 0.'],
    [['--backend', 'gpu'], 'Allowed choices are native, reference.'],
    [['--nope'], "unknown option '--nope'"],
    [['--out', fileURLToPath(import.meta.url)], 'error: EEXIST'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await run(args)
    expect(code).toBe(1)
    expect(stderr).toContain(message)
  })

  it('runs on the requested backend, and on fewer digits than a batch', async () => {
    const out = join(folder, 'reference')
    const { code, stdout } = await run(['--backend', 'reference', '--samples', '5', '--epochs', '1', '--out', out])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^backend: reference, pure TypeScript, 1 thread/)
  })
})
