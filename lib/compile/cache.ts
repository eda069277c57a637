// The programs of one compiled function, by the kind of call: those recorded last. What is dropped is freed at once.

import type { Compiled } from './compiled.js'

/** As many programs as this are kept. */
const mostPrograms = 64

export class ProgramCache {
  /** By kind of call, the one recorded last at the end; for each, the last first. */
  readonly #programs = new Map<string, Compiled[]>()
  #count = 0
  #hasWarned = false

  /** The program whose conditions hold. One that could not be made is tried anew: memory may be there by now. */
  find(key: string): Compiled | undefined {
    const known = this.#programs.get(key)
    const failed = known?.filter(({ hasFailed }) => hasFailed) ?? []
    for (const compiled of failed) this.#drop(key, compiled)
    return known?.find(({ recorder }) => recorder.holds())
  }

  add(key: string, compiled: Compiled): void {
    const known = this.#programs.get(key) ?? []
    this.#programs.delete(key)
    this.#programs.set(key, [compiled, ...known])
    this.#count++
    if (this.#count <= mostPrograms) return
    const [[oldest, those]] = this.#programs
    this.#drop(oldest, those[those.length - 1])
    this.#warn()
  }

  #drop(key: string, compiled: Compiled): void {
    const left = (this.#programs.get(key) ?? []).filter(other => other !== compiled)
    if (left.length === 0) this.#programs.delete(key)
    else this.#programs.set(key, left)
    this.#count--
    compiled.release()
  }

  #warn(): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    process.emitWarning(
      `compile: over ${mostPrograms} kinds of call; shapes that change at each call are recorded again each time`,
      {
        type: 'BlasgradWarning',
        code: 'BLASGRAD_RECORDING',
      },
    )
  }
}
