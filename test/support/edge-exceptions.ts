// The samples of test/fixtures/edges.json that differ from PyTorch, with the reasons that
// docs/decisions/0016-corners-of-gradients.md gives: what differs of each is named, and must go on differing.

type Quantity = 'value' | 'first' | 'second'

interface Exception {
  readonly reason: string
  /** By the sample's op and title. */
  readonly samples: Readonly<Record<string, readonly Quantity[]>>
}

const all: readonly Exception[] = [
  {
    reason:
      'The gradient passes at a bound, so that a parameter held there can leave it; PyTorch 2.15 gives 0 (½ with tensors as bounds).',
    samples: {
      'clamp -1 1': ['first'],
      'clamp 0 None': ['first'],
      'clamp None 0.5': ['first'],
    },
  },
  {
    reason:
      "PyTorch's vector and scalar loops differ at NaN (and its hardswish is NaN at −∞, its hardsigmoid divides by 6 in float32).",
    samples: {
      relu6: ['first'],
      elu: ['first', 'second'],
      selu: ['first', 'second'],
      celu: ['first', 'second'],
      hardtanh: ['first'],
      hardswish: ['value', 'second'],
      hardsigmoid: ['first'],
      softshrink: ['first'],
      hardshrink: ['first'],
    },
  },
  {
    reason: 'A row that is ignored has the gradient 0, whatever its logits are.',
    samples: {
      'F.crossEntropy [inf, 0.0] -100 0.0': ['first'],
      'F.crossEntropy [inf, 0.0] -100 0.2': ['first'],
      'F.crossEntropy [0.0, inf] -100 0.0': ['first'],
      'F.crossEntropy [0.0, inf] -100 0.2': ['first'],
      'F.crossEntropy [nan, 0.0] -100 0.0': ['first'],
      'F.crossEntropy [nan, 0.0] -100 0.2': ['first'],
      'F.crossEntropy [-inf, -inf] -100 0.0': ['first'],
      'F.crossEntropy [-inf, -inf] -100 0.2': ['first'],
      'F.crossEntropy [inf, inf] -100 0.0': ['first'],
      'F.crossEntropy [inf, inf] -100 0.2': ['first'],
    },
  },
  {
    reason: 'The loss of a logit of −∞ against 1 is ∞.',
    samples: {
      binaryCrossEntropyWithLogits: ['value'],
    },
  },
  {
    reason: 'The slope is ±1 at infinities too, and 0 at NaN, as abs has it.',
    samples: {
      copysign: ['first', 'second'],
    },
  },
  {
    reason: 'Each gradient is the product of the other elements; PyTorch divides by the element.',
    samples: {
      'prod [nan, 1, 2]': ['first', 'second'],
      'prod [inf, 1, inf]': ['first', 'second'],
      'prod [-inf, -inf, -inf]': ['first', 'second'],
      'prod [inf, -inf, 1]': ['first', 'second'],
      'prod [1, -inf, 2]': ['first', 'second'],
      'prod [0, inf, 2]': ['second'],
      'prod [-inf, 0, 0]': ['second'],
    },
  },
  {
    reason: "The mean of infinities is subtracted twice, for the digits of finite numbers: NaN for PyTorch's ±∞.",
    samples: {
      'variance [inf, 1, inf]': ['first'],
      'variance [1, -inf, 2]': ['first'],
      'variance [0, inf, 2]': ['first'],
      'variance [-inf, 0, 0]': ['first'],
    },
  },
  {
    reason: 'The norm of zeros has a second derivative of 0, as it has a first of 0.',
    samples: {
      'norm 2 [0, 0, 0]': ['second'],
    },
  },
  {
    reason:
      'Elements that are 0 have the gradient 0 beside infinities too, and second derivatives follow the same formula.',
    samples: {
      'norm 0.5 [inf, 1, inf]': ['second'],
      'norm 0.5 [inf, -inf, 1]': ['second'],
      'norm 0.5 [0, 0, 0]': ['second'],
      'norm 0.5 [0, 2, 3]': ['second'],
      'norm 0.5 [0, -0.0, 3]': ['second'],
      'norm 0.5 [1, -inf, 2]': ['second'],
      'norm 0.5 [0, inf, 2]': ['first', 'second'],
      'norm 0.5 [-inf, 0, 0]': ['first', 'second'],
    },
  },
  {
    reason: 'It is the largest magnitude, whose gradient is NaN where that is NaN, as that of max.',
    samples: {
      'norm inf [1, nan, nan]': ['first'],
      'norm inf [nan, 1, 2]': ['first'],
    },
  },
  {
    reason: "A power of ±½ or 1½ of −∞ is C's pow, not a root: 0 or ∞.",
    samples: {
      'pow 0.5': ['first'],
      'pow -0.5': ['value'],
      'pow 1.5': ['second'],
    },
  },
  {
    reason: '0·ln 0 has the gradient 0 for both, so that probabilities of 0 harm no other.',
    samples: {
      xlogy: ['first'],
    },
  },
]

/** What of a sample differs from PyTorch, and why. */
export const exceptions: ReadonlyMap<string, { readonly differ: readonly Quantity[]; readonly reason: string }> =
  new Map(
    all.flatMap(({ reason, samples }) =>
      Object.entries(samples).map(([name, differ]) => [name, { differ, reason }] as const),
    ),
  )
