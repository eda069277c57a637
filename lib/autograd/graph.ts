// The graph: what made each value, the topological order, and the walk back. Nothing here knows a particular op.

import { ArgumentError, GradientError, showShape, showValue } from '../base/errors.js'
import { checkedWhereUsed, checkOptions, flag, type Schema } from '../base/options.js'
import { type BackwardMemory, withBackwardMemory } from '../core/backward-memory.js'
import { context } from '../core/context.js'
import type { Saved } from '../core/saved.js'
import { newestStorage } from '../core/storage.js'
import { Tensor, type TensorLike } from '../core/tensor.js'
import { add } from '../ops/arithmetic.js'
import { addInto, asGradient, expandTo, ownCopy } from './gradients.js'

/** How one result was made: the nodes of its inputs, and how its gradient goes back to each of them. */
export class Node {
  /** Set on the node of a leaf: its gradient ends here. */
  leaf: Tensor | null = null
  /** The intermediate value that asked to keep its gradient. */
  retainedBy: Tensor | null = null
  /** What backward reads; null once it was walked without retainGraph. */
  saved: Saved | null
  /** The last sort that met it, and where it stands in its order: a walk within a walk may have sorted since. */
  sort = 0
  at = 0

  constructor(
    readonly parents: readonly (Node | null)[],
    saved: Saved | null,
  ) {
    this.saved = saved
  }
}

export function leafNode(leaf: Tensor): Node {
  const node = new Node([], null)
  node.leaf = leaf
  return node
}

let sorts = 0

/** The nodes that `root` was made from, itself last; each once, after all of its parents. */
function topologicalOrder(root: Node): Node[] {
  const order: Node[] = []
  const sort = ++sorts
  root.sort = sort
  const path = [root]
  /** For each node of the path, which of its parents is next. */
  const next = [0]
  while (path.length > 0) {
    const last = path.length - 1
    const node = path[last]
    const { parents } = node
    if (next[last] === parents.length) {
      node.at = order.length
      order.push(node)
      path.pop()
      next.pop()
      continue
    }
    const parent = parents[next[last]++]
    if (parent !== null && parent.sort !== sort) {
      parent.sort = sort
      path.push(parent)
      next.push(0)
    }
  }
  return order
}

/** Where a node stands in an order that it is in. */
const placeOf = (node: Node, order: readonly Node[]): number =>
  order[node.at] === node ? node.at : order.indexOf(node)

export interface BackwardOptions {
  /** Keep what the walk needs, so that the graph can be walked again. */
  readonly retainGraph?: boolean
}

export interface GradOptions extends BackwardOptions {
  /** What to start from; ones by default. */
  readonly gradient?: TensorLike
  /** Note the gradients' own computation, so that they can be differentiated in turn. */
  readonly createGraph?: boolean
  /** Give null for an input that the output does not depend on, where the default is an error. */
  readonly allowUnused?: boolean
}

interface Walk {
  readonly root: Node
  /** Of the root; the caller's. */
  readonly gradient: Tensor
  readonly retainGraph: boolean
  readonly createGraph: boolean
  /** What the walk is for; all leaves where it is left out. */
  readonly wanted?: ReadonlySet<Node>
  /** Gets each node's whole gradient once; returns what it keeps. */
  readonly arrive: (node: Node, gradient: Tensor) => Tensor | null
}

/** Goes back from the root. */
function walk(how: Walk): void {
  // What is noted, or belongs to a program, stays.
  if (how.createGraph || context.recording !== null) walkWith(how, null)
  else withBackwardMemory(memory => walkWith(how, memory))
}

function walkWith(
  { root, gradient, retainGraph, createGraph, wanted, arrive }: Walk,
  memory: BackwardMemory | null,
): void {
  const order = topologicalOrder(root)
  const needed = wanted === undefined ? undefined : leadingTo(order, wanted)
  /** Gradients that wait for their node, by its place. */
  const pending: (Tensor | null)[] = order.map(() => null)
  /** Those that were made here to add up in: more may be added in place. */
  const owned: boolean[] = []
  const wait = (place: number, part: Tensor): void => {
    memory?.hold(part)
    pending[place] = part
  }
  wait(order.length - 1, gradient)
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]
    const sum = pending[i]
    if (sum === null) continue
    pending[i] = null
    const kept = arrive(node, sum)
    if (kept !== null) memory?.hold(kept)
    if (node.leaf === null) goBack(node, sum)
    memory?.release(sum)
    memory?.sweep()
  }

  function goBack(node: Node, sum: Tensor): void {
    if (node.saved === null) {
      throw new GradientError('backward: the graph was walked before; pass retainGraph: true the first time')
    }
    const gradientFor = node.saved.gradients(sum)
    for (let j = 0; j < node.parents.length; j++) {
      const parent = node.parents[j]
      if (parent === null || (needed !== undefined && !needed.has(parent))) continue
      const part = gradientFor(j)
      if (part === null) continue
      const place = placeOf(parent, order)
      const before = pending[place]
      if (before === null) wait(place, part)
      else if (!(owned[place] && !createGraph && addInto(before, part))) {
        wait(place, add(before, part))
        memory?.release(before)
        owned[place] = true
      }
    }
    if (!retainGraph) node.saved = null
  }
}

