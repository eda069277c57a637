// A peer process: one line asks, one line of JSON answers. It is stopped between answers, since its idle threads spin for
// 100 ms and would disturb the next contestant.

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A peer's failure, reported by it or detected. */
export class PeerError extends Error {}

export type Reply = Readonly<Record<string, unknown>>

export interface PeerOptions {
  /** Added to our environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Timeout of an answer, in ms; two minutes by default. */
  readonly limitMs?: number
}

const canStop = process.platform !== 'win32'

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A peer that did not start, died, timed out or answered garbage has failed permanently. */
export class Peer {
  readonly name: string
  /** The permanent failure; null while it works. */
  failure: PeerError | null = null
  readonly #child: ChildProcess
  readonly #limitMs: number
  #answer: ((line: string) => void) | null = null
  #fail: ((error: PeerError) => void) | null = null
  /** The tail of its stderr. */
  #errors = ''

  constructor(name: string, command: string, args: readonly string[], { env, limitMs = 120_000 }: PeerOptions = {}) {
    this.name = name
    this.#limitMs = limitMs
    this.#child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
    running.add(this.#child)
    const { stdin, stdout, stderr } = this.#child
    if (stdin === null || stdout === null || stderr === null) throw new Error(`${name}: expected pipes, got none`)
    createInterface({ input: stdout }).on('line', line => this.#answer?.(line))
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-2000)
    })
    stdin.on('error', () => {})
    this.#child.on('error', error => this.#end(`could not be started: ${error.message}`))
    this.#child.on('close', (code, signal) => {
      running.delete(this.#child)
      const last = this.#errors.trim().split('\n').at(-1)
      this.#end(`ended (${signal ?? `code ${code}`})${last ? `: ${last}` : ''}`)
    })
  }

  /** Asks and returns the answer. @throws PeerError if the peer has failed, fails now or answers with an error. */
  async ask(line: string): Promise<Reply> {
    if (this.failure !== null) throw this.failure
    if (this.#answer !== null) throw new Error(`${this.name}: expected one question at a time`)
    const answered = new Promise<string>((resolve, reject) => {
      this.#answer = resolve
      this.#fail = reject
    })
    const timer = setTimeout(() => this.#end(`gave no answer in ${this.#limitMs / 1000} s`), this.#limitMs)
    try {
      if (canStop) this.#child.kill('SIGCONT')
      this.#child.stdin?.write(`${line}\n`)
      const reply = this.#read(await answered)
      if (canStop) this.#child.kill('SIGSTOP')
      return reply
    } finally {
      clearTimeout(timer)
      this.#answer = null
      this.#fail = null
    }
  }

  /** Ends it. */
  close(): void {
    this.#end('was closed')
  }

  #read(line: string): Reply {
    let reply: unknown
    try {
      reply = JSON.parse(line)
    } catch {}
    if (typeof reply !== 'object' || reply === null) {
      throw this.#end(`expected a line of JSON, got ${JSON.stringify(line.slice(0, 80))}`)
    }
    if ('error' in reply) throw new PeerError(`${this.name}: ${reply.error}`)
    return reply as Reply
  }

  #end(why: string): PeerError {
    this.failure ??= new PeerError(`${this.name}: ${why}`)
    this.#child.kill('SIGKILL')
    this.#fail?.(this.failure)
    return this.failure
  }
}

/** A positive number from an answer. @throws PeerError otherwise. */
export function positiveIn(peer: Peer, reply: Reply, key: string): number {
  const value = reply[key]
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value
  throw new PeerError(`${peer.name}: expected a positive number for ${key}, got ${JSON.stringify(value)}`)
}
