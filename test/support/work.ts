// Counts the work of code, so that a test of growth needs no clock: how often V8 entered each block of it.

import { type Profiler, Session } from 'node:inspector/promises'

/** Counts the blocks of code that was first loaded after `start`. */
export class WorkCounter {
  readonly #session = new Session()

  async start(): Promise<void> {
    this.#session.connect()
    await this.#session.post('Profiler.enable')
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** How often blocks of the files whose address matches `files` were entered while `fn` ran. */
  async count(files: RegExp, fn: () => void): Promise<number> {
    await this.#session.post('Profiler.takePreciseCoverage')
    fn()
    const { result } = (await this.#session.post(
      'Profiler.takePreciseCoverage',
    )) as Profiler.TakePreciseCoverageReturnType
    return result
      .filter(({ url }) => files.test(url))
      .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
      .reduce((total, { count }) => total + count, 0)
  }

  stop(): void {
    this.#session.disconnect()
  }
}
