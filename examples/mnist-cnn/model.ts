// The network.

import { nn } from 'blasgrad'

/** The side of a digit's image, in pixels. */
export const side = 28

/**
 * Images [n, 1, 28, 28]; for each number of channels a convolution of 3 × 3, ReLU and max-pooling by 2; then 10 logits:
 * one per digit. At most four convolutions: the image is halved for each.
 */
export function createModel(channels: readonly number[]): nn.Layer {
  const ins = [1, ...channels]
  const blocks = channels.flatMap((outs, i): nn.Layer[] => [
    new nn.Conv2d(ins[i], outs, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
  ])
  const left = channels.reduce(size => Math.floor(size / 2), side)
  return new nn.Sequential(...blocks, new nn.Flatten(), new nn.Linear(ins[ins.length - 1] * left * left, 10))
}
