// The PyTorch peer: its settings, with one process per thread counts, which are fixed at start. The program is
// bench/peers/pytorch.py.

import { type Peer, positiveIn } from './peer.js'
import { TimedPeer } from './timed-peer.js'

/** A task, in pytorch.py's format. */
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

/** A configuration of PyTorch. */
export interface Setting {
  readonly torchThreads: number
  readonly blasThreads: number
  /** The optimizer's mode: loop, foreach or fused. */
  readonly mode?: string
  readonly compile?: true
}

export interface AboutPyTorch {
  readonly version: string
  readonly python: string
  readonly blas: string
  /** The CPU whose kernels its BLAS selected. */
  readonly core: string
  readonly optimizers: readonly string[]
  /** Whether torch.compile exists. */
  readonly compile: boolean
}

export const describeSetting = ({ torchThreads, blasThreads, mode, compile }: Setting): string =>
  [`torch ${torchThreads}`, `blas ${blasThreads}`, ...(mode ? [mode] : []), ...(compile ? ['compile'] : [])].join(', ')

const once = <T>(values: readonly T[]): T[] => [...new Set(values)]

/** The settings to try for a task: PyTorch's threads × its BLAS's threads × modes, where they affect the task. */
export function settingsFor(task: Task, cores: number, modes: readonly string[]): Setting[] {
  const counts = once([1, cores])
  if (task.kind === 'dispatch') return [{ torchThreads: 1, blasThreads: 1 }]
  if (task.kind === 'function') return counts.map(torchThreads => ({ torchThreads, blasThreads: 1 }))
  return counts.flatMap(torchThreads =>
    counts.flatMap(blasThreads => modes.map(mode => ({ torchThreads, blasThreads, mode }))),
  )
}

/** Settings that go from the trials into the race. */
const finalistCount = 2

export class PyTorch extends TimedPeer<Setting> {
  readonly about: AboutPyTorch
  protected readonly name = 'PyTorch'
  protected readonly finalistCount = finalistCount
  readonly #start: (torchThreads: number, blasThreads: number) => Peer
  readonly #cores: number

  constructor(about: AboutPyTorch, cores: number, start: (torchThreads: number, blasThreads: number) => Peer) {
    super()
    this.about = about
    this.#cores = cores
    this.#start = start
  }

  /**
   * Resident bytes of a fresh process: before anything is allocated, and the peak while a task's steps run.
   * @throws PeerError
   */
  async peak(task: Task, file: string, steps: number): Promise<{ idle: number; peak: number }> {
    const peer = this.#start(this.#cores, this.#cores)
    try {
      const [setting] = this.settingsFor(task)
      const { mode } = setting
      const reply = await peer.ask(JSON.stringify({ op: 'peak', task, file, mode, steps }))
      return { idle: positiveIn(peer, reply, 'idle'), peak: positiveIn(peer, reply, 'peak') }
    } finally {
      peer.close()
    }
  }

  protected settingsFor(task: Task): Setting[] {
    return settingsFor(task, this.#cores, this.about.optimizers)
  }

  /** torch.compile, if it exists. */
  protected further(best: Setting, task: Task): Setting | null {
    return this.about.compile && task.kind !== 'dispatch' ? { ...best, compile: true } : null
  }

  protected describe(setting: Setting): string {
    return describeSetting(setting)
  }

  protected processKey({ torchThreads, blasThreads }: Setting): string {
    return `${torchThreads} ${blasThreads}`
  }

  protected start({ torchThreads, blasThreads }: Setting): Peer {
    return this.#start(torchThreads, blasThreads)
  }

  protected options({ mode, compile }: Setting): object {
    return { mode, compile }
  }
}
