// `nn.functional`: what layers and losses compute, as functions. Composites of ops; no kernel is called from here.

export {
  celu,
  elu,
  gelu,
  glu,
  hardshrink,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  linear,
  logSigmoid,
  logSoftmax,
  mish,
  prelu,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softshrink,
  softsign,
  tanh,
  tanhshrink,
  threshold,
} from '../../ops/index.js'
export { type Conv1dOptions, type ConvOptions, conv1d, conv2d } from '../../ops/network/convolution.js'
export { dropout } from '../../ops/network/dropout.js'
export { type AvgPoolOptions, avgPool2d, type MaxPoolOptions, maxPool2d } from '../../ops/network/pooling.js'
export { type AttentionOptions, scaledDotProductAttention } from './attention.js'
export { type BinaryCrossEntropyOptions, binaryCrossEntropyWithLogits } from './binary.js'
export { type BatchNormOptions, batchNorm, type GroupNormOptions, groupNorm } from './channel-norms.js'
export { type ClassLossOptions, type CrossEntropyOptions, crossEntropy, nllLoss } from './class-losses.js'
export { type EmbeddingOptions, embedding } from './embedding.js'
export { type LayerNormOptions, layerNorm, type RmsNormOptions, rmsNorm } from './norms.js'
export type { Reduction } from './reduction.js'
export { type HuberOptions, huberLoss, type LossOptions, l1Loss, mseLoss } from './regression.js'
