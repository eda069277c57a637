// The sgemm peer: OpenBLAS called from C (bench/peers/sgemm.c), compiled when stale. It also probes the current speed-up
// of two threads over one.

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

/** The probe's n and calls per thread: 20 ms in all, since throttling changes that quickly. */
const probed = { n: 384, runs: 6 }

const howTo = 'cblas_sgemm is not available from C: apt-get install gcc libopenblas-dev'

const changed = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0

/** Compiles the program if it is stale. Returns the compiler's last message if that failed. */
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
  /** A process whose BLAS is single-threaded, so that its own threads do not disturb the two that are timed. */
  readonly #probe: Peer

  private constructor(peer: Peer, probe: Peer, blas: string, core: string) {
    this.#peer = peer
    this.#probe = probe
    this.blas = blas
    this.core = core
  }

  /** The running program, or one line that says what is missing. */
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

  /** Calls of `cblas_sgemm` on that many BLAS threads. */
  contestant<Name extends string>(name: Name, product: Product, threads: number): SelfTimed<Name> {
    const { m, k, n, transposeA, transposeB } = product
    const words = ['sgemm', Number(transposeA), Number(transposeB), m, n, k, threads]
    return {
      name,
      sample: async runs => positiveIn(this.#peer, await this.#peer.ask([...words, runs].join(' ')), 'micros') / 1000,
    }
  }

  /** The speed-up of two threads of sgemm over one; null if the program has failed. */
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
