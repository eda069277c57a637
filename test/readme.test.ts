// The README's programs run as written.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = new URL('..', import.meta.url).pathname
const programs = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/```js\n(.*?)```/gs)].map(match => match[1])

/** Runs a program that lies within the package, so that it may import it by name, in an empty folder. */
function run(program: string, name: string): string {
  const file = join(root, 'build/readme', name)
  mkdirSync(join(root, 'build/readme'), { recursive: true })
  writeFileSync(file, program)
  const folder = mkdtempSync(join(tmpdir(), 'blasgrad-readme-'))
  try {
    return execFileSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('the program that trains gets it right', () => {
  const printed = run(programs[0], 'train.mjs')
  expect(Number(/right: ([\d.]+)%/.exec(printed)?.[1])).toBeGreaterThan(97)
})

test('the other programs run', () => {
  expect(programs.length).toBeGreaterThan(1)
  programs.slice(1).forEach((program, i) => {
    expect(run(program, `other-${i}.mjs`)).toContain('Tensor(')
  })
})
