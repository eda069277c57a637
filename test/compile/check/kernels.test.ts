// BLASGRAD_CHECK=1: a kernel, a plan or an executor that gives something else than the reference is named, before state
// was written. The faults are put in between: into what makes the executors.

import { describe, expect } from 'vitest'
import type { NumberArray } from '../../../lib/base/dtype.js'
import { checkedExecutor } from '../../../lib/compile/check/executor.js'
import { executorFor } from '../../../lib/compile/executors.js'
import { isGroup, isRegion, type MakeExecutor, type Plan, type Work } from '../../../lib/compile/plan.js'
import { record } from '../../../lib/compile/record.js'
import { flatten } from '../../../lib/compile/tree.js'
import { allocateTensor } from '../../../lib/core/tensor.js'
import { nn, optim, type Tensor, tensor } from '../../../lib/index.js'
import { backendsUnderTest } from '../../support/backends.js'
import { ids, network, testsOn, x } from '../support/on-backend.js'

const found = (pattern: RegExp) => expect.objectContaining({ code: 'CHECK', message: expect.stringMatching(pattern) })

describe.each(backendsUnderTest)('on %s', backend => {
  const on = testsOn(backend)
  const make = executorFor(backend)

  /** A run of `fn` by executors that `wrong` makes, of a plan that `change` has changed. */
  function run(
    fn: (...args: never[]) => unknown,
    args: readonly Tensor[],
    {
      wrong = make,
      change = plan => plan,
      fusion = true,
    }: {
      wrong?: MakeExecutor
      change?: (plan: Plan) => Plan
      fusion?: boolean
    },
  ): NumberArray[] {
    const { program, plan, recorder, results } = record(fn as never, args, flatten('test', args), { fusion }, make)
    const checked = { program, plan: change(plan), opOf: recorder.opOf.bind(recorder) }
    const outs = results.map(({ shape, dtype }) => allocateTensor(shape, dtype).storage.array)
    checkedExecutor(wrong, checked).run(
      args.map(({ storage }) => storage.array),
      outs,
    )
    return outs
  }

  /** Executors of plans in which one kernel is another. */
  const swapped =
    (kernel: string, other: string): MakeExecutor =>
    plan => {
      const swap = <T extends { readonly kernel: string }>(call: T): T =>
        call.kernel === kernel ? { ...call, kernel: other } : call
      const swapWork = (work: Work): Work => (isGroup(work) ? { ...work, members: work.members.map(swap) } : swap(work))
      const steps = plan.steps.map(step =>
        isRegion(step)
          ? { chains: step.chains.map(chain => ({ ...chain, steps: chain.steps.map(swapWork) })) }
          : swapWork(step),
      )
      return make({ ...plan, steps })
    }

  const body = (a: Tensor): Tensor => a.mul(2).tanh().add(a).sum()

  on('what is right passes', () => {
    const [[sum]] = run(body as never, [tensor([1, 2])], {})
    expect(sum).toBeCloseTo(Math.tanh(2) + Math.tanh(4) + 3, 5)
  })

  on('a wrong kernel in a group is named, with its first wrong element', () => {
    const message = found(
      /^check: step 0, "group .*: member 1, tanh: element 0 is 0\.88\d+, the reference has 0\.96\d+$/s,
    )
    expect(() => run(body as never, [tensor([1, 2])], { wrong: swapped('tanh', 'sigmoid') })).toThrow(message)
  })

  on('a wrong kernel that is a step of its own is named with its op; state is as it was', () => {
    const model = network()
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
    const train = (a: Tensor, y: Tensor): Tensor => {
      optimizer.zeroGrad()
      const loss = nn.functional.crossEntropy(model.forward(a), y)
      loss.backward()
      optimizer.step()
      return loss
    }
    const before = model.parameters().map(p => p.toArray())
    const args = [tensor(x), ids()]
    run(train as never, args, {})
    const trained = model.parameters().map(p => p.toArray())
    expect(trained).not.toEqual(before)
    const wrong = swapped('relu', 'neg')
    const message = found(/^check: step \d+, "%\d+ = relu [^"]*" of relu: %\d+: element \d+ is/)
    expect(() => run(train as never, args, { wrong, fusion: false })).toThrow(message)
    expect(model.parameters().map(p => p.toArray())).toEqual(trained)
  })

  on('a small error is found where it is larger than rounding', () => {
    const off =
      (factor: number): MakeExecutor =>
      plan => {
        const executor = make(plan)
        const written = plan.program.values[plan.program.values.length - 1].origin
        return {
          run(args, results) {
            const bad = executor.run(args, results)
            if (plan.steps.length === 1 && 'array' in written) written.array[0] *= factor
            return bad
          },
        }
      }
    const logs = (a: Tensor): Tensor => a.softmax().log()
    const args = [tensor([[1, 2, 3]])]
    expect(() => run(logs as never, args, { wrong: off(1 + 1e-6), fusion: false })).not.toThrow()
    expect(() => run(logs as never, args, { wrong: off(1.01), fusion: false })).toThrow(found(/step 1, "[^"]*" of log/))
  })

  on('a plan that says something else than was recorded', () => {
    const change = (plan: Plan): Plan => ({ ...plan, steps: plan.steps.filter((_, i) => i !== 1) })
    const twice = (a: Tensor): Tensor[] => [a.exp(), a.sum()]
    const args = [tensor([1, 2])]
    expect(() => run(twice as never, args, { change, fusion: false, wrong: unchecked(make) })).toThrow(
      found(/^check: planned, it gives another result 1, %2 float32 1 made, element 0 than recorded: NaN, expected 3$/),
    )
  })

  on('a run that gives something else than its steps', () => {
    const w = new nn.Parameter([1, 1])
    const wrong: MakeExecutor = plan => {
      const executor = make(plan)
      return {
        run(args, results) {
          const bad = executor.run(args, results)
          if (results.length > 0) w.data[1] = 7
          return bad
        },
      }
    }
    const assigns = (a: Tensor): Tensor => w.assign(a.mul(2)).sum()
    expect(() => run(assigns as never, [tensor([3, 4])], { wrong })).toThrow(
      found(
        /^check: run as a whole, it gives another state, %\d+ float32 2 state, element 1 than its steps.*: 7, expected 8$/,
      ),
    )
  })

  on('a bad index that is not reported', () => {
    const table = new nn.Parameter([[1], [2]])
    const wrong: MakeExecutor = plan => {
      const executor = make(plan)
      return {
        run(args, results) {
          executor.run(args, results)
          return null
        },
      }
    }
    const look = (rows: Tensor): Tensor => nn.functional.embedding(rows, table)
    expect(() => run(look as never, [tensor(Int32Array.of(5))], { wrong })).toThrow(
      found(/step 0, .* of take: got no bad index, expected a bad index, 5 at 0$/),
    )
  })
})

/** Executors that take any plan, and run only what can be run. */
function unchecked(make: MakeExecutor): MakeExecutor {
  return plan => (plan.arenaBytes === 0 ? make(plan) : { run: () => null })
}
