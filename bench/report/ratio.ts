// Speed-ups over the rounds of one race, and their targets.

import type { Figure } from '../support/timing.js'
import { digits } from './format.js'

export interface Ratio {
  /** The ratio of the medians. */
  readonly ratio: number
  /** The smallest and largest ratio of a round. */
  readonly min: number
  readonly max: number
}

/** The speed-up of `figure` over `other`, both of one race. */
export function ratioOver(figure: Figure, other: Figure): Ratio {
  const both = Math.min(figure.samples.length, other.samples.length)
  const rounds = figure.samples.slice(0, both).map((sample, round) => other.samples[round] / sample)
  return { ratio: other.median / figure.median, min: Math.min(...rounds), max: Math.max(...rounds) }
}

type Figures<Name extends string> = Readonly<Partial<Record<Name, Figure>>>

/** The name and figure with the smallest median among `names`; null if none has a figure. */
export function fastest<Name extends string>(figures: Figures<Name>, names: readonly Name[]): [Name, Figure] | null {
  let best: [Name, Figure] | null = null
  for (const name of names) {
    const figure = figures[name]
    if (figure !== undefined && (best === null || figure.median < best[1].median)) best = [name, figure]
  }
  return best
}

/** A ratio's range, for the tables. */
export const range = ({ min, max }: Ratio): string => `${digits(min)}–${digits(max)}`

/** Target speed-ups over PyTorch. */
export const targets: Readonly<Record<string, number>> = {
  'tiny-mlp': 30,
  'tiny-mlp, epoch': 30,
  'small-mlp SGD': 3.5,
  'small-mlp Adam': 6,
  'medium-mlp': 2,
  'large-mlp': 1.5,
  recsys: 8,
  cnn: 2.5,
  'char-gpt': 2,
  softmax: 1.5,
  chain: 4,
  'a.mul(b)': 5,
  'a.mul(b).sum().backward()': 5,
}

/** Target speed-up over the best other JavaScript library, for every workload. */
export const javaScriptTarget = 5

/** Target speed-up over our TypeScript backend, where matrix products dominate. */
export const referenceTarget = 15
const dominatedByProducts = ['small-mlp SGD', 'small-mlp Adam', 'medium-mlp', 'large-mlp', 'cnn', 'char-gpt']

export const referenceTargetOf = (workload: string): number | undefined =>
  dominatedByProducts.includes(workload) ? referenceTarget : undefined

/** Target speed of a product, relative to calling `cblas_sgemm` directly. */
export const gemmTarget = 0.97

/** The cells "target" and "met"; empty without a target or a ratio. */
export function verdict(ratio: Ratio | null, target: number | undefined): [string, string] {
  if (target === undefined) return ['', '']
  return [digits(target), ratio === null ? '' : ratio.ratio >= target ? 'yes' : 'no']
}
