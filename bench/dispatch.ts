// Measures the overhead of eager ops: small tensors, with and without a gradient, on both backends; the smallest also in
// PyTorch.

import { randn, setBackend, type Tensor } from 'blasgrad'
import { withTensors } from './peers/exchange.js'
import type { Finalist } from './peers/timed-peer.js'
import { agreeing } from './report/agreement.js'
import { speedUp, spread, time, times } from './report/format.js'
import { type Ratio, range, ratioOver, targets, verdict } from './report/ratio.js'
import { printTable } from './report/table.js'
import { backendNames, on, use } from './support/backends.js'
import { printScalingNote, type Scaling, scalingCell, timedOnCores } from './support/cores.js'
import type { Group, Settings } from './support/group.js'
import { compare, type Figure, patient, race } from './support/timing.js'

const sizes = [4, 256, 4096]
/** The size that PyTorch is timed on too: so small that only overhead counts. */
const comparedSize = 4

interface Expression {
  readonly name: string
  readonly requiresGrad: boolean
  readonly backward: boolean
  /** Drops the gradients of the previous run first. */
  readonly run: (a: Tensor, b: Tensor) => Tensor
}

const multiply = (a: Tensor, b: Tensor): Tensor => a.mul(b)

/** The expressions, on two tensors with or without a gradient. */
const expressions: readonly Expression[] = [
  { name: 'a.mul(b)', requiresGrad: false, backward: false, run: multiply },
  { name: 'a.mul(b), gradient noted', requiresGrad: true, backward: false, run: multiply },
  {
    name: 'a.mul(b).sum().backward()',
    requiresGrad: true,
    backward: true,
    run: (a, b) => {
      a.zeroGrad()
      b.zeroGrad()
      const total = a.mul(b).sum()
      total.backward()
      return total
    },
  },
]

interface DispatchResult {
  readonly expression: string
  readonly elements: number
  readonly native: Figure
  readonly reference: Figure
  readonly faster: number
  /** Null: not timed or not installed. */
  readonly pytorch: Figure | null
  readonly overPyTorch: Ratio | null
  readonly scaling: Scaling | null
}

/** Prepares PyTorch for the expression on these tensors and checks its result. */
async function finalistsFor(
  { name, requiresGrad, backward, run }: Expression,
  tensors: { readonly a: Tensor; readonly b: Tensor },
  { peers, smoke }: Settings,
): Promise<readonly Finalist[]> {
  const pytorch = smoke || tensors.a.size !== comparedSize ? null : await peers.pytorch()
  if (pytorch === null) return []
  const { a, b } = tensors
  const finalists = await withTensors({ a: a.detach(), b: b.detach() }, file =>
    pytorch.finalists({ kind: 'dispatch', requiresGrad, backward }, file, null, 1),
  )
  const ours = run(a, b).detach().sum().item()
  agreeing(name, { eager: ours, ...Object.fromEntries(finalists.map(({ value }) => ['PyTorch', value])) })
  return finalists
}

async function timeExpression(expression: Expression, elements: number, settings: Settings): Promise<DispatchResult> {
  use('native')
  const { name, requiresGrad, run } = expression
  const [a, b] = [randn([elements], { requiresGrad }), randn([elements], { requiresGrad })]
  const finalists = await finalistsFor(expression, { a, b }, settings)
  const all = [
    ...backendNames.map(backend => on(backend, () => void run(a, b))),
    ...finalists.map(({ contestant }) => contestant),
  ]
  const { result, scaling } = await timedOnCores(settings.peers, settings.smoke, take =>
    race<string>(all, patient(settings.plan), { take }),
  )
  const { figures, lost } = result
  if (finalists.length > 0) {
    const pytorch = await settings.peers.pytorch()
    for (const [setting, error] of lost) pytorch?.note(setting, error)
    await pytorch?.release()
  }
  setBackend('native')
  const { native, reference } = figures as Record<'native' | 'reference', Figure>
  const pytorch = figures[finalists[0]?.name ?? ''] ?? null
  return {
    expression: name,
    elements,
    native,
    reference,
    faster: speedUp(native, reference),
    pytorch,
    overPyTorch: pytorch && ratioOver(native, pytorch),
    scaling,
  }
}

const cells = (result: DispatchResult): string[] => {
  const { expression, elements, native, reference, faster, pytorch, overPyTorch, scaling } = result
  return [
    expression,
    elements.toLocaleString('en'),
    time(native.median),
    spread(native),
    time(reference.median),
    spread(reference),
    times(faster),
    faster < 1 ? 'slower' : '',
    pytorch === null ? '' : time(pytorch.median),
    pytorch === null ? '' : spread(pytorch),
    overPyTorch === null ? '' : times(overPyTorch.ratio),
    overPyTorch === null ? '' : range(overPyTorch),
    ...verdict(overPyTorch, elements === comparedSize ? targets[expression] : undefined),
    scalingCell(scaling),
  ]
}

const header = [
  ...['expression', 'elements', 'native', 'spread', 'TypeScript', 'spread', 'faster', ''],
  ...['PyTorch', 'spread', '× PyTorch', 'range', 'target', 'met', 'cores'],
]

export const dispatchBench: Group = async settings => {
  const results: DispatchResult[] = []
  const { floor } = await compare([{ name: 'floor', run: () => {} }], patient(settings.plan))
  for (const expression of expressions) {
    for (const elements of sizes) results.push(await timeExpression(expression, elements, settings))
  }
  printTable(
    `dispatch: eager ops, one call (floor: an empty function, ${time(floor.median)})`,
    header,
    results.map(cells),
  )
  printScalingNote(results.map(({ scaling }) => scaling))
  return [{ expression: 'empty function', floor }, ...results]
}
