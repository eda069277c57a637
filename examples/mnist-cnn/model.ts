// The convolutional network.

import { nn } from 'blasgrad'

/** The side of a digit's image, in pixels. */
export const side = 28

/**
 * Takes images [n, 1, 28, 28]. Each number of channels adds a 3 × 3 convolution, ReLU and 2 × 2 max pooling; a linear layer
 * gives 10 logits, one per digit. At most four convolutions fit, since each pooling halves the image.
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
