// Runs a program in place and writes its results over tensors that were given, whatever memory these share with the
// arguments and with state.

import type { NumberArray } from '../base/dtype.js'
import { ArgumentError } from '../base/errors.js'
import type { Tensor } from '../core/tensor.js'
import type { Compiled } from './compiled.js'
import { arrayOf, arraysOf, conclude, freshResults } from './running.js'
import type { Leaf } from './tree.js'

/** @throws ArgumentError if two of `outs` share elements. */
export function runInto(compiled: Compiled, leaves: readonly Leaf[], outs: readonly Tensor[]): void {
  const targets = arraysOf(outs)
  refuseOverlaps(targets)
  // A large argument is read where it is until all results are written: one that is an out as well is copied.
  const inputs = leaves.map(leaf => {
    const array = arrayOf(leaf)
    return targets.some(target => overlap(target, array)) ? array.slice() : array
  })
  const written = readsOuts(compiled, targets) ? arraysOf(freshResults(compiled)) : targets
  conclude(compiled, compiled.executor.run(inputs, written))
  if (written !== targets) for (const [i, target] of targets.entries()) target.set(written[i])
  for (const { storage } of outs) storage.version++
}

/** Whether a result is state that lies where another result is written. */
function readsOuts({ plan: { program } }: Compiled, targets: readonly NumberArray[]): boolean {
  if (targets.length === 1) return false
  return program.results.some(id => {
    const { origin } = program.values[id]
    return origin.kind === 'state' && targets.some(target => overlap(target, origin.array))
  })
}

const overlap = (a: NumberArray, b: NumberArray): boolean =>
  a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength

function refuseOverlaps(arrays: readonly NumberArray[]): void {
  if (arrays.length === 1) return
  const byBuffer = new Map<ArrayBufferLike, number[]>()
  for (const [i, { buffer, length }] of arrays.entries()) {
    if (length === 0) continue
    const known = byBuffer.get(buffer)
    if (known === undefined) byBuffer.set(buffer, [i])
    else known.push(i)
  }
  for (const indices of byBuffer.values()) {
    indices.sort((i, j) => arrays[i].byteOffset - arrays[j].byteOffset)
    const at = indices.findIndex((index, i) => i > 0 && overlap(arrays[indices[i - 1]], arrays[index]))
    if (at === -1) continue
    const [first, second] = [indices[at - 1], indices[at]].sort((i, j) => i - j)
    throw new ArgumentError(
      `into: expected results in memory of their own, got results ${first} and ${second}, which share elements`,
    )
  }
}
