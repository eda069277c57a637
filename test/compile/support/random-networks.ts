// Random small networks with their training: any seed gives layers, a loss, an optimizer, batches and options, to be
// trained eager and compiled from the same weights.

import { compile } from '../../../lib/compile/compile.js'
import type { CompileOptions } from '../../../lib/compile/step.js'
import * as bg from '../../../lib/index.js'
import { nn, optim, type Tensor } from '../../../lib/index.js'
import { Random } from '../../support/random.js'

type Dtype = 'float32' | 'float64'
type Batch = readonly [x: Tensor, y: Tensor]

export interface Training {
  /** Trains on the next batch, or the next few where gradients accumulate; gives the losses. */
  step(): number[]
  /** The elements of parameters and optimizer state. */
  state(): number[][]
}

export interface Network {
  /** In words, for messages. */
  readonly what: string
  /** From the same weights and random numbers each time; without options, eager. */
  start(options?: CompileOptions): Training
}

export interface NetworkOptions {
  readonly dtype: Dtype
  /** By default any. */
  readonly optimizer?: 'SGD'
}

const activations: Readonly<Record<string, () => nn.Layer>> = {
  relu: () => new nn.ReLU(),
  tanh: () => new nn.Tanh(),
  sigmoid: () => new nn.Sigmoid(),
  gelu: () => new nn.GELU(),
  'gelu-tanh': () => new nn.GELU({ approximate: 'tanh' }),
  softmax: () => new nn.Softmax(),
}

const { crossEntropy, nllLoss, mseLoss, l1Loss, huberLoss, binaryCrossEntropyWithLogits } = nn.functional
const classLosses: Readonly<Record<string, (out: Tensor, y: Tensor) => Tensor>> = {
  crossEntropy: (out, y) => crossEntropy(out, y),
  smoothed: (out, y) => crossEntropy(out, y, { labelSmoothing: 0.1 }),
  summed: (out, y) => crossEntropy(out, y, { reduction: 'sum', ignoreIndex: 1 }).mul(0.2),
  nll: (out, y) => nllLoss(out.softmax().add(1e-3).log(), y),
}
const regressionLosses: Readonly<Record<string, (out: Tensor, y: Tensor) => Tensor>> = {
  mse: (out, y) => mseLoss(out, y),
  l1: (out, y) => l1Loss(out, y),
  huber: (out, y) => huberLoss(out, y, { delta: 0.5 }),
  binary: (out, y) => binaryCrossEntropyWithLogits(out, y.sigmoid()),
}

/** Noise and masks drawn anew at each call: what dropout does. */
const noises: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  quiet: x => x,
  still: x => x,
  normal: x => x.add(bg.randn(x.shape, { dtype: x.dtype }).mul(0.1)),
  mask: x => bg.where(bg.rand(x.shape, { dtype: x.dtype }).less(0.8), x.div(0.8), 0),
}

class Model extends nn.Module {
  constructor(
    readonly body: nn.Sequential,
    readonly table: nn.Embedding | null,
    readonly noise: (x: Tensor) => Tensor,
  ) {
    super()
  }

  override forward(x: Tensor): Tensor {
    return this.body.forward(this.noise(this.table === null ? x : this.table.forward(x).flatten(1)))
  }
}

