// The elementwise kernels, in TypeScript: gathered from the folder beside it.

import { arithmetic } from './elementwise/arithmetic.js'
import { functions } from './elementwise/functions.js'
import { gradients } from './elementwise/gradients.js'

export const elementwise = { ...arithmetic, ...functions, ...gradients }
