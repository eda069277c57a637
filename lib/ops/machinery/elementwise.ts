// How elementwise ops are declared: the kernel's row says which operands it takes; a record adds the gradients and the
// domain of its samples.

import { parseSignature } from '../../backend/signature.js'
import { type KernelName, kernelRow } from '../../backend/table.js'
import { flatGrid, type Grid, gridOf, gridOfTwo } from '../../base/broadcast.js'
import type { DType } from '../../base/dtype.js'
import { DTypeError } from '../../base/errors.js'
import { broadcastShapes, sameShape } from '../../base/shape.js'
import type { Plan, Primitive, Saves, Vjp } from '../../core/primitive.js'
import type { Tensor, TensorLike } from '../../core/tensor.js'
import { apply } from './apply.js'
import { sumTo } from './broadcast-gradient.js'
import { declare, declareFunction, type Method } from './define.js'
import { asMask, unify1, unify2 } from './operands.js'
import { binaryShapes, type Domain, ternaryShapes, unaryShapes } from './samples.js'

export type UnaryOp = Method<(a: TensorLike) => Tensor>
export type BinaryOp = Method<(a: TensorLike, b: TensorLike) => Tensor>

type Scalars = readonly number[]
type Gradient = Vjp<Scalars>

interface Elementwise {
  /** The op's name, and its kernel's. */
  readonly name: KernelName
  readonly saves?: Saves
  /** A gradient for each operand that can have one. Broadcasting is undone around it. */
  readonly gradients?: readonly Gradient[]
  /** Where its samples come from, for each operand. */
  readonly domains?: readonly Domain[]
  readonly smooth?: boolean
  /** The kernel that serves bool operands where arithmetic is logic (true + true is true); null: an error. */
  readonly bool?: KernelName | null
  readonly composite?: (inputs: readonly Tensor[], scalars: Scalars) => Tensor
}

interface ElementwisePlan extends Plan {
  readonly grid: Grid
  readonly kernel: KernelName
}

type LooseKernel = (...args: unknown[]) => void

/** The primitive behind an elementwise op. */
export function elementwise(spec: Elementwise): Primitive<Scalars, ElementwisePlan> {
  const { name, gradients } = spec
  const out = parseSignature(kernelRow(name).signature).args.find(({ role }) => role === 'out')
  const toBool = out?.element === 'bool'
  const kernelFor = (dtype: DType): KernelName => {
    if (dtype !== 'bool' || spec.bool === undefined) return name
    if (spec.bool === null) throw new DTypeError(`${name}: expected numbers, got bool`)
    return spec.bool
  }
  return {
    name,
    saves: spec.saves ?? 'nothing',
    plan: inputs => {
      const [a, b, c] = inputs
      const { dtype } = inputs[inputs.length - 1]
      const result = toBool ? 'bool' : dtype
      const kernel = kernelFor(dtype)
      if (b === undefined) {
        const grid = { rows: 1, cols: a.size, layouts: [0] as const, outer: undefined }
        return { shape: a.shape, dtype: result, grid, kernel }
      }
      if (c === undefined && sameShape(a.shape, b.shape)) {
        return { shape: a.shape, dtype: result, grid: flatGrid(a.size), kernel }
      }
      let shape = broadcastShapes(name, a.shape, b.shape)
      if (c === undefined) return { shape, dtype: result, grid: gridOfTwo(name, shape, a.shape, b.shape), kernel }
      shape = broadcastShapes(name, shape, c.shape)
      return { shape, dtype: result, grid: gridOf(name, shape, [a.shape, b.shape, c.shape]), kernel }
    },
    forward: (kernels, array, inputs, scalars, { grid, kernel }) => {
      const run = kernels[kernel] as LooseKernel
      const { rows, cols, layouts: l, outer } = grid
      const [a, b, c] = inputs
      if (b === undefined) run(rows, cols, l[0], ...scalars, a.storage.array, array, outer)
      else if (c !== undefined) {
        run(rows, cols, l[0], l[1], l[2], ...scalars, a.storage.array, b.storage.array, c.storage.array, array, outer)
      } else if (scalars.length === 0) run(rows, cols, l[0], l[1], a.storage.array, b.storage.array, array, outer)
      else run(rows, cols, l[0], l[1], ...scalars, a.storage.array, b.storage.array, array, outer)
    },
    ...(gradients === undefined
      ? {}
      : { vjp: (g, saved, i) => undoBroadcast(gradients[i]?.(g, saved, i) ?? null, saved.shape, saved.shapes[i]) }),
    ...(spec.composite === undefined ? {} : { composite: spec.composite }),
  }
}

