// The peer for another JavaScript library: runs bench/peers/<name>/peer.mjs if the library is installed there. Each has
// its own folder, so that installing blasgrad never touches it.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Peer, PeerError } from './peer.js'
import { peerSource } from './peer-files.js'
import type { Task } from './pytorch.js'
import { TimedPeer } from './timed-peer.js'

/** The libraries, by their folders. */
export const scriptPeerNames = ['jax-js', 'tfjs'] as const
export type ScriptPeerName = (typeof scriptPeerNames)[number]

export interface AboutScriptPeer {
  readonly version: string
  /** Its backends, each tried. */
  readonly settings: readonly string[]
}

/** Upper bound for a step, in ms, so that timing a workload takes about 40 s at most. */
const stepLimitMs = 5000
/** A setting is dropped if its step takes this many times as long as another's, and at least this many ms. */
const [hopelessTimes, leastLimitMs] = [5, 500]
/** Timeout of an answer, in ms. */
const answerLimitMs = 60_000

export class ScriptPeer extends TimedPeer<string> {
  readonly about: AboutScriptPeer
  protected readonly name: string
  protected readonly finalistCount = 1
  readonly #start: () => Peer

  constructor(name: string, about: AboutScriptPeer, start: () => Peer) {
    super()
    this.name = name
    this.about = about
    this.#start = start
  }

  protected settingsFor(task: Task): string[] {
    return task.kind === 'dispatch' ? [] : [...this.about.settings]
  }

  protected further(): null {
    return null
  }

  protected describe(setting: string): string {
    return `${this.name} ${setting}`
  }

  protected processKey(setting: string): string {
    return setting
  }

  protected start(): Peer {
    return this.#start()
  }

  /** The setting's name already contains the peer's. */
  override note(setting: string, error: Error): void {
    this.notes.add(`${setting} left out: ${error.message}`)
  }

  protected options(setting: string, best = Number.POSITIVE_INFINITY): object {
    const hopeless = Math.max(leastLimitMs, (hopelessTimes * best) / 1000)
    return { setting, limitMs: Math.min(stepLimitMs, hopeless) }
  }
}

/** One line with the command that installs it. */
export const howToInstall = (name: string): string =>
  `${name} is not installed: npm install --prefix bench/peers/${name}`

/** The library, or one line with the command that installs it. @param script the peer's program, for tests. */
export async function findScriptPeer(
  name: ScriptPeerName,
  script = peerSource(join(name, 'peer.mjs')),
): Promise<ScriptPeer | string> {
  if (!existsSync(join(dirname(script), 'node_modules'))) return howToInstall(name)
  const start = (): Peer => new Peer(name, process.execPath, [script], { limitMs: answerLimitMs })
  const first = start()
  try {
    const { version, settings } = await first.ask('{"op": "hello"}')
    if (!Array.isArray(settings)) throw new PeerError(`${name}: expected settings, got ${JSON.stringify(settings)}`)
    return new ScriptPeer(name, { version: String(version), settings: settings.map(String) }, start)
  } catch (error) {
    if (!(error instanceof PeerError)) throw error
    return `${howToInstall(name)} (${error.message})`
  } finally {
    first.close()
  }
}
