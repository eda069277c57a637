// Twenty steps of each optimizer equal PyTorch's: parameters on the way, and what is kept at the end.

import { describe, expect, it } from 'vitest'
import { expectClose, fixture, makeOptimizer, setGradients, startParameters } from './fixture.js'

const tolerances = { float32: 2e-6, float64: 1e-13 }

describe.each(['float64', 'float32'] as const)('as PyTorch in %s', dtype => {
  it.each(fixture.runs.filter(run => run.dtype === dtype))('$name', run => {
    const parameters = startParameters(dtype)
    const storages = parameters.map(parameter => parameter.storage)
    const optimizer = makeOptimizer(run, parameters)
    const tolerance = tolerances[dtype]
    for (let i = 0; i < fixture.grads.length; i++) {
      if (i === run.change?.[0]) optimizer.lr = run.change[1]
      setGradients(parameters, i, run.without)
      optimizer.step()
      const at = fixture.traced.indexOf(i + 1)
      if (at < 0) continue
      for (const [j, expected] of run.trace[at].entries()) {
        expectClose(`parameter ${j} after step ${i + 1}`, parameters[j].data, expected, tolerance)
      }
    }
    expect(parameters.every((parameter, i) => parameter.storage === storages[i])).toBe(true)
    const { state } = optimizer.stateDict()
    expect(Object.keys(state).sort()).toEqual(Object.keys(run.state).sort())
    for (const [key, expected] of Object.entries(run.state)) {
      expectClose(key, state[key].data, expected, tolerance)
    }
  })
})
