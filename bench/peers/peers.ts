// The peers of a run, each found on first use. A missing peer prints its install command.

import { availableParallelism } from 'node:os'
import { findPyTorch } from './find-pytorch.js'
import type { PyTorch } from './pytorch.js'
import { findScriptPeer, type ScriptPeer, scriptPeerNames } from './script-peer.js'
import { Sgemm } from './sgemm.js'

/** The report's entry for each peer: a description, or the reason why it is missing. */
export type AboutPeers = Readonly<Record<string, object | string>>

export class Peers {
  #pytorch: Promise<PyTorch | string> | undefined
  #sgemm: Promise<Sgemm | string> | undefined
  #scripts: Promise<readonly (ScriptPeer | string)[]> | undefined

  /** PyTorch; null: not installed. */
  pytorch(): Promise<PyTorch | null> {
    this.#pytorch ??= reported(findPyTorch(availableParallelism()))
    return found(this.#pytorch)
  }

  /** The other JavaScript libraries that are installed. */
  async scripts(): Promise<readonly ScriptPeer[]> {
    this.#scripts ??= Promise.all(scriptPeerNames.map(name => reported(findScriptPeer(name))))
    return (await this.#scripts).filter(peer => typeof peer === 'object')
  }

  /** OpenBLAS called from C; null: not available. */
  sgemm(): Promise<Sgemm | null> {
    this.#sgemm ??= reported(Sgemm.open())
    return found(this.#sgemm)
  }

  /** The current speed-up of two threads of sgemm over one; null without sgemm or on one core. */
  async scaling(): Promise<number | null> {
    if (availableParallelism() === 1) return null
    return (await this.sgemm())?.scaling() ?? null
  }

  /** The peers that were used. */
  async about(): Promise<AboutPeers> {
    const [pytorch, sgemm] = [await this.#pytorch, await this.#sgemm]
    return {
      ...(pytorch === undefined ? {} : { pytorch: typeof pytorch === 'string' ? pytorch : pytorch.about }),
      ...(sgemm === undefined
        ? {}
        : { sgemm: typeof sgemm === 'string' ? sgemm : { blas: sgemm.blas, core: sgemm.core } }),
      ...Object.fromEntries(
        ((await this.#scripts) ?? []).map((peer, i) => [
          scriptPeerNames[i],
          typeof peer === 'string' ? peer : peer.about,
        ]),
      ),
    }
  }

  /** What failed during the run. */
  async notes(): Promise<readonly string[]> {
    const all = [await this.#pytorch, ...((await this.#scripts) ?? [])]
    return all.flatMap(peer => (typeof peer === 'object' ? [...peer.notes] : []))
  }

  async close(): Promise<void> {
    for (const peer of [await this.#pytorch, await this.#sgemm, ...((await this.#scripts) ?? [])])
      if (typeof peer === 'object') peer.close()
  }
}

const found = async <T extends object>(peer: Promise<T | string>): Promise<T | null> => {
  const result = await peer
  return typeof result === 'string' ? null : result
}

/** Prints why a peer is missing. */
async function reported<T>(peer: Promise<T | string>): Promise<T | string> {
  const result = await peer
  if (typeof result === 'string') console.log(`\n${result}`)
  return result
}
