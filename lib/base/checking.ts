// BLASGRAD_CHECK=1: whether everything is to be looked at twice, at many times the cost. Read once, when the library loads.

/** What is checked: saved values (lib/core/saved.ts), and what compiled steps record and compute (lib/compile/check/). */
export const isChecking = process.env.BLASGRAD_CHECK === '1'
