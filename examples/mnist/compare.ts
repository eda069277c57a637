// Times one training step three ways: compiled, eager, and eager on the reference backend.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { backendInfo, compile, getBackend, type nn, optim, setBackend, type Tensor } from 'blasgrad'
import { trainStep } from '../support/classifier.js'
import { wholeNumber } from '../support/numbers.js'
import { createModel } from './model.js'

const rounds = 9

interface Way {
  readonly name: string
  readonly backend: 'native' | 'reference'
  /** Steps per sample. */
  readonly steps: number
  readonly isCompiled: boolean
}

/** The last one is the baseline. */
const ways: readonly Way[] = [
  { name: 'compiled steps', backend: 'native', steps: 20, isCompiled: true },
  { name: 'eager, op by op', backend: 'native', steps: 20, isCompiled: false },
  { name: 'pure TypeScript', backend: 'reference', steps: 1, isCompiled: false },
]

/** A way and its median milliseconds per step. */
export type Timed = Way & { readonly ms: number }

/**
 * Times a step each way, alternately, from the weights of `model` and with the same batch; null without the native backend.
 * The model does not change.
 */
export async function compareWays(
  model: nn.Layer,
  hidden: readonly number[],
  [x, y]: readonly [Tensor, Tensor],
): Promise<Timed[] | null> {
  if (backendInfo().native === null) return null
  const before = getBackend()
  const runs = ways.map(({ isCompiled }) => {
    const copy = createModel(hidden)
    copy.loadStateDict(model.stateDict())
    const step = trainStep(copy, new optim.Adam(copy.parameters()))
    const run = isCompiled ? compile(step).sync : step
    return { run, times: [] as number[] }
  })
  try {
    for (let round = -1; round < rounds; round++) {
      for (const [i, { backend, steps }] of ways.entries()) {
        const { run, times } = runs[i]
        await nextTurn()
        setBackend(backend)
        run(x, y)
        const started = performance.now()
        for (let step = 0; step < steps; step++) run(x, y)
        if (round >= 0) times.push((performance.now() - started) / steps)
      }
    }
  } finally {
    setBackend(before)
  }
  return ways.map((way, i) => ({ ...way, ms: median(runs[i].times) }))
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]

/** A printable table: samples per second each way, and the speed-up over the last. */
export function describeWays(timed: readonly Timed[], batch: number): string[] {
  const last = timed[timed.length - 1]
  const rows = timed.map(({ name, ms }) => [name, wholeNumber((1000 * batch) / ms), (last.ms / ms).toFixed(1)])
  const widths = [0, 1, 2].map(column => Math.max(...rows.map(row => row[column].length)))
  return rows.map(([name, speed, times], i) => {
    const line = `  ${name.padEnd(widths[0])}  ${speed.padStart(widths[1])}`
    return i === rows.length - 1 ? line : `${line}  ${times.padStart(widths[2])} times pure TypeScript`
  })
}
