// Generates text: samples one character at a time from the logits of a compiled forward pass.

import { compile, rand, type Tensor, tensor } from 'blasgrad'
import type { CharGpt } from './model.js'
import type { Vocabulary } from './sonnets.js'

export interface Manner {
  /** Divides the logits; below 1, likely characters become likelier. */
  readonly temperature: number
  /** Samples among this many likeliest characters; all by default. */
  readonly topK?: number
}

/** Returns a function that continues a text by that many characters. The model must be in evaluation mode. */
export function createWriter(
  model: CharGpt,
  vocabulary: Vocabulary,
  context: number,
): (prompt: string, length: number, manner: Manner) => Promise<string> {
  // The context is padded at its end: the model is causal, so the padding changes nothing before it.
  const follow = compile((ids: Tensor, last: Tensor, temperature: Tensor) =>
    model.forward(ids).squeeze(0).indexSelect(0, last).squeeze(0).div(temperature).softmax(),
  )
  return async (prompt, length, { temperature, topK = vocabulary.size }) => {
    const ids = vocabulary.encode(prompt)
    const passage = new Int32Array(context)
    for (let made = 0; made < length; made++) {
      const near = ids.slice(-context)
      passage.fill(0).set(near)
      const last = tensor(Int32Array.of(near.length - 1), { dtype: 'int32' })
      const shares = await follow(tensor(passage, { dtype: 'int32', shape: [1, context] }), last, tensor(temperature))
      ids.push(choose(Array.from(shares.data), topK, rand([]).item()))
    }
    return vocabulary.decode(ids)
  }
}

/** Samples among the `topK` likeliest by inverse transform; `at` is uniform in [0, 1). */
export function choose(shares: readonly number[], topK: number, at: number): number {
  const order = [...shares.keys()].sort((a, b) => shares[b] - shares[a]).slice(0, topK)
  let left = at * order.reduce((sum, id) => sum + shares[id], 0)
  for (const id of order) {
    left -= shares[id]
    if (left < 0) return id
  }
  return order[0]
}
