// The methods that Tensors get from ops and from the backward walk: the prototype behind Tensor's own.

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
