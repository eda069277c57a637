// Memory the reference kernels work in: float64, grown when needed, shared by all of them, valid within one call.

let memory = new Float64Array(1024)

/** At least n doubles, with whatever was in them. */
export function scratch(n: number): Float64Array {
  if (memory.length < n) memory = new Float64Array(Math.max(n, 2 * memory.length))
  return memory
}