/** Those of `order` from which some wanted node is reached. */
function leadingTo(order: readonly Node[], wanted: ReadonlySet<Node>): Set<Node> {
  const leading = new Set<Node>()
  for (const node of order) {
    if (wanted.has(node) || node.parents.some(parent => parent !== null && leading.has(parent))) leading.add(node)
  }
  return leading
}

function start(op: string, output: Tensor, gradient: TensorLike | undefined): { root: Node; gradient: Tensor } {
  const root = Tensor.nodeOf(output)
  if (root === null) {
    throw new GradientError(
      `${op}: the tensor does not require a gradient and nothing it was made from does (what a compiled step gives is ` +
        'outside the graph: call backward in its function)',
    )
  }
  return { root, gradient: asGradient(op, output, gradient) }
}

function inGradMode<R>(mode: boolean, fn: () => R): R {
  const before = context.gradMode
  context.gradMode = mode
  try {
    return fn()
  } finally {
    context.gradMode = before
  }
}

const backwardOptions: Schema<BackwardOptions> = { retainGraph: flag }
const gradOptions: Schema<GradOptions> = {
  ...backwardOptions,
  gradient: checkedWhereUsed,
  createGraph: flag,
  allowUnused: flag,
}

export function runBackward(output: Tensor, gradient: TensorLike | undefined, options: BackwardOptions): void {
  checkOptions('backward', options, backwardOptions)
  inGradMode(false, () => {
    const { root, gradient: given } = start('backward', output, gradient)
    // A tensor of the user's may be some leaf's `.grad`, to which the walk adds in place while others still read it.
    const first = gradient instanceof Tensor ? ownCopy(given) : given
    const startedAt = newestStorage()
    const taken = new Set<unknown>()
    const arrive = (node: Node, sum: Tensor): Tensor | null => {
      const target = node.leaf ?? node.retainedBy
      if (target === null) return null
      const whole = expandTo(sum, target.shape)
      const before = Tensor.gradOf(target)
      if (before !== null && !taken.has(before.storage)) {
        addInto(before, whole)
        return null
      }
      const total = before === null ? whole : add(before, whole)
      // A gradient is handed over as it is only if this walk made it and nobody else got it.
      const fresh = total.storage.serial > startedAt && !taken.has(total.storage)
      taken.add(total.storage)
      const left = fresh && !total.requiresGrad ? total : ownCopy(total)
      Tensor.receiveGrad(target, left)
      return left
    }
    walk({ root, gradient: first, retainGraph: options.retainGraph ?? false, createGraph: false, arrive })
  })
}

/**
 * The gradients of `output` with respect to `inputs`, as values: no `.grad` is touched.
 * @returns one tensor for each input, of its shape; null for an unused one with allowUnused.
 * @throws GradientError where an input is not part of the graph.
 */
export function grad(output: Tensor, inputs: Tensor, options?: GradOptions): Tensor
export function grad<const T extends readonly Tensor[]>(
  output: Tensor,
  inputs: T,
  options?: GradOptions,
): { -readonly [K in keyof T]: Tensor }
export function grad(output: Tensor, inputs: Tensor | readonly Tensor[], options: GradOptions = {}): unknown {
  if (!(output instanceof Tensor))
    throw new ArgumentError(`grad: expected a Tensor as output, got ${showValue(output)}`)
  const list = inputs instanceof Tensor ? [inputs] : inputs
  if (!Array.isArray(list) || !list.every(input => input instanceof Tensor)) {
    throw new ArgumentError(`grad: expected a Tensor or a list of them as inputs, got ${showValue(inputs)}`)
  }
  checkOptions('grad', options, gradOptions)
  const nodes = list.map(input => Tensor.nodeOf(input))
  const createGraph = options.createGraph ?? false
  const found = new Map<Node, Tensor>()
  const wanted = new Set(nodes.filter(node => node !== null))
  const results = inGradMode(createGraph, () => {
    const from = start('grad', output, options.gradient)
    const arrive = (node: Node, sum: Tensor): Tensor | null => {
      if (!wanted.has(node)) return null
      found.set(node, sum)
      return sum
    }
    walk({ ...from, retainGraph: options.retainGraph ?? createGraph, createGraph, wanted, arrive })
    return list.map((input, i) => {
      const node = nodes[i]
      const value = node === null ? undefined : found.get(node)
      if (value !== undefined) {
        const whole = expandTo(value, input.shape)
        return createGraph ? whole : ownCopy(whole)
      }
      if (options.allowUnused) return null
      throw new GradientError(
        `grad: input ${i} of shape ${showShape(input.shape)} is not part of the output's graph; pass allowUnused: true to get null`,
      )
    })
  })
  return inputs instanceof Tensor ? results[0] : results
}
