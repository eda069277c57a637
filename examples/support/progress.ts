// What a person sees during the training: a bar on a terminal, and a line per epoch, the only thing elsewhere.

import { SingleBar } from 'cli-progress'
import { wholeNumber } from './numbers.js'

export class Progress {
  readonly #epochs: number
  readonly #samples: number
  readonly #unit: string
  readonly #bar: SingleBar | undefined
  #epoch = 0
  #finished = 0
  #done = 0
  #loss = 0
  #started = 0
  #elapsed = 0

  /**
   * @param samples how many an epoch goes through.
   * @param unit what they are: `digits`.
   */
  constructor(epochs: number, samples: number, unit: string) {
    this.#epochs = epochs
    this.#samples = samples
    this.#unit = unit
    if (!process.stdout.isTTY) return
    const format = `epoch {epoch}  {bar} {percentage}%  {speed} ${unit}/s  loss {loss}`
    this.#bar = new SingleBar({ format, stream: process.stdout, clearOnComplete: true, hideCursor: true, barsize: 30 })
  }

  begin(epoch: number): void {
    this.#epoch = epoch
    this.#started = performance.now()
    this.#bar?.start(this.#samples, 0, { epoch: this.#name, speed: '–', loss: '–' })
  }

  /** So many samples of the epoch are done, with a mean loss. */
  update(samples: number, loss: number): void {
    this.#done = samples
    this.#loss = loss
    this.#elapsed = performance.now() - this.#started
    this.#bar?.update(samples, { speed: this.#speed, loss: loss.toFixed(3) })
  }

  /** The epoch is over and its model saved; `score` is what its test said: `test accuracy 97.3%`. */
  end(score: string): void {
    this.#finished = this.#epoch
    this.stop()
    console.log(`epoch ${this.#name}  loss ${this.#loss.toFixed(3)}  ${score}  ${this.#speed} ${this.#unit}/s`)
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
