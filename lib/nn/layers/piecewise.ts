// Activation layers of pieces, shrinkage and gates: the functions of lib/ops/piecewise.ts, and what needs an option.

import { checkOptions } from '../../base/options.js'
import type { Tensor, TensorLike } from '../../core/tensor.js'
import * as ops from '../../ops/index.js'
import { type SoftplusOptions, softplusOptions } from '../../ops/machinery/activation-options.js'
import { Module } from '../module.js'
import { showSettings } from '../repr.js'

/** x held between 0 and 6. */
export class ReLU6 extends Module {
  override forward(x: TensorLike): Tensor {
    return ops.relu6(x)
  }
}

/** x·sigmoid(x). */
export class SiLU extends Module {
  override forward(x: TensorLike): Tensor {
    return ops.silu(x)
  }
}

/** x·tanh(softplus(x)). */
export class Mish extends Module {
  override forward(x: TensorLike): Tensor {
    return ops.mish(x)
  }
}

/** The scaled exponential linear unit. */
export class SELU extends Module {
  override forward(x: TensorLike): Tensor {
    return ops.selu(x)
  }
}

/** x·hardsigmoid(x). */
export class Hardswish extends Module {
  override forward(x: TensorLike): Tensor {
    return ops.hardswish(x)
  }
}

/** (x + 3)/6 held between 0 and 1. */
export class Hardsigmoid extends Module {
  override forward(x: TensorLike): Tensor {
    return ops.hardsigmoid(x)
  }
}

/** ln(sigmoid(x)). */
export class LogSigmoid extends Module {
  override forward(x: TensorLike): Tensor {
    return ops.logSigmoid(x)
  }
}

/** x / (1 + |x|). */
export class Softsign extends Module {
  override forward(x: TensorLike): Tensor {
    return ops.softsign(x)
  }
}

/** x − tanh x. */
export class Tanhshrink extends Module {
  override forward(x: TensorLike): Tensor {
    return ops.tanhshrink(x)
  }
}

/** x held between `low` and `high`, −1 and 1 by default. */
export class Hardtanh extends Module {
  readonly low: number
  readonly high: number

  constructor(low = -1, high = 1) {
    super()
    this.low = low
    this.high = high
  }

  override forward(x: TensorLike): Tensor {
    return ops.hardtanh(x, this.low, this.high)
  }

  override extraRepr(): string {
    return showSettings({ low: this.low, high: this.high })
  }
}

/** A layer with one number. */
abstract class WithAlpha extends Module {
  readonly alpha: number

  constructor(alpha = 1) {
    super()
    this.alpha = alpha
  }

  override extraRepr(): string {
    return showSettings({ alpha: this.alpha })
  }
}

/** x where it is positive, alpha·(eˣ − 1) elsewhere; alpha is 1 by default. */
export class ELU extends WithAlpha {
  override forward(x: TensorLike): Tensor {
    return ops.elu(x, this.alpha)
  }
}

/** x where it is positive, alpha·(e^(x/alpha) − 1) elsewhere; alpha is 1 by default. */
export class CELU extends WithAlpha {
  override forward(x: TensorLike): Tensor {
    return ops.celu(x, this.alpha)
  }
}

/** x where it is positive, slope·x elsewhere; the slope is 0.01 by default. */
export class LeakyReLU extends Module {
  readonly slope: number

  constructor(slope = 0.01) {
    super()
    this.slope = slope
  }

  override forward(x: TensorLike): Tensor {
    return ops.leakyRelu(x, this.slope)
  }

  override extraRepr(): string {
    return showSettings({ slope: this.slope })
  }
}

/** ln(1 + e^(beta·x))/beta, or x where beta·x is above the threshold; 1 and 20 by default. */
export class Softplus extends Module {
  readonly beta: number
  readonly threshold: number

  constructor(options: SoftplusOptions = {}) {
    super()
    const { beta = 1, threshold = 20 } = checkOptions('Softplus', options, softplusOptions)
    this.beta = beta
    this.threshold = threshold
  }

  override forward(x: TensorLike): Tensor {
    return ops.softplus(x, { beta: this.beta, threshold: this.threshold })
  }

  override extraRepr(): string {
    return showSettings({ beta: this.beta, threshold: this.threshold })
  }
}

/** A layer with the bound of what becomes 0. */
abstract class Shrink extends Module {
  readonly lambda: number

  constructor(lambda = 0.5) {
    super()
    this.lambda = lambda
  }

  override extraRepr(): string {
    return showSettings({ lambda: this.lambda })
  }
}

/** x brought nearer to 0 by lambda, ½ by default. */
export class Softshrink extends Shrink {
  override forward(x: TensorLike): Tensor {
    return ops.softshrink(x, this.lambda)
  }
}

/** x, but 0 where |x| ≤ lambda, ½ by default. */
export class Hardshrink extends Shrink {
  override forward(x: TensorLike): Tensor {
    return ops.hardshrink(x, this.lambda)
  }
}

/** x where it is above `threshold`, `value` elsewhere. */
export class Threshold extends Module {
  readonly threshold: number
  readonly value: number

  constructor(threshold: number, value: number) {
    super()
    this.threshold = threshold
    this.value = value
  }

  override forward(x: TensorLike): Tensor {
    return ops.threshold(x, this.threshold, this.value)
  }

  override extraRepr(): string {
    return showSettings({ threshold: this.threshold, value: this.value })
  }
}

/** The first half along an axis times the sigmoid of the second; by default the last axis. */
export class GLU extends Module {
  readonly axis: number

  constructor(axis = -1) {
    super()
    this.axis = axis
  }

  override forward(x: TensorLike): Tensor {
    return ops.glu(x, this.axis)
  }

  override extraRepr(): string {
    return showSettings({ axis: this.axis })
  }
}
