// Text that the model makes: a character at a time, each drawn from what a compiled forward says may follow.

import { compile, rand, type Tensor, tensor } from 'blasgrad'
import type { CharGpt } from './model.js'
import type { Vocabulary } from './sonnets.js'

export interface Manner {
  /** What logits are divided by: below 1 the likely becomes likelier. */
  readonly temperature: number
  /** How many of the likeliest characters there are to choose from; all of them, where no number is given. */
  readonly topK?: number
}

/** Makes of the model what continues a text by so many characters. The model has to be in evaluation mode. */
export function createWriter(
  model: CharGpt,
  vocabulary: Vocabulary,
  context: number,
): (prompt: string, length: number, manner: Manner) => Promise<string> {
  // A passage is read whole, whatever is beyond its end: no character reads what comes after it.
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

/** The one of the `topK` likeliest that `at`, from 0 to 1, falls on where each is as wide as its share. */
export function choose(shares: readonly number[], topK: number, at: number): number {
  const order = [...shares.keys()].sort((a, b) => shares[b] - shares[a]).slice(0, topK)
  let left = at * order.reduce((sum, id) => sum + shares[id], 0)
  for (const id of order) {
    left -= shares[id]
    if (left < 0) return id
  }
  return order[0]
}
