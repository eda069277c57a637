// The public names of blasgrad and blasgrad/backend are those of exports.txt: a name comes or goes by an edit of it.

import { expect, test } from 'vitest'
import * as backend from '../lib/backend/index.js'
import * as blasgrad from '../lib/index.js'
import { publicNames } from './fingerprint/exports.js'

test('the list of public names', async () => {
  const names = { ...publicNames('blasgrad', blasgrad), ...publicNames('blasgrad/backend', backend) }
  const lines = Object.entries(names).map(([name, kind]) => `${name}: ${kind}\n`)
  await expect(lines.join('')).toMatchFileSnapshot('exports.txt')
})
