// PyTorch as a peer: one process for each setting that binds when it starts. For each task all settings are tried, and the
// best go into the race. The other side is bench/peers/pytorch.py.

import { type Peer, PeerError, positiveIn, type Reply } from './peer.js'
import { type Figure, type Plan, race, type SelfTimed } from './timing.js'

/** What PyTorch is to do, as pytorch.py takes it. */
export type Task =
  | {
      readonly kind: 'mlp'
      readonly layers: readonly number[]
      readonly optimizer: string
      readonly lr: number
      readonly batches: number
    }
  | {
      readonly kind: 'recsys'
      readonly rows: readonly number[]
      readonly width: number
      readonly hidden: number
      readonly lr: number
      readonly batches: number
    }
  | {
      readonly kind: 'cnn'
      readonly size: number
      readonly channels: readonly number[]
      readonly optimizer: string
      readonly lr: number
      readonly batches: number
    }
  | {
      readonly kind: 'charGpt'
      readonly layers: number
      readonly width: number
      readonly heads: number
      readonly context: number
      readonly vocabulary: number
      readonly optimizer: string
      readonly lr: number
      readonly batches: number
    }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'dispatch'; readonly requiresGrad: boolean; readonly backward: boolean }

/** How PyTorch is run. */
export interface Setting {
  readonly torchThreads: number
  readonly blasThreads: number
  /** How the optimizer goes through the parameters. */
  readonly mode?: string
  readonly compile?: true
}

export interface AboutPyTorch {
  readonly version: string
  readonly python: string
  readonly blas: string
  /** The processor that its BLAS chose its kernels for. */
  readonly core: string
  readonly optimizers: readonly string[]
  /** Whether there is torch.compile. */
  readonly compile: boolean
}

/** A setting that is ready to be timed. */
export interface Finalist {
  readonly name: string
  readonly setting: Setting
  readonly contestant: SelfTimed
  /** What both sides must agree on, after the steps that were asked for. */
  readonly value: number
}

export const describeSetting = ({ torchThreads, blasThreads, mode, compile }: Setting): string =>
  [`torch ${torchThreads}`, `blas ${blasThreads}`, ...(mode ? [mode] : []), ...(compile ? ['compile'] : [])].join(', ')

const once = <T>(values: readonly T[]): T[] => [...new Set(values)]

/** The settings to try for a task: threads of PyTorch by threads of its BLAS by modes, as far as they matter to it. */
export function settingsFor(task: Task, cores: number, modes: readonly string[]): Setting[] {
  const counts = once([1, cores])
  if (task.kind === 'dispatch') return [{ torchThreads: 1, blasThreads: 1 }]
  if (task.kind === 'function') return counts.map(torchThreads => ({ torchThreads, blasThreads: 1 }))
  return counts.flatMap(torchThreads =>
    counts.flatMap(blasThreads => modes.map(mode => ({ torchThreads, blasThreads, mode }))),
  )
}

/** How often a process is started again that failed. */
const mostStarts = 2
/** How many of the settings go from the trials into the race. */
const finalistCount = 2

export class PyTorch {
  readonly about: AboutPyTorch
  /** What did not work, once each. */
  readonly notes = new Set<string>()
  readonly #start: (torchThreads: number, blasThreads: number) => Peer
  readonly #cores: number
  readonly #processes = new Map<string, { readonly peer: Peer; readonly starts: number }>()
  #prepared: { readonly peer: Peer; readonly id: number }[] = []
  #nextId = 1

  constructor(about: AboutPyTorch, cores: number, start: (torchThreads: number, blasThreads: number) => Peer) {
    this.about = about
    this.#cores = cores
    this.#start = start
  }

  /**
   * The best settings for a task, ready to be timed; none where none works, and the notes then say why.
   * @param file the task's tensors, safetensors.
   * @param trial how long each setting is tried; null: only the first, without a trial.
   * @param steps how many runs each finalist has behind it when its value is taken.
   */
  async finalists(task: Task, file: string, trial: Plan | null, steps: number): Promise<Finalist[]> {
    const settings = settingsFor(task, this.#cores, this.about.optimizers)
    const chosen = trial === null ? settings.slice(0, 1) : await this.#best(settings, task, file, trial)
    const finalists: Finalist[] = []
    for (const setting of chosen) {
      await this.#try(setting, async () => {
        const { contestant, value } = await this.#prepare(setting, task, file, steps)
        if (value === null) throw new PeerError(`expected a value after ${steps} steps, got none`)
        finalists.push({ name: contestant.name, setting, contestant, value })
      })
    }
    return finalists
  }

  /** Notes why one was lost. */
  note(setting: string, error: PeerError): void {
    this.notes.add(`PyTorch (${setting}) left out: ${error.message}`)
  }

  /** Forgets what is ready. */
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

  /** The settings with the smallest medians; torch.compile, where it is, on the best of the others. */
  async #best(settings: readonly Setting[], task: Task, file: string, plan: Plan): Promise<Setting[]> {
    const tried: { setting: Setting; figure: Figure }[] = []
    const attempt = async (setting: Setting): Promise<void> => {
      const figure = await this.#trial(setting, task, file, plan)
      if (figure !== null) tried.push({ setting, figure })
      tried.sort((a, b) => a.figure.median - b.figure.median)
    }
    for (const setting of settings) await attempt(setting)
    if (this.about.compile && task.kind !== 'dispatch' && tried.length > 0) {
      await attempt({ ...tried[0].setting, compile: true })
    }
    return tried.slice(0, finalistCount).map(({ setting }) => setting)
  }

  async #trial(setting: Setting, task: Task, file: string, plan: Plan): Promise<Figure | null> {
    let figure: Figure | null = null
    await this.#try(setting, async () => {
      const { contestant } = await this.#prepare(setting, task, file, 0)
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
  ): Promise<{ contestant: SelfTimed; value: number | null }> {
    const peer = this.#process(setting)
    const id = this.#nextId++
    const { mode, compile } = setting
    const reply = await peer.ask(JSON.stringify({ op: 'prepare', id, task, file, mode, compile, steps }))
    this.#prepared.push({ peer, id })
    return {
      contestant: {
        name: describeSetting(setting),
        sample: async runs =>
          positiveIn(peer, await peer.ask(JSON.stringify({ op: 'sample', id, runs })), 'micros') / 1000,
      },
      value: valueIn(reply),
    }
  }

  /** Its process, started where it is not running. @throws PeerError where it has failed too often. */
  #process({ torchThreads, blasThreads }: Setting): Peer {
    const key = `${torchThreads} ${blasThreads}`
    const known = this.#processes.get(key)
    if (known !== undefined && (known.peer.failure === null || known.starts === mostStarts)) return known.peer
    const peer = this.#start(torchThreads, blasThreads)
    this.#processes.set(key, { peer, starts: (known?.starts ?? 0) + 1 })
    return peer
  }

  /** Notes a peer's failure and goes on. */
  async #try(setting: Setting, action: () => Promise<void>): Promise<void> {
    try {
      await action()
    } catch (error) {
      if (!(error instanceof PeerError)) throw error
      this.note(describeSetting(setting), error)
    }
  }
}

function valueIn({ value }: Reply): number | null {
  return typeof value === 'number' ? value : null
}
