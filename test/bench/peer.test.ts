// A peer that fails is found out, whatever it does: dies, hangs, answers garbage.

import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { Peer, positiveIn } from '../../bench/peers/peer.js'
import { fullPlan, race } from '../../bench/support/timing.js'

const script = fileURLToPath(new URL('./fake-peer.mjs', import.meta.url))

const peers: Peer[] = []
afterEach(() => {
  for (const peer of peers.splice(0)) peer.close()
})

function fake(how: string, limitMs = 20_000): Peer {
  const peer = new Peer('fake', process.execPath, [script, how, '100'], { limitMs })
  peers.push(peer)
  return peer
}

const prepare = '{"op": "prepare"}'

test('a peer answers one question after another, though it is stopped between them', async () => {
  const peer = fake('good')
  expect(await peer.ask('{"op": "hello"}')).toEqual({ version: '0.0' })
  expect(await peer.ask('{"op": "sample", "runs": 3}')).toEqual({ micros: 300 })
  expect(peer.failure).toBeNull()
})

test.each([
  ['dies', 'fake: ended (code 3): out of luck'],
  ['garbage', 'fake: expected a line of JSON, got "prepared!"'],
  ['number', 'fake: expected a line of JSON, got "12"'],
])('one that fails (%s) has failed for good', async (how, message) => {
  const peer = fake(how)
  await expect(peer.ask(prepare)).rejects.toThrow(message)
  await expect(peer.ask('{"op": "hello"}')).rejects.toThrow(message)
})

test('one that hangs is given up', async () => {
  const peer = fake('hangs', 1500)
  await expect(peer.ask(prepare)).rejects.toThrow('fake: gave no answer in 1.5 s')
})

test('one that cannot be started says so', async () => {
  const peer = new Peer('none', '/nowhere/python3', [])
  await expect(peer.ask(prepare)).rejects.toThrow(/^none: could not be started: .*ENOENT/)
})

test('one that refuses may be asked again', async () => {
  const peer = fake('refuses')
  await expect(peer.ask(prepare)).rejects.toThrow('fake: ValueError: no such task')
  expect(await peer.ask('{"op": "hello"}')).toEqual({ version: '0.0' })
})

test('a time must be a positive number', () => {
  const peer = fake('good')
  expect(positiveIn(peer, { micros: 2 }, 'micros')).toBe(2)
  for (const micros of [undefined, null, '2', 0, -1, Number.NaN]) {
    expect(() => positiveIn(peer, { micros }, 'micros')).toThrow('expected a positive number for micros')
  }
})

test('a race goes on without one that dies in it', async () => {
  const peer = fake('dies-later')
  const sample = async (runs: number): Promise<number> =>
    positiveIn(peer, await peer.ask(`{"op": "sample", "runs": ${runs}}`), 'micros') / 1000
  const { figures, lost } = await race(
    [
      { name: 'peer', sample },
      { name: 'ours', run: () => {} },
    ],
    { ...fullPlan, sampleMs: 0.1, warmUpMs: 0 },
  )
  expect(Object.keys(figures)).toEqual(['ours'])
  expect(figures.ours?.samples).toHaveLength(fullPlan.rounds)
  expect(lost.get('peer')?.message).toContain('fake: ended')
})

test('a mistake of ours in a race is not taken for a peer’s', async () => {
  const run = (): void => {
    throw new TypeError('a mistake')
  }
  await expect(race([{ name: 'ours', run }], fullPlan)).rejects.toThrow('a mistake')
})
