// The process that calls kernels on memory between inaccessible pages (test/fuzz/guard/), and what it died of.

import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const guard = join(import.meta.dirname, '../guard')
const root = join(guard, '../../..')
const helper = join(root, 'build/guarded.node')

/** What an array of a call may have at most. */
export const slotBytes = 1 << 20
/** How many arrays a call may have. */
const slots = 24

/** Where there are pages to protect, and the addon. */
export const canGuard = process.platform !== 'win32' && process.env.BLASGRAD_BACKEND !== 'reference'

export interface GuardedCall {
  readonly kernel: string
  readonly label: string
  readonly args: readonly unknown[]
}

export class GuardedProcess {
  #child: ChildProcess | undefined
  #said = ''

  /** Compiles the addon that protects pages. */
  compile(): void {
    const headers = dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json'))
    const dynamic = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []
    const args = ['-shared', '-fPIC', '-O', ...dynamic, '-I', join(headers, 'include'), '-o', helper]
    execFileSync(process.env.CC ?? 'cc', [...args, join(guard, 'guarded.c')])
  }

  /** Makes the calls; the one that ended the process, in words, or undefined. */
  run(calls: readonly GuardedCall[]): Promise<string | undefined> {
    this.#child ??= this.#start()
    const child = this.#child
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        child.removeAllListeners()
        end()
      }
      child.on('error', error => settle(() => reject(error)))
      child.on('message', () => settle(() => resolve(undefined)))
      // After its output has been read.
      child.on('close', (code, signal) => {
        this.#child = undefined
        const lines = this.#said.trim().split('\n')
        const last = lines.findLastIndex(line => line.endsWith('at an inaccessible page'))
        settle(() => resolve([lines[last], signal ?? `exit code ${code}`, ...lines.slice(last + 1)].join('\n')))
      })
      this.#said = ''
      child.send(calls)
    })
  }

  end(): void {
    this.#child?.kill()
  }

  #start(): ChildProcess {
    const args = [helper, `${slots}`, `${slotBytes}`]
    const { ASAN_OPTIONS, TSAN_OPTIONS } = process.env
    // A sanitizer leaves what such a page does to the process.
    const [asan, tsan] = [ASAN_OPTIONS, TSAN_OPTIONS].map(options => `${options ?? ''}:handle_segv=0:handle_sigbus=0`)
    const env = { ...process.env, ASAN_OPTIONS: asan, TSAN_OPTIONS: tsan }
    const child = fork(join(guard, 'child.mjs'), args, { env, serialization: 'advanced', silent: true })
    child.stderr?.setEncoding('utf8').on('data', text => {
      this.#said += text
    })
    return child
  }
}
