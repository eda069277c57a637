// A peer with several settings: all are tried for each task, and the best go into the race. pytorch.ts and script-peer.ts
// define the settings and start the processes.

import { type Figure, type Plan, race, type SelfTimed } from '../support/timing.js'
import { type Peer, PeerError, positiveIn, type Reply } from './peer.js'
import type { Task } from './pytorch.js'

/** A setting prepared for the race. */
export interface Finalist<Setting = unknown> {
  readonly name: string
  readonly setting: Setting
  readonly contestant: SelfTimed
  /** The value after the requested steps, which contestants must agree on. */
  readonly value: number
}

/** How often a failed process is started. */
const mostStarts = 2

export abstract class TimedPeer<Setting> {
  /** Failures, each once. */
  readonly notes = new Set<string>()
  readonly #processes = new Map<string, { readonly peer: Peer; readonly starts: number }>()
  #prepared: { readonly peer: Peer; readonly id: number }[] = []
  #nextId = 1

  /** The peer's name in notes. */
  protected abstract readonly name: string
  /** Settings that go from the trials into the race. */
  protected abstract readonly finalistCount: number
  protected abstract settingsFor(task: Task): Setting[]
  /** One more setting to try, derived from the best; null: none. */
  protected abstract further(best: Setting, task: Task): Setting | null
  /** The contestant's name. */
  protected abstract describe(setting: Setting): string
  /** Settings of the same key share a process. */
  protected abstract processKey(setting: Setting): string
  protected abstract start(setting: Setting): Peer
  /** Extra fields of the prepare request. `best`: µs of a run on the best setting so far, if one was tried. */
  protected abstract options(setting: Setting, best?: number): object

  /**
   * The best settings for a task, prepared; empty if none works, with the reasons in the notes.
   * @param file the task's tensors, safetensors.
   * @param trial the plan for trying a setting; null: take the first, without a trial.
   * @param steps runs of each finalist before its value is read.
   */
  async finalists(task: Task, file: string, trial: Plan | null, steps: number): Promise<Finalist<Setting>[]> {
    const settings = this.settingsFor(task)
    const chosen = trial === null ? settings.slice(0, 1) : await this.#best(settings, task, file, trial)
    const finalists: Finalist<Setting>[] = []
    for (const setting of chosen) {
      await this.#try(setting, async () => {
        const { contestant, value } = await this.#prepare(setting, task, file, steps)
        if (value === null) throw new PeerError(`expected a value after ${steps} steps, got none`)
        finalists.push({ name: contestant.name, setting, contestant, value })
      })
    }
    return finalists
  }

  /** Notes why a setting failed. */
  note(setting: string, error: Error): void {
    this.notes.add(`${this.name} (${setting}) left out: ${error.message}`)
  }

  /** Releases the prepared tasks. */
  async release(): Promise<void> {
    const all = this.#prepared
    this.#prepared = []
    for (const { peer, id } of all) {
      if (peer.failure === null) await peer.ask(JSON.stringify({ op: 'release', id })).catch(() => {})
    }
  }

  close(): void {
    for (const { peer } of this.#processes.values()) peer.close()
  }

  /** The settings with the smallest medians. */
  async #best(settings: readonly Setting[], task: Task, file: string, plan: Plan): Promise<Setting[]> {
    if (settings.length <= this.finalistCount && this.further(settings[0], task) === null) return [...settings]
    const tried: { setting: Setting; figure: Figure }[] = []
    const attempt = async (setting: Setting): Promise<void> => {
      const figure = await this.#trial(setting, task, file, plan, tried[0]?.figure.median)
      if (figure !== null) tried.push({ setting, figure })
      tried.sort((a, b) => a.figure.median - b.figure.median)
    }
    for (const setting of settings) await attempt(setting)
    const more = tried.length > 0 ? this.further(tried[0].setting, task) : null
    if (more !== null) await attempt(more)
    return tried.slice(0, this.finalistCount).map(({ setting }) => setting)
  }

  async #trial(setting: Setting, task: Task, file: string, plan: Plan, best?: number): Promise<Figure | null> {
    let figure: Figure | null = null
    await this.#try(setting, async () => {
      const { contestant } = await this.#prepare(setting, task, file, 0, best)
      const { figures, lost } = await race([contestant], plan)
      for (const error of lost.values()) throw error
      figure = figures[contestant.name] ?? null
    })
    await this.release()
    return figure
  }

  async #prepare(
    setting: Setting,
    task: Task,
    file: string,
    steps: number,
    best?: number,
  ): Promise<{ contestant: SelfTimed; value: number | null }> {
    const peer = this.#process(setting)
    const id = this.#nextId++
    const request = { op: 'prepare', id, task, file, steps, ...this.options(setting, best) }
    const reply = await peer.ask(JSON.stringify(request))
    this.#prepared.push({ peer, id })
    return {
      contestant: {
        name: this.describe(setting),
        sample: async runs =>
          positiveIn(peer, await peer.ask(JSON.stringify({ op: 'sample', id, runs })), 'micros') / 1000,
      },
      value: valueIn(reply),
    }
  }

  /** The setting's process, started if needed. One that has failed too often is returned as it is. */
  #process(setting: Setting): Peer {
    const key = this.processKey(setting)
    const known = this.#processes.get(key)
    if (known !== undefined && (known.peer.failure === null || known.starts === mostStarts)) return known.peer
    const peer = this.start(setting)
    this.#processes.set(key, { peer, starts: (known?.starts ?? 0) + 1 })
    return peer
  }

  /** Runs the action; notes a peer's failure instead of throwing. */
  async #try(setting: Setting, action: () => Promise<void>): Promise<void> {
    try {
      await action()
    } catch (error) {
      if (!(error instanceof PeerError)) throw error
      this.note(this.describe(setting), error)
    }
  }
}

function valueIn({ value }: Reply): number | null {
  return typeof value === 'number' ? value : null
}
