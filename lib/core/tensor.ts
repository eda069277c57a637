// The Tensor: a shape, a dtype, a Storage and, where a gradient is required, the node that made it. Its operations are not
// here: lib/ops/ and lib/autograd/ add them to methods.ts.

import { isChecking } from '../base/checking.js'
import { checkDType, type DType, isFloat, type NumberArray } from '../base/dtype.js'
import { ArgumentError, DTypeError, GradientError, ShapeError, showShape, showValue } from '../base/errors.js'
import { formatTensor } from '../base/format.js'
import { Layout } from '../base/layout.js'
import { checkOptions } from '../base/options.js'
import { type Shape, sameShape, sizeOf } from '../base/shape.js'
import { forgetGradient } from './backward-memory.js'
import { context } from './context.js'
import { methods } from './methods.js'
import { leafNode, type Node } from './node.js'
import { allocate, busyError, markState, type Storage } from './storage.js'
import { isMade, type Made, type TensorOptions, tensorOptions } from './tensor-options.js'
import { checkFinite, type NestedArray, readValues, toNested, type Values } from './values.js'

export { type TensorOptions, tensorOptions }

/** A tensor, or values that an op makes into one. */
export type TensorLike = Tensor | Values

/**
 * A contiguous, row-major array of numbers that knows how it was computed.
 *
 * `new Tensor(values)` makes a leaf that requires a gradient; `tensor(values)` makes plain data.
 */
export class Tensor {
  /** The length of each axis. Frozen where the user gave the elements, and everywhere under BLASGRAD_CHECK=1. */
  readonly shape: Shape
  /** What the elements are: float32, float64, int32, uint8 or bool. */
  readonly dtype: DType
  /** The number of elements. */
  readonly size: number
  /** @internal The storage of the elements, for library code only. It never changes identity. */
  readonly storage: Storage

  #node: Node | null = null
  #requiresGrad = false
  #grad: Tensor | null = null
  #gradUsed = false

  /**
   * Copies `values` (a number, nested arrays, a typed array) into a new leaf.
   * @param options `requiresGrad` is true for floats unless it is given.
   * @throws ShapeError for ragged arrays or a shape of another size; DTypeError for integers that require a gradient.
   */
  constructor(values: Values, options?: TensorOptions)
  /** @internal */
  constructor(values: Made)
  constructor(values: Values | Made, options: TensorOptions = {}) {
    if (isMade(values)) {
      this.storage = values.storage
      // Freezing costs 30% of a short eager step.
      this.shape = isChecking ? Object.freeze(values.shape) : values.shape
      this.dtype = values.dtype
      this.size = values.storage.length
    } else {
      checkOptions('Tensor', options, tensorOptions)
      const made = readValues('Tensor', values, options)
      this.storage = made.storage
      this.shape = Object.freeze(made.shape)
      this.dtype = made.dtype
      this.size = made.storage.length
      this.requiresGrad = options.requiresGrad ?? isFloat(made.dtype)
    }
  }

  /** The number of axes. */
  get ndim(): number {
    return this.shape.length
  }

  /**
   * The elements in row-major order: a live, writable view, which may be a part of its buffer. Assignment copies an array
   * of the right length. The view of a parameter or other state is over a SharedArrayBuffer: structuredClone and
   * postMessage share it, slice() copies.
   * @throws BusyError while a running compiled step uses it.
   */
  get data(): NumberArray {
    const storage = this.#read('data')
    storage.see()
    return storage.array
  }

  set data(values: Values) {
    this.assign(values)
  }

