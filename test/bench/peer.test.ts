// A peer's failures are detected: it dies, hangs or answers garbage.

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

test('a peer that is stopped between answers goes on answering', async () => {
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

test('a peer that hangs times out', async () => {
  const peer = fake('hangs', 1500)
  await expect(peer.ask(prepare)).rejects.toThrow('fake: gave no answer in 1.5 s')
})

test('a peer that cannot be started fails with the reason', async () => {
  const peer = new Peer('none', '/nowhere/python3', [])
  await expect(peer.ask(prepare)).rejects.toThrow(/^none: could not be started: .*ENOENT/)
})

test('a peer that answers with an error can be asked again', async () => {
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

test('a race goes on without a peer that dies', async () => {
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

test('an error of our own in a race is thrown', async () => {
  const run = (): void => {
    throw new TypeError('a mistake')
  }
  await expect(race([{ name: 'ours', run }], fullPlan)).rejects.toThrow('a mistake')
})
