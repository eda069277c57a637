// How much faster a training step is on the native backend than on the pure-TypeScript one.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { backendInfo, getBackend, type nn, optim, setBackend, type Tensor } from 'blasgrad'
import { createModel, trainStep } from './model.js'

const rounds = 9

/** Median milliseconds of a step. */
export interface StepTimes {
  readonly native: number
  readonly reference: number
}

/**
 * Times a step on both backends, in turns, each from the weights of `model` and with the same batch; null where the
 * native backend is missing. The model stays as it is.
 */
export async function compareBackends(
  model: nn.Layer,
  hidden: readonly number[],
  [x, y]: readonly [Tensor, Tensor],
): Promise<StepTimes | null> {
  if (backendInfo().native === null) return null
  const before = getBackend()
  const start = (): (() => number) => {
    const copy = createModel(hidden)
    copy.loadStateDict(model.stateDict())
    const optimizer = new optim.Adam(copy.parameters())
    return () => trainStep(copy, optimizer, x, y)
  }
  const steps = { native: start(), reference: start() }
  const times: Record<keyof StepTimes, number[]> = { native: [], reference: [] }
  try {
    for (let round = -1; round < rounds; round++) {
      for (const backend of ['native', 'reference'] as const) {
        await nextTurn()
        setBackend(backend)
        steps[backend]()
        const started = performance.now()
        steps[backend]()
        if (round >= 0) times[backend].push(performance.now() - started)
      }
    }
  } finally {
    setBackend(before)
  }
  return { native: median(times.native), reference: median(times.reference) }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]
