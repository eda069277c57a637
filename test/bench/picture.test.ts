// The pictures show the rows' figures; a picture without rows is not drawn.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { drawPictures, scalingPicture, speedPicture } from '../../bench/report/picture.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'blasgrad-test-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const over = (ratio: number): { ratio: number } => ({ ratio })
const row = (workload: string, ratio: number) => ({
  workload,
  overPyTorch: over(ratio),
  overJavaScript: over(10 * ratio),
  overReference: null,
})
const size = (dimension: string, size: number) => ({
  ...{ dimension, size, batch: 8, parameters: 1000, compiled: { median: size } },
  pytorch: { median: 3 * size },
})

test('each workload has labelled bars; other ways to call it and missing peers have none', () => {
  const svg = speedPicture([row('tiny', 2.5), row('tiny, await', 7.7), row('large', 12.34)])
  for (const text of ['tiny', '2.5×', '25×', 'large', '12×', '123×', 'PyTorch']) expect(svg).toContain(text)
  for (const text of ['await', '7.7×', 'NaN', 'undefined']) expect(svg).not.toContain(text)
})

test('a ratio below 1 has a bar too', () => {
  expect(speedPicture([row('slow', 0.5)])).toContain('0.5×')
})

test('each doubled size has its own panels', () => {
  const svg = scalingPicture([size('width', 8), size('width', 16), size('depth', 2), size('depth', 4)])
  for (const text of ['width', 'depth', 'ns a parameter', 'µs a sample']) expect(svg).toContain(text)
  expect(svg).not.toContain('NaN')
})

test('only pictures with rows are drawn', () => {
  const stem = join(folder, 'deep/bench')
  expect(drawPictures(stem, {})).toEqual([])
  expect(existsSync(join(folder, 'deep'))).toBe(false)
  expect(drawPictures(stem, { steps: [row('tiny', 2)] })).toEqual([`${stem}.svg`])
  expect(readFileSync(`${stem}.svg`, 'utf8')).toMatch(/^<svg /)
  expect(drawPictures(stem, { scaling: [size('width', 8)] })).toEqual([`${stem}-scaling.svg`])
})
