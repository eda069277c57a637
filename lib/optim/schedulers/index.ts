// `optim.lrScheduler`: learning rates that change over the steps. Names, defaults and rates are PyTorch's.

export { ChainedScheduler, SequentialLR, type SequentialLROptions } from './composed.js'
export {
  CosineAnnealingLR,
  type CosineAnnealingLROptions,
  CosineAnnealingWarmRestarts,
  type CosineAnnealingWarmRestartsOptions,
} from './cosine.js'
export { CyclicLR, type CyclicLROptions, OneCycleLR, type OneCycleLROptions } from './cyclic.js'
export {
  ConstantLR,
  type ConstantLROptions,
  ExponentialLR,
  type ExponentialLROptions,
  LambdaLR,
  LinearLR,
  type LinearLROptions,
  MultiplicativeLR,
  MultiStepLR,
  type MultiStepLROptions,
  PolynomialLR,
  type PolynomialLROptions,
  StepLR,
  type StepLROptions,
} from './decay.js'
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './plateau.js'
export { LRScheduler, type SchedulerState } from './scheduler.js'
