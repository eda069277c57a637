// The mnist-cnn example on a few digits: output, files, accuracy.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { io } from '../../lib/index.js'
import { runProgram } from './run-program.js'

const program = fileURLToPath(new URL('../../build/examples/mnist-cnn/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'blasgrad-mnist-cnn-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('npm run mnist-cnn', () => {
  it('learns, and leaves a whole model and a picture', async () => {
    const out = join(folder, 'runs')
    const args = ['--samples=1500', '--epochs=2', '--channels=4,6', '--batch=20', '--lr=0.005', `--out=${out}`]
    const { code, stdout, stderr } = await runProgram(program, args)
    expect(code, stderr).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^backend: /)
    expect(lines[1]).toBe('convolutions to 4 and 6 channels, 1,500 digits to train on')
    for (const epoch of [1, 2]) {
      expect(lines[1 + epoch]).toMatch(
        new RegExp(`^epoch ${epoch}/2  loss \\d\\.\\d{3}  test accuracy \\d\\d\\.\\d%  [\\d,]+ digits/s$`),
      )
    }
    const accuracy = Number(/^test accuracy: (\d\d\.\d)%$/.exec(lines[4])?.[1])
    expect(accuracy).toBeGreaterThan(75)
    const model = join(out, 'model.safetensors')
    expect(lines.slice(5)).toEqual([
      `model: ${model} (read back, it scores the same)`,
      `curves: ${join(out, 'curves.svg')}`,
    ])
    const shapes = Object.entries(io.loadSafetensors(model)).map(([name, { shape }]) => `${name} ${shape}`)
    expect(shapes.sort()).toEqual(
      ['0.bias 4', '0.weight 4,1,3,3', '3.bias 6', '3.weight 6,4,3,3', '7.bias 10', '7.weight 10,294'].sort(),
    )
    const { channels, epoch } = io.readSafetensorsMetadata(model)
    expect({ channels, epoch }).toEqual({ channels: '4,6', epoch: '2' })
    expect(readFileSync(join(out, 'curves.svg'), 'utf8')).toMatch(/^<svg .*<\/svg>$/s)
    expect(readdirSync(out).sort()).toEqual(['curves.svg', 'model.safetensors'])
  })

  it('says what is wrong with an option', async () => {
    const { code, stderr } = await runProgram(program, ['--channels', '16,'])
    expect(code).toBe(1)
    expect(stderr).toContain("option '--channels <sizes>' argument '16,' is invalid.")
  })

  it('refuses more convolutions than the image can be halved', async () => {
    const { code, stderr } = await runProgram(program, ['--channels=1,1,1,1,1', '--samples=10', `--out=${folder}/deep`])
    expect(code).toBe(1)
    expect(stderr).toContain('error: maxPool2d: expected room for the window [2,2], got [10, 1, 1, 1]')
  })
})
