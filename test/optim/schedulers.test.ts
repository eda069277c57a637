// Schedulers of learning rates: PyTorch's rates over a thousand steps, saved state, what they refuse.

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { nn, optim, tensor } from '../../lib/index.js'

const { lrScheduler } = optim

interface Case {
  readonly optimizer: 'SGD' | 'Adam'
  readonly call: readonly [name: string, options: Record<string, unknown> | string]
  readonly title: string
  readonly steps: number
  readonly rates: readonly (readonly number[])[]
  readonly momenta?: readonly (readonly number[])[]
}
const { at, cases } = JSON.parse(readFileSync(new URL('../fixtures/schedulers.json', import.meta.url), 'utf8')) as {
  at: readonly number[]
  cases: readonly Case[]
}

type Optimizer = optim.SGD | optim.Adam
type Scheduler = optim.lrScheduler.LRScheduler | optim.lrScheduler.ReduceLROnPlateau

function optimizerOf(kind: 'SGD' | 'Adam'): Optimizer {
  const groups = [{ params: [new nn.Parameter([0])] }, { params: [new nn.Parameter([0])], lr: 0.5 }]
  return kind === 'SGD' ? new optim.SGD(groups, { lr: 0.1, momentum: 0.9 }) : new optim.Adam(groups, { lr: 0.1 })
}

/** Those that the fixture's script makes of several parts. */
const composed: Readonly<Record<string, (o: Optimizer) => Scheduler>> = {
  'warm-up': o =>
    new lrScheduler.SequentialLR(o, {
      schedulers: [
        new lrScheduler.LinearLR(o, { startFactor: 0.1, totalIters: 20 }),
        new lrScheduler.CosineAnnealingLR(o, { tMax: 980 }),
      ],
      milestones: [20],
    }),
  three: o =>
    new lrScheduler.SequentialLR(o, {
      schedulers: [
        new lrScheduler.ConstantLR(o, { factor: 0.1, totalIters: 5 }),
        new lrScheduler.ExponentialLR(o, { gamma: 0.9 }),
        new lrScheduler.StepLR(o, { stepSize: 10, gamma: 0.5 }),
      ],
      milestones: [10, 30],
    }),
  chained: o =>
    new lrScheduler.ChainedScheduler([
      new lrScheduler.ConstantLR(o, { factor: 0.1, totalIters: 20 }),
      new lrScheduler.ExponentialLR(o, { gamma: 0.99 }),
    ]),
  '0.95 ** e': o => new lrScheduler.LambdaLR(o, epoch => 0.95 ** epoch),
  '1 / (1 + e / 1000)': o => new lrScheduler.MultiplicativeLR(o, epoch => 1 / (1 + epoch / 1000)),
}

type Constructor = new (optimizer: Optimizer, options: unknown) => Scheduler
const make = (optimizer: Optimizer, [name, options]: Case['call']): Scheduler =>
  typeof options === 'string'
    ? composed[options](optimizer)
    : new (lrScheduler as unknown as Record<string, Constructor>)[name](optimizer, options)

const metric = (i: number): number => [1 / (1 + Math.floor(i / 37)), 0.5, 0.499999][i % 3]

function step(scheduler: Scheduler, number: number): void {
  if (scheduler instanceof lrScheduler.ReduceLROnPlateau) scheduler.step(metric(number))
  else scheduler.step()
}

const momentumOf = (group: object): number =>
  'betas' in group ? (group.betas as number[])[0] : (group as { momentum: number }).momentum

/** The most by which two lists differ, of the second one's size. */
const apart = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((x, i) => Math.abs(x - b[i]) / Math.max(Math.abs(b[i]), 1e-12)))

const titled = cases.map((each, i) => [`${each.call[0]} ${each.title} ${i}`, each] as const)

describe('PyTorch’s rates', () => {
  test.each(titled)('%s', (_, each) => {
    const optimizer = optimizerOf(each.optimizer)
    const scheduler = make(optimizer, each.call)
    let read = 0
    for (let number = 0; number < each.steps; number++) {
      if (at[read] === number) {
        const rates = optimizer.paramGroups.map(({ lr }) => lr)
        expect(apart(rates, each.rates[read]), `step ${number}: ${rates}, PyTorch ${each.rates[read]}`).toBeLessThan(
          1e-12,
        )
        expect(scheduler.getLastLr()).toEqual(rates)
        if (each.momenta !== undefined) {
          expect(apart(optimizer.paramGroups.map(momentumOf), each.momenta[read])).toBeLessThan(1e-12)
        }
        read++
      }
      if (number + 1 < each.steps) step(scheduler, number)
    }
    expect(read).toBe(each.rates.length)
  })
})

