// Softmax, the losses and the norms, in TypeScript.

import { crossEntropy } from './rowwise/cross-entropy.js'
import { layerNorm } from './rowwise/layer-norm.js'
import { softmax } from './rowwise/softmax.js'

export const rowwise = { ...softmax, ...crossEntropy, ...layerNorm }
