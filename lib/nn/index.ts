// `nn`: modules, layers, losses, initialisation.

export type { LoadOptions, LoadResult, StateDict } from '../core/state-dict.js'
export type { Copy } from './copier.js'
export * as functional from './functional/index.js'
export * as init from './init.js'
export { Flatten, GELU, ReLU, Sigmoid, Softmax, Tanh } from './layers/activations.js'
export { BatchNorm1d, BatchNorm2d, type BatchNormLayerOptions } from './layers/batch-norm.js'
export { Conv1d, type Conv1dLayerOptions, Conv2d, type Conv2dOptions } from './layers/convolution.js'
export { Dropout } from './layers/dropout.js'
export { Embedding, type EmbeddingLayerOptions } from './layers/embedding.js'
export { GroupNorm, type GroupNormLayerOptions } from './layers/group-norm.js'
export { GRU, GRUCell } from './layers/gru.js'
export { LayerNorm, type LayerNormLayerOptions } from './layers/layer-norm.js'
export { Linear, type LinearOptions } from './layers/linear.js'
export { LSTM, LSTMCell, type LSTMState } from './layers/lstm.js'
export {
  MultiheadAttention,
  type MultiheadAttentionInputs,
  type MultiheadAttentionOptions,
} from './layers/multihead-attention.js'
export {
  CELU,
  ELU,
  GLU,
  Hardshrink,
  Hardsigmoid,
  Hardswish,
  Hardtanh,
  LeakyReLU,
  LogSigmoid,
  Mish,
  ReLU6,
  SELU,
  SiLU,
  Softplus,
  Softshrink,
  Softsign,
  Tanhshrink,
  Threshold,
} from './layers/piecewise.js'
export { AvgPool2d, type AvgPool2dOptions, MaxPool2d, type MaxPool2dOptions } from './layers/pooling.js'
export { PReLU, type PReLUOptions } from './layers/prelu.js'
export type { RecurrentOptions } from './layers/recurrent.js'
export type { RecurrentCellOptions } from './layers/recurrent-cell.js'
export { RMSNorm, type RMSNormLayerOptions } from './layers/rms-norm.js'
export { type Layer, Sequential } from './layers/sequential.js'
export {
  TransformerEncoder,
  TransformerEncoderLayer,
  type TransformerEncoderLayerOptions,
  type TransformerInputs,
} from './layers/transformer.js'
export { Module } from './module.js'
export { Parameter } from './parameter.js'
