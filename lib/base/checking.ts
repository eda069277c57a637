// BLASGRAD_CHECK=1: enables checks that take many times as long. Read once, when the library loads.

/** Enables checks of saved values (lib/core/saved.ts) and of compiled steps, recorded and run (lib/compile/check/). */
export const isChecking = process.env.BLASGRAD_CHECK === '1'
