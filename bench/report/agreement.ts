// Whether those that did the same computed the same.

export type Values = Readonly<Record<string, number>>

/** How far values may be from each other. */
export const tolerance = 1e-3

/** How far the farthest is from the first, as the tolerance counts it: relative, absolute below 1. */
export function difference(values: Values): number {
  const [first, ...others] = Object.values(values)
  return Math.max(0, ...others.map(value => Math.abs(value - first) / Math.max(1, Math.abs(first))))
}

/** The values, by who computed them. @throws Error if one is not a number, or is not that of the first. */
export function agreeing(what: string, values: Values): Values {
  const [[whose, first]] = Object.entries(values)
  for (const [name, value] of Object.entries(values)) {
    if (difference({ first, value }) <= tolerance && Number.isFinite(first)) continue
    throw new Error(`${what}: expected ${whose} and ${name} to agree to ${tolerance}, got ${first} and ${value}`)
  }
  return values
}
