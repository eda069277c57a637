// What all optimizers share: groups, steps, saved state. How a parameter is updated is said by a declaration.

import { markCopy } from '../base/copies.js'
import { ArgumentError, showValue } from '../base/errors.js'
import { context } from '../core/context.js'
import {
  checkStateDict,
  compareState,
  copyState,
  problemsOf,
  type StateDict,
  throwProblems,
} from '../core/state-dict.js'
import { allocateState, type Storage } from '../core/storage.js'
import type { Tensor } from '../core/tensor.js'
import type { Declaration } from './declaration.js'
import { Group, type ParamGroup, type Tabulated } from './group.js'
import type { Hyper, HyperRecord, Settings } from './hyper.js'
import { checkParams, type GroupOptions, type OptimizerParams, toGroups } from './params.js'
import { changeSettings, initialSettings } from './settings.js'

export type { GroupOptions, OptimizerParams, ParamGroup }

/** A group as it is saved: its settings and the numbers of its parameters. Plain data, fit for JSON. */
export type SavedGroup = Readonly<Record<string, unknown>> & { readonly params: readonly number[] }

/** What every optimizer has. */
type AnyHyper = { readonly lr: Hyper<number> }

export interface OptimizerState {
  /** What is kept for each parameter, by number and name: `0.expAvg`. Flat, fit for safetensors. */
  readonly state: StateDict
  readonly groups: readonly SavedGroup[]
}

/**
 * The base of the optimizers. Parameters are updated in place, from their `.grad`; those without one are passed over.
 * What an optimizer keeps is made with it, never during a step.
 */
export class Optimizer<H extends HyperRecord = AnyHyper> {
  readonly #declaration: Declaration<H>
  readonly #defaults: Settings<H>
  readonly #groups: Group<H>[] = []
  readonly #known = new Set<Storage>()
  /** The number 1, as the kernel that counts steps reads it. */
  readonly #one = allocateState('float64', 1)

  constructor(declaration: Declaration<H>, params: OptimizerParams<H>, options: Partial<Settings<H>>) {
    this.#declaration = declaration
    this.#one.array[0] = 1
    this.#defaults = changeSettings(declaration, initialSettings(declaration), options)
    for (const group of toGroups(declaration.name, params)) this.addParamGroup(group)
  }

  /** The groups. A setting of one (`lr`, …) may be changed at any time: `optimizer.paramGroups[0].lr = 1e-4`. */
  get paramGroups(): readonly ParamGroup<H>[] {
    return this.#groups.map(group => group.view)
  }

  /** Adds parameters to be trained with settings of their own; what is left out is the optimizer's. */
  addParamGroup(group: GroupOptions<H>): void {
    const known = new Set(this.#known)
    const params = checkParams(this.#declaration.name, group, known)
    const { params: _, ...changes } = group
    const settings = changeSettings(this.#declaration, this.#defaults, changes)
    this.#groups.push(new Group(this.#declaration, params, settings))
    for (const storage of known) this.#known.add(storage)
    context.configuration++
  }

  /** The learning rate: the first group's; setting it sets every group's. */
  get lr(): number {
    return this.#groups[0].settings().lr as number
  }

  set lr(value: number) {
    const changed = this.#groups.map(group => changeSettings(this.#declaration, group.settings(), { lr: value }))
    for (const [i, group] of this.#groups.entries()) group.write(changed[i])
  }

  /**
   * The learning rates of `count` steps to come, as numbers of each group's state. Library code only.
   * @param rate of a step and a group, by their numbers.
   * @throws ArgumentError for one that could not be set.
   */
  tabulate(count: number, rate: (step: number, group: number) => number): Tabulated[] {
    return this.#groups.map((group, i) => group.tabulate(Array.from({ length: count }, (_, step) => rate(step, i))))
  }

  /** Sets the gradient of each parameter to null. */
  zeroGrad(): void {
    for (const { view } of this.#groups) for (const parameter of view.params) parameter.zeroGrad()
  }

  /** Updates each parameter that has a gradient. No gradient is noted. */
  step(): void {
    const { backend } = context
    const groups = this.#groups.length
    context.recording?.guard(this, () => this.#groups.length === groups)
    for (const group of this.#groups) group.step(backend, this.#one)
  }

  /** What is needed to go on later as if nothing had happened; the tensors share the optimizer's memory. */
  stateDict(): { state: Record<string, Tensor>; groups: SavedGroup[] } {
    const state: Record<string, Tensor> = {}
    const groups: SavedGroup[] = []
    for (const { group, params } of this.#numbered()) {
      Object.assign(state, group.state(params[0] ?? 0))
      groups.push({ ...group.settings(), params })
    }
    return { state, groups }
  }

  /**
   * Takes back what `stateDict` gave: settings, and state by copying. @throws ArgumentError that lists all that does not
   * fit these parameters; nothing was changed then.
   */
  loadStateDict(saved: OptimizerState): void {
    const { name } = this.#declaration
    if (typeof saved !== 'object' || saved === null || !Array.isArray(saved.groups)) {
      throw new ArgumentError(`loadStateDict: expected {state, groups}, got ${showValue(saved)}`)
    }
    checkStateDict(saved.state)
    if (saved.groups.length !== this.#groups.length) {
      throwProblems(name, [`expected ${this.#groups.length} groups, got ${saved.groups.length}`])
    }
    const settings = this.#numbered().map(({ params }, i) => this.#checkGroup(saved.groups[i], i, params.length))
    const targets = this.#numbered().map(({ group, params }, i) => group.shapes(settings[i], params[0] ?? 0))
    throwProblems(name, problemsOf(compareState(Object.assign({}, ...targets), saved.state), true))
    for (const [i, group] of this.#groups.entries()) group.write(settings[i])
    copyState(this.stateDict().state, saved.state)
  }

  #checkGroup(group: SavedGroup, i: number, count: number): Settings<H> {
    const { name, hyper } = this.#declaration
    const { params, ...values }: { readonly params?: unknown } = group ?? {}
    const missing = Object.keys(hyper).filter(key => !Object.hasOwn(values, key))
    if (missing.length > 0) throwProblems(name, [`groups[${i}]: missing ${missing.join(', ')}`])
    if (!Array.isArray(params) || params.length !== count) {
      throwProblems(name, [`groups[${i}]: expected ${count} params, got ${showValue(params)}`])
    }
    return changeSettings(this.#declaration, this.#defaults, values)
  }

  /** The groups with their parameters' numbers, counted through. */
  #numbered(): { group: Group<H>; params: number[] }[] {
    let next = 0
    return this.#groups.map(group => ({ group, params: group.view.params.map(() => next++) }))
  }
}

markCopy(Optimizer.prototype)
