// Choosing between values by a mask.

import { ArgumentError, ShapeError, showShape, showValue } from '../base/errors.js'
import { arange } from '../core/creation.js'
import type { Tensor, TensorLike } from '../core/tensor.js'
import { declare, type Method } from './machinery/define.js'
import { selection } from './machinery/elementwise.js'
import { asTensor, scalar } from './machinery/operands.js'

/** a where the mask is true, b elsewhere; the three broadcast. */
export const where: (mask: TensorLike, a: TensorLike, b: TensorLike) => Tensor = selection({
  name: 'where',
  saves: 'inputs',
  gradients: [() => null, (g, { inputs: [mask] }) => where(mask, g, 0), (g, { inputs: [mask] }) => where(mask, 0, g)],
})

/** a with `value` where the mask is true. The result has the broadcast shape and, unlike `where`, a's dtype. */
export const maskedFill: Method<(a: TensorLike, mask: TensorLike, value: TensorLike) => Tensor> = declare({
  name: 'maskedFill',
  call: (a: TensorLike, mask: TensorLike, value: TensorLike) => {
    const x = asTensor('maskedFill', a)
    return where(mask, asTensor('maskedFill', value, x.dtype).to(x.dtype), x)
  },
  samples: s => [
    [s.real(3, 4), s.mask(3, 4), 0.5],
    [s.real(3, 4), s.mask(4), -2],
    [s.real(2, 3), s.mask(2, 1), s.real()],
  ],
})

type Triangle = Method<(a: TensorLike, diagonal?: number) => Tensor>

const triangle = (name: 'tril' | 'triu', keep: (row: Tensor, column: Tensor) => Tensor): Triangle =>
  declare({
    name,
    call: (a: TensorLike, diagonal = 0) => {
      const x = asTensor(name, a)
      if (x.ndim < 2) throw new ShapeError(`${name}: expected at least two axes, got shape ${showShape(x.shape)}`)
      if (!Number.isInteger(diagonal)) {
        throw new ArgumentError(`${name}: expected an integer as diagonal, got ${showValue(diagonal)}`)
      }
      const [rows, columns] = x.shape.slice(-2)
      const row = arange(rows, { dtype: 'int32' }).add(diagonal).unsqueeze(1)
      return where(keep(row, arange(columns, { dtype: 'int32' })), x, scalar(0, x.dtype))
    },
    samples: s => [[s.real(3, 4)], [s.real(2, 3, 3), 1], [s.real(4, 2), -1], [s.real(0, 2)]],
  })

/** The part on and below the `diagonal`-th diagonal of the last two axes; zeros above. */
export const tril: Triangle = triangle('tril', (row, column) => row.greaterEqual(column))
/** The part on and above the `diagonal`-th diagonal of the last two axes; zeros below. */
export const triu: Triangle = triangle('triu', (row, column) => column.greaterEqual(row))
