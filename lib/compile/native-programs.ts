// The native programs of this environment. What one takes natively is freed when it is dropped, or when many others have run
// since, not when the garbage collector's finalizers run: those wait for a turn of the event loop. One that is called again
// is made again.

import { nativeOrReason } from '../backend/select.js'
import { BackendError } from '../base/errors.js'
import type { Plan, ThreadedExecutor } from './plan.js'

/** A program object of the addon. After `release` its other functions throw. */
export interface NativeProgram extends ThreadedExecutor {
  /** Frees its memory. @returns false where it is running: nothing is freed then. */
  release(): boolean
}

/** As many programs are kept, or fewer once their arenas are larger than `mostBytes`. */
const mostPrograms = 512
const fewPrograms = 32
const mostBytes = 2 ** 28

/** Those that have a program now. */
const cells = new Set<NativeCell>()
let bytes = 0
let uses = 0

/** How many native programs there are, and the size of their arenas; for tests. */
export const nativePrograms = (): { readonly count: number; readonly bytes: number } => ({ count: cells.size, bytes })

/** The program of a plan, made when it is first used and again where it was freed. */
export class NativeCell {
  readonly #plan: Plan
  #program: NativeProgram | null = null
  /** When it was used last, by the number of uses. */
  #used = 0

  constructor(plan: Plan) {
    this.#plan = plan
  }

  /** @throws ArgumentError for a malformed plan; BackendError where the addon did not load, or memory ran out. */
  get program(): NativeProgram {
    this.#used = uses++
    return this.#program ?? this.#make()
  }

  /** Frees the program, unless it is running. */
  free(): void {
    if (!this.#program?.release()) return
    this.#program = null
    cells.delete(this)
    bytes -= this.#plan.arenaBytes
  }

  #make(): NativeProgram {
    const program = create(this.#plan)
    this.#program = program
    cells.add(this)
    bytes += this.#plan.arenaBytes
    return program
  }

  /** Frees what was used least recently, until there is room for one of `more` bytes. */
  static makeRoom(more: number): void {
    if (cells.size < fewPrograms) return
    for (const cell of [...cells].sort((a, b) => a.#used - b.#used)) {
      if (cells.size < fewPrograms || (cells.size < mostPrograms && bytes + more <= mostBytes)) return
      cell.free()
    }
  }
}

function create(plan: Plan): NativeProgram {
  const native = nativeOrReason()
  if (native instanceof BackendError) throw native
  NativeCell.makeRoom(plan.arenaBytes)
  try {
    return native.createProgram(plan) as NativeProgram
  } catch (error) {
    if (!(error instanceof BackendError) || cells.size === 0) throw error
    // Memory ran out: what others hold can be made again.
    for (const cell of [...cells]) cell.free()
    return native.createProgram(plan) as NativeProgram
  }
}
