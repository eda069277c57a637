// How a row that is not elementwise is written: its signature's text, then what sets it apart from the usual row.

import type { Kernel } from '../signature.js'

/** A row: floats only, nothing in place, not bit-exact across backends, unless `options` says so. */
export function kernel<const S extends string>(
  kind: Kernel['class'],
  signature: S,
  options: Partial<Omit<Kernel, 'class' | 'signature'>> = {},
): Kernel<S> {
  return { dtypes: 'floats', inPlace: [], exact: false, ...options, class: kind, signature }
}
