// The one cost model: how long work takes on one thread, in µs. Arithmetic is counted in operations where a row gives
// them, all else in bytes of memory. Planner and executor share it; decision 10 has what the constants were fitted to.

import { type KernelName, kernelRow } from '../table.js'

/** What one thread does in a µs, and from how many µs on work is shared among threads. */
export const rates = {
  flopsPerMicro: 80_000,
  bytesPerMicro: 16_000,
  /** 300,000 operations of a product: it gains from a second thread earlier than what waits for memory. */
  leastSharedProduct: 3.75,
  /** 256 KiB of memory traffic. */
  leastShared: 16.384,
  /** A parallel region: its chains meet once. */
  leastSharedRegion: 8,
} as const

/** Whether arithmetic bounds a kernel's duration, and not memory: a row gives operations, more than one for each element. */
export function isArithmetic(name: KernelName): boolean {
  const { class: kind, flops } = kernelRow(name)
  return flops !== undefined && kind !== 'elementwise' && kind !== 'reduction'
}

/** The duration of a call of so many operations on so many bytes. */
export const microsOfCall = (name: KernelName, flops: number, bytes: number): number =>
  isArithmetic(name) ? flops / rates.flopsPerMicro : microsOfBytes(bytes)

export const microsOfBytes = (bytes: number): number => bytes / rates.bytesPerMicro
