// Random numbers from Philox blocks, in TypeScript.

import { philox } from '../../base/philox.js'
import type { NumberArray } from '../signature.js'

const words = new Uint32Array(4)

/** Fills `words` with block `index` after the state's counter. */
function draw(state: Int32Array, index: number): void {
  const low = (state[2] >>> 0) + index
  const carry = low >= 4294967296 ? 1 : 0
  philox(low % 4294967296, state[3] + carry, 0, 0, state[0], state[1], words)
}

function uniform(n: number, low: number, high: number, at: number, state: Int32Array, out: NumberArray): void {
  const perBlock = out instanceof Float32Array ? 4 : 2
  const range = high - low
  for (let i = 0; i < n; i++) {
    const lane = i % perBlock
    if (lane === 0) draw(state, at + i / perBlock)
    const u =
      perBlock === 4
        ? (words[lane] >>> 8) * 2 ** -24
        : ((words[2 * lane] >>> 5) * 67108864 + (words[2 * lane + 1] >>> 6)) * 2 ** -53
    out[i] = low + range * u
    if (out[i] >= high) out[i] = low
  }
}

function normal(n: number, mean: number, std: number, at: number, state: Int32Array, out: NumberArray): void {
  for (let i = 0; i < n; i += 2) {
    if (i % 4 === 0) draw(state, at + i / 4)
    const lane = i % 4
    const radius = std * Math.sqrt(-2 * Math.log((words[lane] + 0.5) * 2 ** -32))
    const angle = 2 * Math.PI * words[lane + 1] * 2 ** -32
    out[i] = mean + radius * Math.cos(angle)
    if (i + 1 < n) out[i + 1] = mean + radius * Math.sin(angle)
  }
}

function dropoutMask(n: number, p: number, at: number, state: Int32Array, out: NumberArray): void {
  const limit = p * 4294967296
  for (let i = 0; i < n; i++) {
    if (i % 4 === 0) draw(state, at + i / 4)
    out[i] = words[i % 4] < limit ? 0 : 1 / (1 - p)
  }
}

export const random = { uniform, normal, dropoutMask }
