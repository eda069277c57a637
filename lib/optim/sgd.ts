// Stochastic gradient descent.

import type { Declaration } from './declaration.js'
import { flag, rate, type Settings } from './hyper.js'
import { Optimizer, type OptimizerParams } from './optimizer.js'

const hyper = { lr: rate(1e-3), momentum: rate(0), weightDecay: rate(0), nesterov: flag(false) }

const declaration: Declaration<typeof hyper> = {
  name: 'SGD',
  hyper,
  constants: [],
  counted: false,
  keeps: ['velocity'],
  needs: settings => settings.momentum !== 0,
  conflict: settings => (settings.nesterov && settings.momentum === 0 ? 'nesterov needs a momentum above 0' : null),
  update: (backend, { n, hyper, gradient, parameter, kept: [velocity] }) =>
    backend.sgd(n, hyper, gradient, parameter, velocity),
}

export type SGDOptions = Partial<Settings<typeof hyper>>

/**
 * Stochastic gradient descent, numerically PyTorch's. With g = gradient + weightDecay·parameter and, given a momentum,
 * v = momentum·v + g: parameter −= lr·v (Nesterov: lr·(g + momentum·v); no momentum: lr·g).
 *
 * @throws ArgumentError for an option out of range and for parameters that cannot be trained.
 */
export class SGD extends Optimizer<typeof hyper> {
  /** @param options `lr` (1e-3), `momentum` (0), `weightDecay` (0), `nesterov` (false): defaults for all groups. */
  constructor(params: OptimizerParams<typeof hyper>, options: SGDOptions = {}) {
    super(declaration, params, options)
  }
}