export function drawNetwork(seed: number, { dtype, optimizer: only }: NetworkOptions): Network {
  const random = new Random(seed)
  const chance = (probability: number): boolean => random.next() < probability
  const oneOf = <T>(items: readonly T[]): T => items[random.integer(items.length)]
  const nameIn = (record: object): string => oneOf(Object.keys(record))

  const words = chance(0.3) ? 2 + random.integer(5) : 0
  const inputs = words > 0 ? 4 : 1 + random.integer(6)
  const classes = 2 + random.integer(4)
  const layers: (() => nn.Layer)[] = []
  const shown: string[] = [words > 0 ? `embedding ${words}` : `in ${inputs}`]
  let width = inputs
  for (let depth = random.integer(4); depth > 0; depth--) {
    const [from, to, bias, norm, activation] = [
      width,
      1 + random.integer(12),
      chance(0.8),
      chance(0.3),
      nameIn(activations),
    ]
    layers.push(() => new nn.Linear(from, to, { bias, dtype }))
    // A row of one or two has no spread to divide by but eps: it would magnify rounding.
    if (norm && to > 2) layers.push(() => new nn.LayerNorm(to, { dtype }))
    layers.push(activations[activation])
    shown.push(`linear ${to}${bias ? '' : ' no bias'}${norm && to > 2 ? ' norm' : ''} ${activation}`)
    width = to
  }
  const last = width
  layers.push(() => new nn.Linear(last, classes, { dtype }))
  const classifies = chance(0.5)
  const lossName = nameIn(classifies ? classLosses : regressionLosses)
  const lossOf = (classifies ? classLosses : regressionLosses)[lossName]
  const noise = nameIn(noises)
  const clip = oneOf(['none', 'none', 'norm', 'largest', 'value'])
  const micro = oneOf([1, 1, 1, 2, 3])
  const lr = random.between(0.001, 0.05)
  const kind = only ?? oneOf(['SGD', 'momentum', 'Adam', 'AdamW'])
  const batch = 2 + random.integer(8)
  const sizes = [batch, batch, 1 + random.integer(batch)]
  shown.push(
    `out ${classes}`,
    lossName,
    noise,
    `clip ${clip}`,
    `micro ${micro}`,
    kind,
    `lr ${lr.toFixed(4)}`,
    `batches ${sizes}`,
  )

  const normals = (shape: readonly number[]): Tensor =>
    bg.tensor(
      Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
      { shape, dtype },
    )
  const integers = (bound: number, shape: readonly number[]): Tensor =>
    bg.tensor(
      Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.integer(bound)),
      { shape },
    )
  const batches = sizes.map(
    (size): Batch => [
      words > 0 ? integers(words, [size, 2]) : normals([size, inputs]),
      classifies ? integers(classes, [size]) : normals([size, classes]),
    ],
  )

  const optimizerFor = (model: nn.Module): optim.SGD | optim.Adam => {
    const parameters = model.parameters()
    if (kind === 'SGD') return new optim.SGD(parameters, { lr })
    if (kind === 'momentum') return new optim.SGD(parameters, { lr, momentum: 0.9, nesterov: true, weightDecay: 0.01 })
    return kind === 'Adam' ? new optim.Adam(parameters, { lr }) : new optim.AdamW(parameters, { lr })
  }

  return {
    what: `seed ${seed}, ${dtype}: ${shown.join(', ')}`,
    start(options) {
      bg.manualSeed(seed)
      const table = words > 0 ? new nn.Embedding(words, inputs / 2, { dtype }) : null
      const model = new Model(new nn.Sequential(...layers.map(make => make())), table, noises[noise])
      const optimizer = optimizerFor(model)
      const maybeCompiled = <A extends Tensor[], R>(fn: (...args: A) => R): ((...args: A) => R) =>
        options === undefined ? fn : compile(fn, options).sync
      const lossAndGradient = (x: Tensor, y: Tensor): Tensor => {
        const loss = lossOf(model.forward(x), y)
        loss.div(micro).backward()
        return loss
      }
      const update = (): Tensor => {
        const parameters = model.parameters()
        const none = parameters[0].detach().sum()
        if (clip === 'value') optim.clipGradValue(parameters, 0.05)
        const norms = { norm: 2, largest: Number.POSITIVE_INFINITY }
        const norm =
          clip === 'norm' || clip === 'largest' ? optim.clipGradNorm(parameters, 0.1, { normType: norms[clip] }) : none
        optimizer.step()
        return norm
      }
      const whole = maybeCompiled((x: Tensor, y: Tensor) => {
        optimizer.zeroGrad()
        const loss = lossAndGradient(x, y)
        return [loss, update()]
      })
      const accumulate = maybeCompiled(lossAndGradient)
      const apply = maybeCompiled(() => {
        const norm = update()
        optimizer.zeroGrad()
        return norm
      })
      let next = 0
      const take = (): Batch => batches[next++ % batches.length]
      return {
        step: () => {
          if (micro === 1) return whole(...take()).map(t => t.item())
          const losses = Array.from({ length: micro }, () => accumulate(...take()).item())
          return [...losses, apply().item()]
        },
        state: () => {
          const kept = Object.values(optimizer.stateDict().state)
          return [...model.parameters(), ...kept].map(t => Array.from(t.data))
        },
      }
    },
  }
}
