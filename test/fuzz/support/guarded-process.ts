// A process that works on memory between inaccessible pages (test/fuzz/guard/), and what it died of.

import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const guard = join(import.meta.dirname, '../guard')
const root = join(guard, '../../..')

/** Where there are pages to protect, and the addon. */
export const canGuard = process.platform !== 'win32' && process.env.BLASGRAD_BACKEND !== 'reference'

export type Answer<T> =
  | { readonly answer: T }
  /** What it said it would do next, and how it ended. */
  | { readonly next: string; readonly end: string }

/** A process that says nothing for so long hangs; what it does next takes milliseconds. */
const hangs = 300_000

export class GuardedProcess {
  readonly #script: string
  readonly #slots: number
  readonly #slotBytes: number
  readonly #helper: string
  #child: ChildProcess | undefined
  #said = ''

  /** For `slots` arrays of `slotBytes` at most. */
  constructor(script: string, slots: number, slotBytes: number) {
    this.#script = script
    this.#slots = slots
    this.#slotBytes = slotBytes
    this.#helper = join(root, `build/guarded-${script.replace('.mjs', '')}.node`)
  }

  /** Compiles the addon that protects pages. */
  compile(): void {
    const headers = dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json'))
    const dynamic = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []
    const args = ['-shared', '-fPIC', '-O', ...dynamic, '-I', join(headers, 'include'), '-o', this.#helper]
    execFileSync(process.env.CC ?? 'cc', [...args, join(guard, 'guarded.c')])
  }

  ask<T>(message: unknown): Promise<Answer<T>> {
    this.#child ??= this.#start()
    const child = this.#child
    return new Promise((resolve, reject) => {
      let before = ''
      const watch = setInterval(() => {
        if (this.#said === before) child.kill('SIGKILL')
        before = this.#said
      }, hangs)
      const settle = (end: () => void): void => {
        clearInterval(watch)
        child.removeAllListeners()
        end()
      }
      child.on('error', error => settle(() => reject(error)))
      child.on('message', answer => settle(() => resolve({ answer: answer as T })))
      // After its output has been read.
      child.on('close', (code, signal) => {
        this.#child = undefined
        const lines = this.#said.trim().split('\n')
        const last = lines.findLastIndex(line => line.startsWith('next: '))
        const next = lines[last]?.slice('next: '.length) ?? ''
        const end = [signal ?? `exit code ${code}`, ...lines.slice(last + 1)].join('\n')
        settle(() => resolve({ next, end }))
      })
      this.#said = ''
      child.send(message as object)
    })
  }

  stop(): void {
    this.#child?.kill('SIGKILL')
  }

  #start(): ChildProcess {
    const { ASAN_OPTIONS, TSAN_OPTIONS } = process.env
    // A sanitizer leaves what such a page does to the process.
    const [asan, tsan] = [ASAN_OPTIONS, TSAN_OPTIONS].map(options => `${options ?? ''}:handle_segv=0:handle_sigbus=0`)
    const env = { ...process.env, ASAN_OPTIONS: asan, TSAN_OPTIONS: tsan }
    const args = [this.#helper, `${this.#slots}`, `${this.#slotBytes}`]
    const child = fork(join(guard, this.#script), args, { env, serialization: 'advanced', silent: true })
    child.stderr?.setEncoding('utf8').on('data', text => {
      this.#said = (this.#said + text).slice(-100_000)
    })
    child.stdout?.resume()
    return child
  }
}
