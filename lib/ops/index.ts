// Every op, as a function. Those declared as methods are Tensor's methods as well.

export * from './activations.js'
export * from './arithmetic.js'
export * from './casting.js'
export * from './comparison.js'
export * from './extremes.js'
export * from './indexing.js'
export * from './joining.js'
export * from './matmul.js'
export * from './permuting.js'
export * from './reductions.js'
export * from './selecting.js'
export * from './shaping.js'
export * from './slicing.js'
export * from './softmax.js'
export * from './statistics.js'

// Declared, but reached through nn.functional.
import './convolution.js'
import './losses.js'
import './normalize.js'
import './pooling.js'
