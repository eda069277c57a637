// The network: embeddings of users and items. The logit is their dot product plus a small tower on both vectors.

import { concat, nn, type Tensor } from 'blasgrad'

export interface Sizes {
  readonly users: number
  readonly items: number
  /** Width of the embeddings. */
  readonly width: number
  readonly hidden: number
}

export class Recommender extends nn.Module {
  readonly users: nn.Embedding
  readonly items: nn.Embedding
  readonly tower: nn.Sequential<readonly nn.Layer[]>

  constructor({ users, items, width, hidden }: Sizes) {
    super()
    this.users = new nn.Embedding(users, width)
    this.items = new nn.Embedding(items, width)
    for (const { weight } of [this.users, this.items]) nn.init.normal(weight, 0, 0.3)
    this.tower = new nn.Sequential(new nn.Linear(2 * width, hidden), new nn.ReLU(), new nn.Linear(hidden, 1))
  }

  /** Ids [batch] of users and of items to logits [batch]. */
  override forward(users: Tensor, items: Tensor): Tensor {
    const [u, v] = [this.users.forward(users), this.items.forward(items)]
    return this.tower
      .forward(concat([u, v], 1))
      .squeeze(1)
      .add(u.mul(v).sum(1))
  }
}
