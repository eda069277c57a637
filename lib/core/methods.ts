// The methods that Tensors get from ops and from the backward walk: the prototype behind Tensor's own.

import { markCopy } from '../base/copies.js'
import { ArgumentError } from '../base/errors.js'

export const methods: Record<string, unknown> = {}

/** Makes `call` a method, `this` being its first argument. `variadic`: takes any number after it. */
// biome-ignore lint/complexity/noBannedTypes: methods of any signature
export function addMethod(name: string, call: Function, variadic: boolean): void {
  const method = variadic
    ? function (this: unknown, ...rest: unknown[]) {
        return call(this, ...rest)
      }
    : function (this: unknown, b: unknown, c: unknown) {
        return call(this, b, c)
      }
  Object.defineProperty(methods, name, { value: method, writable: true, configurable: true, enumerable: false })
}

/**
 * Text where text is expected, as in a template.
 * @throws ArgumentError in arithmetic and comparisons, of which JavaScript would make NaN and false.
 */
function toPrimitive(this: object, hint: string): string {
  if (hint === 'string') return this.toString()
  throw new ArgumentError(
    'Tensor: expected a number in JavaScript’s own arithmetic and comparisons, got a tensor: use its methods (add, less), ' +
      'or item() for the number',
  )
}

Object.defineProperty(methods, Symbol.toPrimitive, { value: toPrimitive })
markCopy(methods)
