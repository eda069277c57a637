// `optim`: optimizers, schedules of learning rates, gradient clipping.

export { Adam, type AdamOptions, AdamW } from './adam.js'
export { type ClipOptions, clipGradNorm, clipGradValue } from './clip.js'
export {
  type GroupOptions,
  Optimizer,
  type OptimizerParams,
  type OptimizerState,
  type ParamGroup,
  type SavedGroup,
} from './optimizer.js'
export * as lrScheduler from './schedulers/index.js'
export { SGD, type SGDOptions } from './sgd.js'
