// What a person sees during the training: a bar on a terminal, and a line per epoch, the only thing elsewhere.

import { SingleBar } from 'cli-progress'

export class Progress {
  readonly #epochs: number
  readonly #digits: number
  readonly #bar: SingleBar | undefined
  #epoch = 0
  #finished = 0
  #done = 0
  #loss = 0
  #started = 0
  #elapsed = 0

  constructor(epochs: number, digits: number) {
    this.#epochs = epochs
    this.#digits = digits
    if (!process.stdout.isTTY) return
    const format = 'epoch {epoch}  {bar} {percentage}%  {speed} digits/s  loss {loss}'
    this.#bar = new SingleBar({ format, stream: process.stdout, clearOnComplete: true, hideCursor: true, barsize: 30 })
  }

  begin(epoch: number): void {
    this.#epoch = epoch
    this.#started = performance.now()
    this.#bar?.start(this.#digits, 0, { epoch: this.#name, speed: '–', loss: '–' })
  }

  /** So many digits of the epoch are done, with a mean loss. */
  update(digits: number, loss: number): void {
    this.#done = digits
    this.#loss = loss
    this.#elapsed = performance.now() - this.#started
    this.#bar?.update(digits, { speed: this.#speed, loss: loss.toFixed(3) })
  }

  end(accuracy: number): void {
    this.#finished = this.#epoch
    this.stop()
    const loss = this.#loss.toFixed(3)
    console.log(`epoch ${this.#name}  loss ${loss}  test accuracy ${percent(accuracy)}  ${this.#speed} digits/s`)
  }

  /** How many epochs are done, and their model saved. */
  get finished(): number {
    return this.#finished
  }

  /** Takes the bar away and gives the terminal its cursor back. */
  stop(): void {
    this.#bar?.stop()
  }

  /** The epoch's number as it is shown: `2/6`. */
  get #name(): string {
    return `${this.#epoch}/${this.#epochs}`
  }

  get #speed(): string {
    return wholeNumber((1000 * this.#done) / this.#elapsed)
  }
}

export const wholeNumber = (value: number): string => Math.round(value).toLocaleString('en')

export const percent = (share: number): string => `${(100 * share).toFixed(1)}%`
