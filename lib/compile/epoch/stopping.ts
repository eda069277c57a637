// An AbortSignal as an epoch looks at it: between batches, from another thread, and while it waits for data.

export class Stopping {
  /** [1] once the signal is aborted, read from another thread. */
  readonly flag = new Int32Array(new SharedArrayBuffer(4))
  readonly #signal: AbortSignal | undefined
  #reject: ((reason: unknown) => void) | undefined

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
    signal?.addEventListener('abort', this.#stop)
  }

  readonly #stop = (): void => {
    Atomics.store(this.flag, 0, 1)
    this.#reject?.(this.#signal?.reason)
  }

  /** @throws the signal's reason once it is aborted. */
  check(): void {
    this.#signal?.throwIfAborted()
  }

  /** What `pending` gives, unless the signal is aborted meanwhile: then it rejects with the reason. */
  whileWaiting<T>(pending: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject
      pending.then(resolve, reject)
    })
  }

  /** No longer listens. */
  end(): void {
    this.#signal?.removeEventListener('abort', this.#stop)
  }
}
