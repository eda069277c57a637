// Other JavaScript libraries as peers: a missing one gives its install command; one that fails or computes another value
// is left out with a note. Fake processes answer.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Peer } from '../../bench/peers/peer.js'
import { scriptsThatAgree } from '../../bench/peers/ready-peers.js'
import { findScriptPeer, ScriptPeer } from '../../bench/peers/script-peer.js'

const script = fileURLToPath(new URL('./fake-peer.mjs', import.meta.url))
const task = { kind: 'mlp', layers: [2, 2], optimizer: 'SGD', lr: 0.1, batches: 1 } as const
const trial = { rounds: 1, sampleMs: 0.1, warmUpMs: 0 }

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'blasgrad-test-'))
})
const open: ScriptPeer[] = []
afterEach(() => {
  rmSync(folder, { recursive: true })
  for (const peer of open.splice(0)) peer.close()
})

function fake(how: string, micros: number, settings = ['wasm', 'cpu']): ScriptPeer {
  const start = (): Peer => new Peer('tfjs', process.execPath, [script, how, String(micros)])
  const peer = new ScriptPeer('tfjs', { version: '0', settings }, start)
  open.push(peer)
  return peer
}

/** A peer.mjs in a folder with or without its library. */
function peerFile(source: string, installed = true): string {
  if (installed) mkdirSync(join(folder, 'node_modules'))
  writeFileSync(join(folder, 'peer.mjs'), source)
  return join(folder, 'peer.mjs')
}

test('a missing library gives the command that installs it', async () => {
  expect(await findScriptPeer('tfjs', peerFile('', false))).toBe(
    'tfjs is not installed: npm install --prefix bench/peers/tfjs',
  )
})

test('so does a library that does not load', async () => {
  expect(await findScriptPeer('jax-js', peerFile('await import("nowhere-to-be-found")'))).toMatch(
    /^jax-js is not installed: npm install --prefix bench\/peers\/jax-js \(jax-js: ended \(code 1\)/,
  )
})

test('an installed library reports its version and settings', async () => {
  const source = `process.stdin.once('data', () => console.log('{"version": "1.2", "settings": ["wasm"]}'))`
  const peer = await findScriptPeer('tfjs', peerFile(source))
  expect(peer).toBeInstanceOf(ScriptPeer)
  expect((peer as ScriptPeer).about).toEqual({ version: '1.2', settings: ['wasm'] })
})

test('the faster of its settings goes into the race', async () => {
  const [finalist, ...others] = await fake('good', 300).finalists(task, 'file', trial, 5)
  expect(others).toEqual([])
  expect(['tfjs wasm', 'tfjs cpu']).toContain(finalist.name)
  expect(await finalist.contestant.sample(10)).toBe(3)
})

test('an unsupported task is noted once per setting and has no figure', async () => {
  const peer = fake('refuses', 300)
  expect(await peer.finalists(task, 'file', trial, 5)).toEqual([])
  expect([...peer.notes]).toEqual([
    'tfjs wasm left out: tfjs: ValueError: no such task',
    'tfjs cpu left out: tfjs: ValueError: no such task',
  ])
})

test('it has no settings for eager ops', async () => {
  const dispatch = { kind: 'dispatch', requiresGrad: false, backward: false } as const
  expect(await fake('good', 1).finalists(dispatch, 'file', trial, 1)).toEqual([])
})

test('a library that computes another value is left out with a note', async () => {
  const peer = fake('good', 300, ['wasm'])
  const found = [{ peer, finalists: await peer.finalists(task, 'file', trial, 5) }]
  expect(scriptsThatAgree(found, 300.1)[0].finalists).toHaveLength(1)
  expect(scriptsThatAgree(found, 299)[0].finalists).toHaveLength(0)
  expect([...peer.notes]).toEqual(['tfjs wasm left out: expected 299 after the same steps, got 300'])
})
