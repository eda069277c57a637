// defineOp: a user's own op, its gradients and its mistakes.

import { describe, expect, test } from 'vitest'
import { compile, defineOp, grad, Tensor, tensor, zeros } from '../../lib/index.js'

describe('defineOp', () => {
  const cube = defineOp({
    name: 'cube',
    forward: ([x]) => x.mul(x).mul(x),
    vjp: (g, { inputs: [x] }) => [g.mul(x).mul(x).mul(3)],
  })

  test('computes, differentiates, and twice', () => {
    const x = new Tensor([1, 2])
    cube([x]).sum().backward()
    expect(x.grad?.toArray()).toEqual([3, 12])
    const first = grad(cube([x]).sum(), x, { createGraph: true })
    expect(grad(first.sum(), x).toArray()).toEqual([6, 12])
  })

  test('takes options', () => {
    const scale = defineOp<{ by: number }>({
      name: 'scale',
      forward: ([x], { by }) => x.mul(by),
      vjp: (g, { params: { by } }) => [g.mul(by)],
    })
    const x = new Tensor([1, 2])
    scale([x], { by: 5 }).sum().backward()
    expect(x.grad?.toArray()).toEqual([5, 5])
  })

  test('says what is wrong with it', () => {
    expect(() => defineOp({ name: 'x' } as never)).toThrow('defineOp: expected { name, forward, vjp }')
    const bad = defineOp({ name: 'bad', forward: ([x]) => x.mul(1), vjp: () => [zeros([3])] })
    expect(() =>
      bad([new Tensor([1, 2])])
        .sum()
        .backward(),
    ).toThrow('bad: expected a gradient of shape [2] from vjp, got [3]')
    const none = defineOp({ name: 'none', forward: () => 3 as never, vjp: () => [] })
    expect(() => none([new Tensor(1)])).toThrow('none: expected forward to return a Tensor, got 3')
  })

  const x = (): Tensor => new Tensor([1, 2])

  test('vjp runs once a walk and gives the gradients of all inputs', () => {
    let runs = 0
    const product = defineOp({
      name: 'product',
      forward: ([a, b]) => a.mul(b),
      vjp: (g, { inputs: [a, b] }) => {
        runs++
        return [g.mul(b), g.mul(a)]
      },
    })
    const [a, b] = [x(), x()]
    product([a, b]).sum().backward()
    expect(runs).toBe(1)
    expect([a.grad?.toArray(), b.grad?.toArray()]).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  test('a result that forward did not make is copied', () => {
    const kept = tensor([5, 6])
    const y = defineOp({ name: 'kept', forward: () => kept, vjp: g => [g] })([x()])
    y.assign([0, 0])
    expect(kept.toArray()).toEqual([5, 6])
  })

  test.each<[string, unknown]>([
    ['one gradient in place of a list', x()],
    ['too few', []],
    ['nothing', undefined],
  ])('vjp that returns %s is an error', (_, returned) => {
    const bad = defineOp({ name: 'bad', forward: ([a]) => a.neg(), vjp: () => returned as Tensor[] })
    expect(() => bad([x()]).sum().backward()).toThrow('bad: expected vjp to return a list of 1')
  })

  test('an error in vjp leaves gradients switched on', () => {
    const bad = defineOp({
      name: 'bad',
      forward: ([a]) => a.neg(),
      vjp: () => {
        throw new Error('boom')
      },
    })
    expect(() => bad([x()]).sum().backward()).toThrow('boom')
    expect(x().mul(2).requiresGrad).toBe(true)
  })

  test('without its parts', () => {
    expect(() => defineOp(undefined as never)).toThrow('defineOp: expected { name, forward, vjp }')
  })

  const sincos = defineOp({
    name: 'sincos',
    forward: ([x]) => [x.sin(), x.cos()],
    vjp: ([gs, gc], { results: [sin, cos] }) => [gs.mul(cos).sub(gc.mul(sin))],
  })

  test('a list of results: each is differentiated, and their gradients arrive together', () => {
    const x = new Tensor([0, 1, 2], { dtype: 'float64' })
    const [sin, cos] = sincos([x])
    expect(cos.toArray()).toEqual(x.cos().toArray())
    sin.add(cos.mul(3)).sum().backward()
    expect(x.grad?.toArray()).toEqual(x.cos().sub(x.sin().mul(3)).toArray())
  })

  test('a result that nothing used has a gradient of zeros', () => {
    const x = new Tensor([1, 2], { dtype: 'float64' })
    sincos([x])[1].sum().backward()
    expect(x.grad?.toArray()).toEqual(x.sin().neg().toArray())
  })

  test('results are differentiated twice, retain gradients and are inputs of grad', () => {
    const x = new Tensor([1, 2], { dtype: 'float64' })
    const [sin, cos] = sincos([x])
    const first = grad(sin.mul(cos).sum(), x, { createGraph: true })
    const second = grad(first.sum(), x).toArray() as number[]
    for (const [i, v] of [1, 2].entries()) expect(second[i]).toBeCloseTo(-2 * Math.sin(2 * v), 12)

    const [s, c] = sincos([x])
    c.retainGrad()
    const loss = s.mul(c).mul(c).sum()
    expect(grad(loss, s, { retainGraph: true }).toArray()).toEqual(c.mul(c).toArray())
    loss.backward()
    expect(c.grad?.toArray()).toEqual(s.mul(c).mul(2).toArray())
  })

  test('the graph of a list is walked once, and saved results are guarded', () => {
    const x = new Tensor([1, 2])
    const [sin, cos] = sincos([x])
    sin.sum().backward()
    expect(() => cos.sum().backward()).toThrow('backward: the graph was walked before')
    const [other] = sincos([x])
    const twice = other.mul(2).sum()
    other.assign([0, 0])
    expect(() => twice.backward()).toThrow('sincos: a value saved for backward was changed in place')
  })

  test('a result of integers in a list takes no part', () => {
    const sort = defineOp({
      name: 'largest',
      forward: ([x]) => [x.argmax(), x.max()],
      vjp: ([, g], { inputs: [x], results: [at] }) => [x.mul(0).add(tensor([0, 1, 2]).equal(at).mul(g))],
    })
    const x = new Tensor([1, 3, 2])
    const [at, largest] = sort([x])
    expect([at.requiresGrad, largest.requiresGrad]).toEqual([false, true])
    largest.backward()
    expect(x.grad?.toArray()).toEqual([0, 1, 0])
  })

  test('a list compiled gives what it gives eager', () => {
    const x = new Tensor([1, 2])
    const loss = (): Tensor => {
      const [sin, cos] = sincos([x])
      return sin.mul(cos).sum()
    }
    const expected = grad(loss(), x)
    const step = compile(() => grad(loss(), x), { captures: [x] })
    expect(step.sync().toArray()).toEqual(expected.toArray())
  })
})
