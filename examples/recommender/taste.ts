// A synthetic world of users and items with known probabilities of liking, so that the best possible AUC is known.

import { data, type Tensor, tensor } from 'blasgrad'

/** Pairs of users and items, with the users' answers. */
export interface Pairs {
  /** int32 [count]. */
  readonly users: Tensor
  /** int32 [count]. */
  readonly items: Tensor
  /** 1 or 0, float32 [count]. */
  readonly liked: Tensor
  /** The probability that the user likes the item. */
  readonly truth: Float64Array
}

/** Weights of the match between user and item, and of the item's popularity. */
const [shared, popular] = [2.5, 0.7]

/**
 * Users and items are points of `traits` dimensions, drawn around 0; a user likes an item with probability
 * σ(2.5·u·v/√traits + 0.7·w), w the item's popularity.
 */
export class World {
  readonly #users: readonly Float64Array[]
  readonly #items: readonly Float64Array[]
  readonly #popularity: Float64Array
  readonly #random: () => number

  constructor(users: number, items: number, traits: number, seed: number) {
    this.#random = randomFrom(seed)
    const point = (): Float64Array => Float64Array.from({ length: traits }, () => this.#normal())
    this.#users = Array.from({ length: users }, point)
    this.#items = Array.from({ length: items }, point)
    this.#popularity = Float64Array.from({ length: items }, () => this.#normal())
  }

  /** Pairs drawn at random, each with an answer. */
  draw(count: number): Pairs {
    const below = (limit: number): Int32Array =>
      Int32Array.from({ length: count }, () => Math.floor(this.#random() * limit))
    const [users, items] = [below(this.#users.length), below(this.#items.length)]
    const truth = Float64Array.from(users, (user, i) => this.#probability(user, items[i]))
    const liked = Float32Array.from(truth, probability => (this.#random() < probability ? 1 : 0))
    return { users: tensor(users), items: tensor(items), liked: tensor(liked), truth }
  }

  #probability(user: number, item: number): number {
    const [u, v] = [this.#users[user], this.#items[item]]
    const together = u.reduce((sum, trait, i) => sum + trait * v[i], 0) / Math.sqrt(u.length)
    return 1 / (1 + Math.exp(-shared * together - popular * this.#popularity[item]))
  }

  /** By the Box–Muller transform. */
  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random())
  }
}

export const datasetOf = ({ users, items, liked }: Pairs): data.TensorDataset<[Tensor, Tensor, Tensor]> =>
  new data.TensorDataset(users, items, liked)

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
