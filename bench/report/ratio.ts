// How many times as fast one is as another, over the rounds of one race, and whether that is what is wanted.

import type { Figure } from '../support/timing.js'
import { digits } from './format.js'

export interface Ratio {
  /** Of the medians. */
  readonly ratio: number
  /** The smallest and the largest of a round. */
  readonly min: number
  readonly max: number
}

/** How many times as fast `figure` is as `other`, both of one race. */
export function ratioOver(figure: Figure, other: Figure): Ratio {
  const both = Math.min(figure.samples.length, other.samples.length)
  const rounds = figure.samples.slice(0, both).map((sample, round) => other.samples[round] / sample)
  return { ratio: other.median / figure.median, min: Math.min(...rounds), max: Math.max(...rounds) }
}

type Figures<Name extends string> = Readonly<Partial<Record<Name, Figure>>>

/** The name and figure with the smallest median of those named; null where none of them has a figure. */
export function fastest<Name extends string>(figures: Figures<Name>, names: readonly Name[]): [Name, Figure] | null {
  let best: [Name, Figure] | null = null
  for (const name of names) {
    const figure = figures[name]
    if (figure !== undefined && (best === null || figure.median < best[1].median)) best = [name, figure]
  }
  return best
}

/** A ratio's range, as the tables print it. */
export const range = ({ min, max }: Ratio): string => `${digits(min)}–${digits(max)}`

/** Times over PyTorch that a row is to reach at least. */
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

/** Times over the best other library in JavaScript that every workload is to reach at least. */
export const javaScriptTarget = 5

/** Times over our own TypeScript backend, where products of matrices dominate. */
export const referenceTarget = 15
const dominatedByProducts = ['small-mlp SGD', 'small-mlp Adam', 'medium-mlp', 'large-mlp', 'cnn', 'char-gpt']

export const referenceTargetOf = (workload: string): number | undefined =>
  dominatedByProducts.includes(workload) ? referenceTarget : undefined

/** The part of the speed of calling `cblas_sgemm` directly that a product is to reach at least. */
export const gemmTarget = 0.97

/** The cells "at least" and "met"; empty where there is no target or no ratio. */
export function verdict(ratio: Ratio | null, target: number | undefined): [string, string] {
  if (target === undefined) return ['', '']
  return [digits(target), ratio === null ? '' : ratio.ratio >= target ? 'yes' : 'no']
}
