// The peers of a run: each looked for when it is first wanted, and where it is missing one line says how to install it.

import { availableParallelism } from 'node:os'
import { findPyTorch } from './find-pytorch.js'
import type { PyTorch } from './pytorch.js'
import { findScriptPeer, type ScriptPeer, scriptPeerNames } from './script-peer.js'
import { Sgemm } from './sgemm.js'

/** What is said of the peers in the figures: what each is, or why it is missing. */
export type AboutPeers = Readonly<Record<string, object | string>>

export class Peers {
  #pytorch: Promise<PyTorch | string> | undefined
  #sgemm: Promise<Sgemm | string> | undefined
  #scripts: Promise<readonly (ScriptPeer | string)[]> | undefined

  /** PyTorch; null where it is missing. */
  pytorch(): Promise<PyTorch | null> {
    this.#pytorch ??= said(findPyTorch(availableParallelism()))
    return found(this.#pytorch)
  }

  /** The other libraries in JavaScript that are here. */
  async scripts(): Promise<readonly ScriptPeer[]> {
    this.#scripts ??= Promise.all(scriptPeerNames.map(name => said(findScriptPeer(name))))
    return (await this.#scripts).filter(peer => typeof peer === 'object')
  }

  /** OpenBLAS called from C; null where it cannot be. */
  sgemm(): Promise<Sgemm | null> {
    this.#sgemm ??= said(Sgemm.open())
    return found(this.#sgemm)
  }

  /** What two threads of sgemm are worth now; null where that cannot be tried, or there is one core to begin with. */
  async scaling(): Promise<number | null> {
    if (availableParallelism() === 1) return null
    return (await this.sgemm())?.scaling() ?? null
  }

  /** Those that were wanted. */
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

  /** What did not work on the way. */
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
async function said<T>(peer: Promise<T | string>): Promise<T | string> {
  const result = await peer
  if (typeof result === 'string') console.log(`\n${result}`)
  return result
}