  /** Whether gradients flow to it. Settable on leaves only. */
  get requiresGrad(): boolean {
    const now = this.#requiresGrad
    if (context.recording !== null && !this.storage.isRecorded) {
      context.recording.guard(this, () => this.#requiresGrad === now)
    }
    return now
  }

  set requiresGrad(value: boolean) {
    if (typeof value !== 'boolean') {
      throw new ArgumentError(`requiresGrad: expected true or false, got ${showValue(value)}`)
    }
    if (value === this.#requiresGrad) return
    if (value && !isFloat(this.dtype)) {
      throw new DTypeError(`requiresGrad: expected a float32 or float64 tensor, got ${this.dtype}`)
    }
    if (!this.isLeaf) {
      throw new GradientError('requiresGrad: can be changed on leaves only; use detach() to leave the graph')
    }
    this.#requiresGrad = value
    // Stryker disable next-line ConditionalExpression: a leaf's node is like any other that is made for it
    if (!value) this.#node = null
    else if (context.recording === null) markState(this.storage)
    context.configuration++
  }

  /** Whether no op with a gradient made it. */
  get isLeaf(): boolean {
    return this.#node === null || this.#node.leaf !== null
  }

  /** The gradient that `backward` computed, on leaves and after `retainGrad`. */
  get grad(): Tensor | null {
    if (this.#grad !== null) this.#grad.storage.isPrivate = false
    return this.#readGrad()
  }

  #readGrad(): Tensor | null {
    if (context.recording !== null) return context.recording.gradOf(this, this.#grad)
    if (this.#gradUsed) {
      throw new GradientError(
        'grad: an optimizer’s step in a compiled function has used the gradient up; compile with keepGrads: true to keep it',
      )
    }
    return this.#grad
  }

  set grad(value: Tensor | null) {
    if (value !== null) {
      if (!(value instanceof Tensor))
        throw new ArgumentError(`grad: expected a Tensor or null, got ${showValue(value)}`)
      if (!sameShape(value.shape, this.shape)) {
        throw new ShapeError(`grad: expected shape ${showShape(this.shape)}, got ${showShape(value.shape)}`)
      }
      if (value.dtype !== this.dtype) throw new DTypeError(`grad: expected ${this.dtype}, got ${value.dtype}`)
    }
    Tensor.receiveGrad(this, value)
  }

  #checkIdle(what: string): void {
    if (this.storage.steps !== 0 && context.recording === null) throw busyError(what)
  }

  #setGrad(value: Tensor | null, used: boolean): void {
    if (context.recording !== null) {
      context.recording.setGrad(this, value)
      return
    }
    // Stryker disable next-line ConditionalExpression: without it compiled steps only compare their guards more often
    if (value?.storage !== this.#grad?.storage) {
      context.configuration++
      if (this.#grad !== null) forgetGradient(this.#grad)
    }
    this.#grad = value
    this.#gradUsed = used
  }

  /**
   * The storage, for reading values.
   * @throws ArgumentError while a function is compiled, when there are no values, and after the buffer was transferred.
   */
  #read(what: string): Storage {
    if (context.recording !== null) {
      throw new ArgumentError(`${what}: values cannot be read while a step is compiled: return the tensor instead`)
    }
    if (!this.storage.hasElements) throw noElements(what, this)
    this.#checkIdle(what)
    return this.storage
  }

  /**
   * The single element as a number; 1 or 0 for bool.
   * @throws ShapeError if there is not exactly one.
   */
  item(): number {
    if (this.size !== 1) throw new ShapeError(`item: expected one element, got shape ${showShape(this.shape)}`)
    return this.#read('item').array[0]
  }

  /** The elements as nested arrays (a plain number for a 0-d tensor); booleans for bool. */
  toArray(): number | boolean | NestedArray {
    return toNested(this.#read('toArray').array, this.shape, this.dtype)
  }

  /** The same for JSON.stringify. @throws ArgumentError for NaN and infinities, which JSON does not have. */
  toJSON(): number | boolean | NestedArray {
    const { array } = this.#read('toJSON')
    checkFinite('toJSON', array)
    return toNested(array, this.shape, this.dtype)
  }

  /** As NumPy prints arrays; long axes are shortened. */
  toString(): string {
    return formatTensor(this)
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return formatTensor(this)
  }

  /** The same elements (the storage is shared) outside the graph. */
  detach(): Tensor {
    return new Tensor({ storage: this.storage, shape: this.shape, dtype: this.dtype })
  }

  /** Writes `values` over the elements, in the same storage. @throws ShapeError for another number of them. */
  assign(values: TensorLike): this {
    const source = values instanceof Tensor ? values : new Tensor(readValues('assign', values, { dtype: this.dtype }))
    if (values instanceof Tensor && !sameShape(values.shape, this.shape)) {
      throw new ShapeError(`assign: expected shape ${showShape(this.shape)}, got ${showShape(values.shape)}`)
    }
    if (source.size !== this.size) throw new ShapeError(`assign: expected ${this.size} values, got ${source.size}`)
    const { backend } = context
    const [from, to] = [source.storage.arrayFor('assign'), this.storage.arrayFor('assign')]
    // Stryker disable next-line ConditionalExpression: a cast to the same dtype gives the same elements
    if (source.dtype === this.dtype) backend.copy(1, this.size, Layout.full, from, to)
    else backend.cast(this.size, this.dtype === 'bool', from, to)
    this.storage.version++
    return this
  }

  /** Forgets the gradient. */
  zeroGrad(): void {
    this.#checkIdle('zeroGrad')
    this.#setGrad(null, false)
  }

  /** Makes backward keep the gradient of this intermediate value in `.grad`. */
  retainGrad(): this {
    if (!this.#requiresGrad) throw new GradientError('retainGrad: the tensor does not require a gradient')
    if (this.#node !== null) this.#node.retainedBy = this
    return this
  }

  /** `tensor.grad`, for code that reads it and does not keep it. @internal Library code only. */
  static gradOf(tensor: Tensor): Tensor | null {
    // Stryker disable next-line ConditionalExpression: a recording makes the gradient state, which no pool takes
    return context.recording === null ? tensor.#readGrad() : tensor.grad
  }

  /** Sets `tensor.grad`, without checks of shape and dtype. @internal Library code only. @throws BusyError while a step uses the tensor. */
  static receiveGrad(tensor: Tensor, grad: Tensor | null): void {
    tensor.#checkIdle('grad')
    tensor.#setGrad(grad, false)
  }

  /** Sets the gradient after a compiled step. Reading a `used` one is an error. @internal Library code only. */
  static leaveGrad(tensor: Tensor, grad: Tensor | null, used: boolean): void {
    tensor.#setGrad(grad, used)
  }

  /** The node that made `tensor`, or its leaf's; null where no gradient is required. @internal Library code only. */
  static nodeOf(tensor: Tensor): Node | null {
    if (!tensor.#requiresGrad) return null
    tensor.#node ??= leafNode(tensor)
    return tensor.#node
  }

  /** Sets the node that made `tensor`. @internal Library code only. */
  static attach(tensor: Tensor, node: Node): void {
    tensor.#node = node
    tensor.#requiresGrad = true
  }
}

/**
 * A new tensor of this shape with uninitialised elements, all of which the caller writes. Not a method: nobody else may
 * read what other data left in memory.
 */
export function allocateTensor(shape: Shape, dtype: DType, op = 'allocate'): Tensor {
  checkDType(op, dtype)
  return new Tensor({ storage: allocate(dtype, sizeOf(shape), op), shape, dtype })
}

/** The error for a tensor whose elements are gone, or were never there. */
export function noElements(what: string, { shape, storage }: Tensor): ArgumentError {
  const why = storage.isRecorded
    ? 'which stands for a value of a compiled function: return it from there'
    : 'whose buffer was transferred elsewhere'
  return new ArgumentError(`${what}: expected a tensor with its elements, got one of shape ${showShape(shape)} ${why}`)
}

// The ops' methods are on the prototype behind the class's own, in whatever order modules are evaluated.
Object.setPrototypeOf(Tensor.prototype, methods)