function undoBroadcast(g: Tensor | null, from: readonly number[], to: readonly number[]): Tensor | null {
  return g === null ? null : sumTo(g, from, to)
}

// Functions, not constants, from here on: ops are declared while modules that need one another are being evaluated.
function about({ name, gradients, composite, smooth }: Elementwise) {
  const differentiable = gradients !== undefined || composite !== undefined
  return { name, differentiable, smooth: (smooth ?? true) && differentiable }
}

/** An op of one tensor: `name(a)` and `a.name()`. */
export function unary(spec: Elementwise): UnaryOp {
  const op = elementwise(spec)
  const floats = kernelRow(spec.name).dtypes === 'floats'
  const domain = spec.domains?.[0] ?? 'real'
  return declare({
    ...about(spec),
    call: (a: TensorLike) => apply(op, [unify1(spec.name, a, floats)], []),
    samples: s => unaryShapes.map(shape => [s[domain](...shape)]),
  })
}

/** An op of two tensors that broadcast: `name(a, b)` and `a.name(b)`. */
export function binary(spec: Elementwise): BinaryOp {
  const op = elementwise(spec)
  const floats = kernelRow(spec.name).dtypes === 'floats'
  const [first = 'real', second = first] = spec.domains ?? []
  return declare({
    ...about(spec),
    call: (a: TensorLike, b: TensorLike) => apply(op, unify2(spec.name, a, b, floats), []),
    samples: s => binaryShapes.map(([m, n]) => [s[first](...m), s[second](...n)]),
  })
}

/**
 * The fused gradient of a unary op: a function of `g` and a saved value (and scalars), not a method. It is differentiated
 * by its composite, or by `gradients` where the composite has no value somewhere.
 */
export function backwardOf<S extends readonly number[] = readonly []>(
  spec: Elementwise & { readonly composite: (inputs: readonly Tensor[], scalars: S) => Tensor },
  scalarSamples: readonly S[] = [[] as unknown as S],
): (g: Tensor, saved: Tensor, ...scalars: S) => Tensor {
  const { composite: _, ...fused } = spec
  const op = elementwise(spec.gradients === undefined ? (spec as Elementwise) : fused)
  const [, domain = 'real'] = spec.domains ?? []
  return declareFunction({
    ...about(spec as Elementwise),
    composite: (g: Tensor, saved: Tensor, ...scalars: S) => spec.composite([g, saved], scalars),
    call: (g: Tensor, saved: Tensor, ...scalars: S) => apply(op, [g, saved], scalars),
    samples: s =>
      scalarSamples.flatMap(scalars => binaryShapes.map(([m, n]) => [s.real(...m), s[domain](...n), ...scalars])),
  })
}

/** An op of a mask and two tensors. */
export function selection(spec: Elementwise): (mask: TensorLike, a: TensorLike, b: TensorLike) => Tensor {
  const op = elementwise(spec)
  return declareFunction({
    ...about(spec),
    call: (mask: TensorLike, a: TensorLike, b: TensorLike) => {
      const [x, y] = unify2(spec.name, a, b, false)
      return apply(op, [asMask(spec.name, mask), x, y], [])
    },
    samples: s => ternaryShapes.map(([k, m, n]) => [s.mask(...k), s.real(...m), s.real(...n)]),
  })
}
