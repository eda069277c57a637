// Adam and AdamW: one declaration; they differ in where the weight decay goes and in its default.

import type { Declaration } from './declaration.js'
import { betas, rate, type Settings } from './hyper.js'
import { Optimizer, type OptimizerParams } from './optimizer.js'

const hyper = (weightDecay: number) => ({
  lr: rate(1e-3),
  betas: betas(0.9, 0.999),
  eps: rate(1e-8),
  weightDecay: rate(weightDecay),
})

type AdamHyper = ReturnType<typeof hyper>

const declare = (name: string, weightDecay: number, decoupled: 0 | 1): Declaration<AdamHyper> => ({
  name,
  hyper: hyper(weightDecay),
  constants: [decoupled],
  counted: true,
  keeps: ['expAvg', 'expAvgSq'],
  needs: () => true,
  conflict: () => null,
  update: (backend, { n, hyper, step, gradient, parameter, kept: [expAvg, expAvgSq] }) =>
    backend.adam(n, hyper, step, gradient, parameter, expAvg, expAvgSq),
})

const adam = declare('Adam', 0, 0)
const adamW = declare('AdamW', 1e-2, 1)

export type AdamOptions = Partial<Settings<AdamHyper>>

/**
 * Adam (Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015), numerically PyTorch's. With
 * g = gradient + weightDecay·parameter: m = β₁m + (1−β₁)g, v = β₂v + (1−β₂)g²,
 * parameter −= lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + eps), t the parameter's number of steps.
 *
 * @throws ArgumentError for an option out of range and for parameters that cannot be trained.
 */
export class Adam extends Optimizer<AdamHyper> {
  /** @param options `lr` (1e-3), `betas` ([0.9, 0.999]), `eps` (1e-8), `weightDecay` (0): defaults for all groups. */
  constructor(params: OptimizerParams<AdamHyper>, options: AdamOptions = {}) {
    super(adam, params, options)
  }
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019), numerically PyTorch's: as Adam, but the decay
 * is no part of g: parameter −= lr·weightDecay·parameter beforehand.
 *
 * @throws ArgumentError for an option out of range and for parameters that cannot be trained.
 */
export class AdamW extends Optimizer<AdamHyper> {
  /** @param options `lr` (1e-3), `betas` ([0.9, 0.999]), `eps` (1e-8), `weightDecay` (1e-2): defaults for all groups. */
  constructor(params: OptimizerParams<AdamHyper>, options: AdamOptions = {}) {
    super(adamW, params, options)
  }
}
