// An earlier value in place of an operand: with the operand's shape, and within what its op is tested on.

import type { Tensor } from '../../../lib/index.js'
import type { Sampler } from '../../../lib/ops/machinery/samples.js'

export type Domain = keyof Sampler

/** The elements again and again, or the first of them. */
function reshaped(value: Tensor, like: Tensor): Tensor {
  if (value.shape.join() === like.shape.join()) return value
  if (value.size === like.size) return value.reshape(like.shape)
  const flat = value.reshape([-1])
  const fitting =
    value.size > like.size
      ? flat.slice([0, like.size])
      : flat.indexSelect(
          0,
          Int32Array.from({ length: like.size }, (_, i) => i % value.size),
        )
  return fitting.reshape(like.shape)
}

/** By domain, an operand's own values `own` and an earlier value of that shape in one; `isTame`: none is beyond 4. */
const fits: Partial<Record<Domain, (x: Tensor, own: Tensor, isTame: boolean) => Tensor>> = {
  mask: x => x,
  constant: x => x.detach(),
  real: (x, _, isTame) => (isTame ? x : x.tanh()),
  positive: x => x.sigmoid().mul(1.5).add(0.5),
  aboveOne: x => x.sigmoid().add(1.2),
  unit: x => x.sigmoid().mul(0.9).add(0.05),
  nonZero: (x, own) => x.tanh().mul(0.1).add(own),
  distinct: (x, own) => x.tanh().mul(0.01).add(own),
}

/** Whether an operand of that domain can be an earlier value; ids are their op's own. */
export const canFit = (domain: Domain | undefined): domain is Domain => domain !== undefined && domain in fits

/** `value` for the operand `own` of that domain. */
export function inPlaceOf(value: Tensor, own: Tensor, domain: Domain, isTame: boolean): Tensor {
  const make = fits[domain]
  if (make === undefined) throw new Error(`expected a domain that earlier values can fit, got ${domain}`)
  return make(reshaped(value, own), own, isTame)
}
