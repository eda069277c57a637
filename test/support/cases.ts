// How many random cases a test tries, and from which seed: few and always the same in CI, many and other ones at
// `npm run test:fuzz`.

/** The seed of all that is drawn. */
export const seed = Number(process.env.FUZZ_SEED ?? 1)

/** `few` in CI; `many` at `npm run test:fuzz`, times what its `--runs` says. */
export function runs(few: number, many: number): number {
  const times = process.env.FUZZ_RUNS
  return times === undefined ? few : Math.ceil(many * Number(times))
}
