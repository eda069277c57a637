// OpenBLAS called from C as a peer: bench/peers/sgemm.c, built with the system's compiler where the build is missing or
// older than its source. It also says what two threads are worth on this machine, now.

import { spawnSync } from 'node:child_process'
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { SelfTimed } from '../support/timing.js'
import { Peer, PeerError, positiveIn } from './peer.js'
import { peerBuild, peerSource } from './peer-files.js'

/** op(a) [m, k] · op(b) [k, n]. */
export interface Product {
  readonly m: number
  readonly k: number
  readonly n: number
  readonly transposeA: boolean
  readonly transposeB: boolean
}

/** n, and the calls that one thread makes, for the probe: 20 ms in all, since a host changes its mind that quickly. */
const probed = { n: 384, runs: 6 }

const howTo = 'cblas_sgemm cannot be called from C to compare with: apt-get install gcc libopenblas-dev'

const changed = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0

/** Builds the program where it is stale. Returns what the compiler said where it failed. */
function build(source: string, program: string): string | null {
  if (changed(program) >= changed(source)) return null
  mkdirSync(dirname(program), { recursive: true })
  const flags = (process.env.LDFLAGS ?? '').split(/\s+/).filter(flag => flag !== '')
  const { status, error, stderr } = spawnSync(
    'cc',
    ['-O2', ...flags, source, '-o', program, '-lopenblas', '-lpthread'],
    { encoding: 'utf8' },
  )
  return status === 0 ? null : (error?.message ?? stderr.trim().split('\n').at(-1) ?? '')
}

export class Sgemm {
  readonly blas: string
  readonly core: string
  readonly #peer: Peer
  /** A process whose BLAS has no threads of its own, which would get in the way of the two that are timed. */
  readonly #probe: Peer

  private constructor(peer: Peer, probe: Peer, blas: string, core: string) {
    this.#peer = peer
    this.#probe = probe
    this.blas = blas
    this.core = core
  }

  /** The program, ready to be asked, or one line that says what is missing. */
  static async open(): Promise<Sgemm | string> {
    const program = peerBuild('sgemm')
    const failed = build(peerSource('sgemm.c'), program)
    if (failed !== null) return `${howTo} (${failed})`
    const peer = new Peer('sgemm', program, [])
    const probe = new Peer('sgemm', program, [], { env: { OPENBLAS_NUM_THREADS: '1' } })
    try {
      const { blas, core } = await peer.ask('hello')
      await probe.ask('hello')
      return new Sgemm(peer, probe, String(blas), String(core))
    } catch (error) {
      if (!(error instanceof PeerError)) throw error
      peer.close()
      probe.close()
      return `${howTo} (${error.message})`
    }
  }

  /** Calls of `cblas_sgemm` on that many of its own threads. */
  contestant<Name extends string>(name: Name, product: Product, threads: number): SelfTimed<Name> {
    const { m, k, n, transposeA, transposeB } = product
    const words = ['sgemm', Number(transposeA), Number(transposeB), m, n, k, threads]
    return {
      name,
      sample: async runs => positiveIn(this.#peer, await this.#peer.ask([...words, runs].join(' ')), 'micros') / 1000,
    }
  }

  /** How many times one thread's sgemm two threads do at once; null where the program has failed. */
  async scaling(): Promise<number | null> {
    try {
      const reply = await this.#probe.ask(`scaling ${probed.n} ${probed.runs}`)
      return (2 * positiveIn(this.#probe, reply, 'one')) / positiveIn(this.#probe, reply, 'two')
    } catch (error) {
      if (error instanceof PeerError) return null
      throw error
    }
  }

  close(): void {
    this.#peer.close()
    this.#probe.close()
  }
}
