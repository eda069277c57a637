// Every op, as a function. Those declared as methods are Tensor's methods as well.

export * from './activations.js'
export * from './arithmetic.js'
export * from './casting.js'
export * from './comparison.js'
export * from './indexing.js'
export { linear, matmul } from './matmul.js'
export * from './moving.js'
export * from './reductions.js'
export * from './selecting.js'
export * from './shaping.js'
export * from './softmax.js'

// Declared, but reached through nn.functional.
import './losses.js'
import './normalize.js'
