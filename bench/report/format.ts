// Numbers as the tables print them. Times come in microseconds.

import type { Figure } from '../support/timing.js'

/** Three figures that count: 0.0123, 1.23, 123, 12,300. */
export function digits(value: number): string {
  const rounded = Number(value.toPrecision(3))
  return rounded.toLocaleString('en', { maximumFractionDigits: 6 })
}

/** In the unit that suits it. */
export function time(us: number): string {
  if (us < 1) return `${digits(us * 1000)} ns`
  return us < 1000 ? `${digits(us)} µs` : `${digits(us / 1000)} ms`
}

/** Smallest and largest, in percent of the median. */
export function spread({ median, min, max }: Figure): string {
  const percent = (value: number): string => `${Math.round((value / median - 1) * 100)}`
  return `${percent(min)}…+${percent(max)}%`
}

/** How many times as fast `figure` is as `other`. */
export const timesFaster = (figure: Figure, other: Figure): number => other.median / figure.median

export const times = (ratio: number): string => `${digits(ratio)}×`
