// A parameter group: tensors that are updated with the same settings, and what is kept for each of them.

import type { Backend } from '../backend/table.js'
import type { DType } from '../base/dtype.js'
import { Layout } from '../base/layout.js'
import type { Shape } from '../base/shape.js'
import { context, refuseRecording } from '../core/context.js'
import { allocateState, type Storage } from '../core/storage.js'
import { Tensor } from '../core/tensor.js'
import type { Declaration } from './declaration.js'
import type { HyperRecord, Settings } from './hyper.js'
import { changeSettings } from './settings.js'

/** A group as users see it: each setting is a property that can be set at any time. */
export type ParamGroup<H extends HyperRecord> = Settings<H> & { readonly params: readonly Tensor[] }

/** One number of a storage, as it is to be in one step after another. */
export interface Tabulated {
  readonly storage: Storage
  readonly at: number
  readonly values: Float64Array
}

/** A parameter and its state. */
interface Slot {
  readonly parameter: Tensor
  readonly step: Tensor
  /** In the order of the declaration's `keeps`; empty tensors while the settings need none. */
  kept: readonly Tensor[]
}

const zeros = (shape: Shape, size: number, dtype: DType): Tensor =>
  new Tensor({ storage: allocateState(dtype, size), shape, dtype })

const float64s = (storage: Storage): Float64Array => storage.array as Float64Array

export class Group<H extends HyperRecord> {
  readonly view: ParamGroup<H>
  readonly #declaration: Declaration<H>
  readonly #slots: readonly Slot[]
  /** The settings, in the form that the kernel reads; there is no other copy. */
  readonly #hyper: Storage
  #keeping = false

  /** @param settings checked ones. */
  constructor(declaration: Declaration<H>, params: readonly Tensor[], settings: Settings<H>) {
    const { hyper, constants, keeps } = declaration
    this.#declaration = declaration
    this.#slots = params.map(parameter => ({
      parameter,
      step: zeros([], 1, 'float64'),
      kept: keeps.map(() => zeros([0], 0, parameter.dtype)),
    }))
    const width = Object.values(hyper).reduce((sum, { width }) => sum + width, 0)
    this.#hyper = allocateState('float64', width + constants.length)
    float64s(this.#hyper).set(constants, width)
    this.write(settings)
    this.view = this.#makeView(params)
  }

  #makeView(params: readonly Tensor[]): ParamGroup<H> {
    const view = { params: Object.freeze([...params]) }
    for (const name of Object.keys(this.#declaration.hyper)) {
      Object.defineProperty(view, name, {
        enumerable: true,
        get: () => this.settings()[name],
        set: (value: unknown) => this.write(changeSettings(this.#declaration, this.settings(), { [name]: value })),
      })
    }
    Object.defineProperty(view, Symbol.for('nodejs.util.inspect.custom'), { value: () => ({ ...view }) })
    return view as unknown as ParamGroup<H>
  }

  settings(): Settings<H> {
    let at = 0
    const entries = Object.entries(this.#declaration.hyper).map(([name, { width, read }]) => {
      at += width
      return [name, read(this.#hyper.memory, at - width)]
    })
    return Object.fromEntries(entries) as Settings<H>
  }

  /** Sets checked settings, and allocates or drops the arrays that they need. */
  write(settings: Settings<H>): void {
    const { name, hyper, keeps, needs } = this.#declaration
    refuseRecording(`${name}: a change of settings`)
    let at = 0
    for (const [name, { width, write }] of Object.entries(hyper)) {
      write(this.#hyper.array, at, settings[name])
      at += width
    }
    this.#hyper.version++
    if (needs(settings) === this.#keeping) return
    this.#keeping = needs(settings)
    context.configuration++
    for (const slot of this.#slots) {
      const { shape, size, dtype } = slot.parameter
      slot.kept = keeps.map(() => (this.#keeping ? zeros(shape, size, dtype) : zeros([0], 0, dtype)))
    }
  }

  /**
   * Learning rates of the next steps, for code that writes them: `at` is the rate's position in `storage`.
   * @throws ArgumentError for one that could not be set.
   */
  tabulate(rates: ArrayLike<number>): Tabulated {
    const { hyper } = this.#declaration
    const names = Object.keys(hyper)
    const at = names.slice(0, names.indexOf('lr')).reduce((sum, name) => sum + hyper[name].width, 0)
    const settings = this.settings()
    const values = Float64Array.from(rates, lr => {
      changeSettings(this.#declaration, settings, { lr })
      return lr
    })
    return { storage: this.#hyper, at, values }
  }

  /** The saved state of the parameters, numbered from `first`. */
  state(first: number): Record<string, Tensor> {
    const { counted, keeps } = this.#declaration
    const state: Record<string, Tensor> = {}
    for (const [i, { step, kept }] of this.#slots.entries()) {
      if (counted) state[`${first + i}.step`] = step.detach()
      if (this.#keeping) for (const [j, name] of keeps.entries()) state[`${first + i}.${name}`] = kept[j].detach()
    }
    return state
  }

  /** The names and shapes of the state with `settings`. */
  shapes(settings: Settings<H>, first: number): Record<string, { readonly shape: Shape }> {
    return new Group(this.#declaration, this.view.params, settings).state(first)
  }

  /** One update of each parameter that has a gradient. `one` is the number 1 in an array. */
  step(backend: Backend, one: Storage): void {
    const keeping = this.#keeping
    context.recording?.guard(this, () => this.#keeping === keeping)
    for (const { parameter, step, kept } of this.#slots) {
      const gradient = Tensor.gradOf(parameter)
      if (gradient === null) continue
      const count = float64s(step.storage)
      backend.add(1, 1, Layout.full, Layout.full, count, one.array, count)
      this.#declaration.update(backend, {
        n: parameter.size,
        hyper: float64s(this.#hyper),
        step: count,
        gradient: gradient.storage.array,
        parameter: parameter.storage.array,
        kept: kept.map(({ storage }) => storage.array),
      })
      for (const { storage } of [parameter, step, ...kept]) storage.version++
      context.recording?.useGrad(parameter)
    }
  }
}
