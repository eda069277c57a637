// Checks that contestants computed the same values.

export type Values = Readonly<Record<string, number>>

/** The largest difference allowed. */
export const tolerance = 1e-3

/** The largest difference from the first value: relative, absolute below 1. */
export function difference(values: Values): number {
  const [first, ...others] = Object.values(values)
  return Math.max(0, ...others.map(value => Math.abs(value - first) / Math.max(1, Math.abs(first))))
}

/** Returns the values by contestant. @throws Error if one is no number or differs from the first. */
export function agreeing(what: string, values: Values): Values {
  const [[whose, first]] = Object.entries(values)
  for (const [name, value] of Object.entries(values)) {
    if (difference({ first, value }) <= tolerance && Number.isFinite(first)) continue
    throw new Error(`${what}: expected ${whose} and ${name} to agree to ${tolerance}, got ${first} and ${value}`)
  }
  return values
}
