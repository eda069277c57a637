// Formats numbers for the tables. Times are in microseconds.

import type { Figure } from '../support/timing.js'

/** Three significant digits: 0.0123, 1.23, 123, 12,300. */
export function digits(value: number): string {
  const rounded = Number(value.toPrecision(3))
  return rounded.toLocaleString('en', { maximumFractionDigits: 6 })
}

/** A time in ns, µs or ms. */
export function time(us: number): string {
  if (us < 1) return `${digits(us * 1000)} ns`
  return us < 1000 ? `${digits(us)} µs` : `${digits(us / 1000)} ms`
}

/** Smallest and largest sample, as percentages off the median. */
export function spread({ median, min, max }: Figure): string {
  const percent = (value: number): string => `${Math.round((value / median - 1) * 100)}`
  return `${percent(min)}…+${percent(max)}%`
}

/** The speed-up of `figure` over `other`. */
export const speedUp = (figure: Figure, other: Figure): number => other.median / figure.median

export const times = (ratio: number): string => `${digits(ratio)}×`