describe('saved state', () => {
  test.each(titled)('%s goes on as if nothing had happened', (_, each) => {
    const [kept, loaded] = [optimizerOf(each.optimizer), optimizerOf(each.optimizer)]
    const scheduler = make(kept, each.call)
    for (let i = 0; i < 23; i++) step(scheduler, i)
    const other = make(loaded, each.call)
    // What JSON keeps is enough.
    other.loadStateDict(JSON.parse(JSON.stringify(scheduler.stateDict())))
    loaded.loadStateDict(kept.stateDict())
    for (let i = 23; i < 39; i++) {
      step(scheduler, i)
      step(other, i)
      expect(loaded.paramGroups.map(({ lr }) => lr)).toEqual(kept.paramGroups.map(({ lr }) => lr))
      expect(loaded.paramGroups.map(momentumOf)).toEqual(kept.paramGroups.map(momentumOf))
    }
  })
})

describe('refused', () => {
  const sgd = optimizerOf('SGD')
  const plain = new optim.SGD([new nn.Parameter([0])], { lr: 0.1 })
  const linear = new lrScheduler.LinearLR(sgd)
  const rows: readonly (readonly [string, () => unknown, RegExp])[] = [
    ['no optimizer', () => new lrScheduler.StepLR({} as never, { stepSize: 1 }), /StepLR: expected an optimizer/],
    ['no step size', () => new lrScheduler.StepLR(sgd, {} as never), /StepLR: expected the option stepSize, got none/],
    ['a step size of 0', () => new lrScheduler.StepLR(sgd, { stepSize: 0 }), /stepSize to be 1 or more, got 0/],
    [
      'another name',
      () => new lrScheduler.StepLR(sgd, { step: 1 } as never),
      /expected options stepSize, gamma, got step/,
    ],
    ['milestones of text', () => new lrScheduler.MultiStepLR(sgd, { milestones: ['1'] as never }), /array of integers/],
    ['a start factor of 0', () => new lrScheduler.LinearLR(sgd, { startFactor: 0 }), /startFactor to be above 0/],
    ['a start factor above 1', () => new lrScheduler.LinearLR(sgd, { startFactor: 2 }), /startFactor in \(0, 1\]/],
    ['tMax 0', () => new lrScheduler.CosineAnnealingLR(sgd, { tMax: 0 }), /tMax to be 1 or more/],
    ['t0 0', () => new lrScheduler.CosineAnnealingWarmRestarts(sgd, { t0: 0 }), /t0 and tMult to be 1 or more/],
    [
      'no steps',
      () => new lrScheduler.OneCycleLR(sgd, { maxLr: 1 }),
      /expected totalSteps, or epochs and stepsPerEpoch/,
    ],
    [
      'three rates for two groups',
      () => new lrScheduler.CyclicLR(sgd, { baseLr: [1, 1, 1], maxLr: 1 }),
      /one for each of 2 groups/,
    ],
    ['a factor of 1', () => new lrScheduler.ReduceLROnPlateau(sgd, { factor: 1 }), /factor to be below 1/],
    ['a metric of text', () => new lrScheduler.ReduceLROnPlateau(sgd).step('1' as never), /the metric as a number/],
    [
      'two functions for one group',
      () => new lrScheduler.LambdaLR(plain, [() => 1, () => 1]),
      /one for each of 1 groups/,
    ],
    ['no schedulers', () => new lrScheduler.ChainedScheduler([]), /expected a list of schedulers/],
    [
      'another optimizer’s',
      () => new lrScheduler.SequentialLR(plain, { schedulers: [linear], milestones: [] }),
      /one optimizer/,
    ],
    [
      'too few milestones',
      () => new lrScheduler.SequentialLR(sgd, { schedulers: [linear, linear], milestones: [] }),
      /expected 1 milestones/,
    ],
    ['another state', () => linear.loadStateDict({}), /expected a scheduler's state of 2 groups/],
  ]
  test.each(rows)('%s', (_, call, message) => {
    expect(call).toThrow(message)
  })

  test('a step after the cycle', () => {
    const cycle = new lrScheduler.OneCycleLR(plain, { maxLr: 1, totalSteps: 2, cycleMomentum: false })
    cycle.step()
    cycle.step()
    expect(() => cycle.step()).toThrow('OneCycleLR: expected at most 2 steps, got another')
  })
})

test('a scheduler of your own gives its rates', () => {
  class Inverse extends lrScheduler.LRScheduler {
    constructor(optimizer: optim.SGD) {
      super(optimizer)
      this.start()
    }
    protected override rates(): readonly number[] {
      return this.baseLrs.map(lr => lr / (1 + this.lastEpoch))
    }
  }
  const optimizer = new optim.SGD([new nn.Parameter(tensor([1]))], { lr: 1 })
  const scheduler = new Inverse(optimizer)
  const rates = [optimizer.lr]
  for (let i = 0; i < 3; i++) {
    scheduler.step()
    rates.push(optimizer.lr)
  }
  expect(rates).toEqual([1, 1 / 2, 1 / 3, 1 / 4])
})
