// The plans of training steps, and the bits that they leave: the bench's workloads, small networks of layers that those
// lack, and the plans of random programs.

import { compile, manualSeed, nn, optim, randn, setThreads, type Tensor } from 'blasgrad'
import { startTraining } from '../../bench/workloads/training.js'
import { inTurn, type Started, workloads } from '../../bench/workloads/workloads.js'
import { explain } from '../../lib/compile/explain.js'
import { makePlan } from '../../lib/compile/planner.js'
import { randomProgram } from '../compile/support/random-programs.js'
import { Bits } from './bits.js'

const randomPrograms = 200
const trainedSteps = 3

/** Training towards zeros on one batch of normal numbers, which `start` begins. */
function network<M extends nn.Module>(
  make: () => M,
  shape: readonly number[],
  forward: (model: M, x: Tensor) => Tensor,
) {
  return (): Started => {
    manualSeed(3)
    const model = make()
    return startTraining({
      model,
      update: new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9, weightDecay: 0.01 }),
      batches: [[randn(shape)]],
      named: [],
      loss: x => {
        const y = forward(model, x)
        return y.mul(y).mean()
      },
    })
  }
}

const layers = (shape: readonly number[], ...list: (() => nn.Layer)[]) =>
  network(
    () => new nn.Sequential(...list.map(make => make())),
    shape,
    (model, x) => model.forward(x),
  )

const encoder = (dropout: number): nn.TransformerEncoderLayer =>
  new nn.TransformerEncoderLayer(16, 4, { dimFeedforward: 32, dropout, batchFirst: true })

const starts: Readonly<Record<string, () => Started>> = {
  ...Object.fromEntries(workloads.map(({ name, start }) => [name, start])),
  lstm: network(
    () => new nn.LSTM(8, 16),
    [6, 4, 8],
    (model, x) => model.forward(x)[0],
  ),
  gru: network(
    () => new nn.GRU(8, 16),
    [6, 4, 8],
    (model, x) => model.forward(x)[0],
  ),
  transformer: network(
    () => encoder(0),
    [3, 7, 16],
    (model, x) => model.forward(x),
  ),
  'transformer with dropout': network(
    () => encoder(0.1),
    [3, 7, 16],
    (model, x) => model.forward(x),
  ),
  'attention to others': network(
    () => new nn.MultiheadAttention(16, 2, { batchFirst: true }),
    [3, 8, 16],
    (model, x) => model.forward(x.slice(null, [0, 5], null), x, x),
  ),
  'norms of channels': layers(
    [4, 4, 9, 9],
    () => new nn.Conv2d(4, 8, 3, { stride: 2, bias: false }),
    () => new nn.BatchNorm2d(8),
    () => new nn.GELU(),
    () => new nn.AvgPool2d(2),
    () => new nn.GroupNorm(2, 8),
  ),
  'norms of rows': layers(
    [9, 12],
    () => new nn.Linear(12, 20),
    () => new nn.LayerNorm(20),
    () => new nn.Tanh(),
    () => new nn.Dropout(0.2),
    () => new nn.Linear(20, 33, { bias: false }),
    () => new nn.RMSNorm(33),
    () => new nn.Softmax(),
  ),
}

const compiled = ({ step }: Started) => compile((...batch: Tensor[]) => step(...batch))

/** What `explain` tells, by network; random programs are one text. */
export function planTexts(): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const [name, begin] of Object.entries(starts)) {
    const start = begin()
    texts[name] = compiled(start).explain(...start.batches[0])
  }
  const programs = Array.from({ length: randomPrograms }, (_, seed) => randomProgram(seed).program)
  texts['random programs'] = programs.map(program => explain(program, makePlan(program, { fusion: true }))).join('\n\n')
  return texts
}

/** The bits of results, weights and gradients after compiled steps, by network and threads. */
export function trainedBits(): Record<string, string> {
  const hashes: Record<string, string> = {}
  for (const [name, begin] of Object.entries(starts)) {
    for (const threads of [1, 2]) {
      setThreads(threads)
      const start = begin()
      const run = inTurn(compiled(start).sync, start.batches)
      const bits = new Bits()
      for (let i = 0; i < trainedSteps; i++) bits.add(Float64Array.of(start.value(run())))
      for (const { data } of Object.values(start.tensors)) bits.add(data)
      hashes[`${name}, threads: ${threads}`] = bits.digest()
    }
  }
  return hashes
}
