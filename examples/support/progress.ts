// Shows the progress of training: a bar on terminals, and a line per epoch everywhere.

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
   * @param samples samples per epoch.
   * @param unit their plural noun: `digits`.
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

  /** Reports the epoch's samples so far and their mean loss. */
  update(samples: number, loss: number): void {
    this.#done = samples
    this.#loss = loss
    this.#elapsed = performance.now() - this.#started
    this.#bar?.update(samples, { speed: this.#speed, loss: loss.toFixed(3) })
  }

  /** Ends an epoch whose model is saved; `score` describes its test: `test accuracy 97.3%`. */
  end(score: string): void {
    this.#finished = this.#epoch
    this.stop()
    console.log(`epoch ${this.#name}  loss ${this.#loss.toFixed(3)}  ${score}  ${this.#speed} ${this.#unit}/s`)
  }

  /** Epochs that are done and saved. */
  get finished(): number {
    return this.#finished
  }

  /** Removes the bar and shows the cursor again. */
  stop(): void {
    this.#bar?.stop()
  }

  /** The epoch's label: `2/6`. */
  get #name(): string {
    return `${this.#epoch}/${this.#epochs}`
  }

  get #speed(): string {
    return wholeNumber((1000 * this.#done) / this.#elapsed)
  }
}
