// Types of serve.mjs's exports, for the tests.

interface Elements {
  data: Float32Array | Int32Array
  shape: number[]
}

export function load(path: string): Record<string, Elements>
export function layerFlops(sizes: readonly number[], batch: number): number
export function inner(gradient: Float32Array, g: Elements): number
export function weightNames(tensors: Record<string, Elements>): string[]
export function batchesIn(tensors: Record<string, Elements>, count: number): Elements[][]
