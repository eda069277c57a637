// A process that is timed beside us: a line asks, a line of JSON answers. Between answers it is stopped, so that its idle
// threads, which look out for work for a tenth of a second, do not disturb who is timed next.

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** Why a peer gave no answer: said by it, or found out about it. */
export class PeerError extends Error {}

export type Reply = Readonly<Record<string, unknown>>

export interface PeerOptions {
  /** Set in its environment, beside our own. */
  readonly env?: Readonly<Record<string, string>>
  /** How long an answer may take, in ms; two minutes by default. */
  readonly limitMs?: number
}

const canStop = process.platform !== 'win32'

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Where it did not start, died, was too slow or answered what is no answer, it has failed for good. */
export class Peer {
  readonly name: string
  /** Why it is not to be asked any more; null while it is. */
  failure: PeerError | null = null
  readonly #child: ChildProcess
  readonly #limitMs: number
  #answer: ((line: string) => void) | null = null
  #fail: ((error: PeerError) => void) | null = null
  /** The end of what it wrote where errors go. */
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

  /** Asks, and gives the answer. @throws PeerError if it has failed, fails now, or answers that it cannot. */
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

/** A positive number of an answer. @throws PeerError if it is none. */
export function positiveIn(peer: Peer, reply: Reply, key: string): number {
  const value = reply[key]
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value
  throw new PeerError(`${peer.name}: expected a positive number for ${key}, got ${JSON.stringify(value)}`)
}
