// Finds a Python with PyTorch, or returns how to install it.

import { Peer, PeerError, type Reply } from './peer.js'
import { peerSource } from './peer-files.js'
import { type AboutPyTorch, PyTorch } from './pytorch.js'

const howTo =
  'PyTorch is not installed: apt-get install python3-torch, or pip install torch ' +
  '(BLASGRAD_BENCH_PYTHON names another Python)'

/** Candidate Pythons. */
function pythons(): readonly string[] {
  const named = process.env.BLASGRAD_BENCH_PYTHON
  return named ? [named] : ['python3', '/usr/bin/python3', 'python']
}

const text = (value: unknown): string => (typeof value === 'string' ? value : 'unknown')

const readAbout = (reply: Reply): AboutPyTorch => ({
  version: text(reply.version),
  python: text(reply.python),
  blas: text(reply.blas),
  core: text(reply.core),
  optimizers: Array.isArray(reply.optimizers) ? reply.optimizers.map(text) : ['loop'],
  compile: reply.compile === true,
})

/** PyTorch, or one line with the command that installs it. */
export async function findPyTorch(cores: number): Promise<PyTorch | string> {
  const script = peerSource('pytorch.py')
  for (const python of pythons()) {
    // OpenMP's and the BLAS's thread counts are fixed when a process starts.
    const start = (torchThreads: number, blasThreads: number): Peer =>
      new Peer('PyTorch', python, [script, String(torchThreads)], {
        env: {
          OMP_NUM_THREADS: String(torchThreads),
          OPENBLAS_NUM_THREADS: String(blasThreads),
          MKL_NUM_THREADS: String(blasThreads),
        },
      })
    const first = start(1, 1)
    try {
      return new PyTorch(readAbout(await first.ask('{"op": "hello"}')), cores, start)
    } catch (error) {
      if (!(error instanceof PeerError)) throw error
    } finally {
      first.close()
    }
  }
  return howTo
}
