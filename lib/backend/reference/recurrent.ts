// LSTM and GRU over whole sequences in TypeScript: float64 arithmetic, a sample after another, rounded when stored.

import type { NumberArray } from '../signature.js'

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

/** Of sample n: where step i of the sequence is, and the one before; −1 before the first. */
function* stepsOf(n: number, steps: number, reverse: boolean): Generator<{ at: number; before: number }> {
  const place = (i: number): number => n * steps + (reverse ? steps - 1 - i : i)
  for (let i = 0; i < steps; i++) yield { at: place(i), before: i === 0 ? -1 : place(i - 1) }
}

/** Σ over j of weight[row, j]·h[at + j]. */
function dot(weight: NumberArray, row: number, hidden: number, h: NumberArray, at: number): number {
  let sum = 0
  for (let j = 0; j < hidden; j++) sum += weight[row * hidden + j] * h[at + j]
  return sum
}

/** Σ over the rows of g[at + row]·weight[row, j]. */
function column(weight: NumberArray, rows: number, hidden: number, g: NumberArray, at: number, j: number): number {
  let sum = 0
  for (let row = 0; row < rows; row++) sum += g[at + row] * weight[row * hidden + j]
  return sum
}

function lstm(
  batch: number,
  steps: number,
  hidden: number,
  reverse: boolean,
  x: NumberArray,
  weight: NumberArray,
  h0: NumberArray,
  c0: NumberArray,
  out: NumberArray,
  gates: NumberArray,
): void {
  for (let n = 0; n < batch; n++) {
    for (const { at, before } of stepsOf(n, steps, reverse)) {
      const [h, hAt] = before < 0 ? [h0, n * hidden] : [out, before * 2 * hidden]
      const [c, cAt] = before < 0 ? [c0, n * hidden] : [out, before * 2 * hidden + hidden]
      for (let j = 0; j < hidden; j++) {
        const part = (which: number): number => {
          const place = at * 4 * hidden + which * hidden + j
          const sum = x[place] + dot(weight, which * hidden + j, hidden, h, hAt)
          gates[place] = which === 2 ? Math.tanh(sum) : sigmoid(sum)
          return gates[place]
        }
        const [input, forget, cell, output] = [part(0), part(1), part(2), part(3)]
        const now = forget * c[cAt + j] + input * cell
        out[at * 2 * hidden + hidden + j] = now
        out[at * 2 * hidden + j] = output * Math.tanh(now)
      }
    }
  }
}

function lstmBackward(
  batch: number,
  steps: number,
  hidden: number,
  reverse: boolean,
  g: NumberArray,
  weight: NumberArray,
  c0: NumberArray,
  out: NumberArray,
  gates: NumberArray,
  dx: NumberArray,
  dh0: NumberArray,
  dc0: NumberArray,
): void {
  for (let n = 0; n < batch; n++) {
    const own = n * hidden
    dh0.fill(0, own, own + hidden)
    dc0.fill(0, own, own + hidden)
    for (const { at, before } of [...stepsOf(n, steps, reverse)].reverse()) {
      const [c, cAt] = before < 0 ? [c0, own] : [out, before * 2 * hidden + hidden]
      const wide = at * 4 * hidden
      for (let j = 0; j < hidden; j++) {
        const [input, forget, cell, output] = [0, 1, 2, 3].map(which => gates[wide + which * hidden + j])
        const reached = Math.tanh(out[at * 2 * hidden + hidden + j])
        const gh = g[at * 2 * hidden + j] + dh0[own + j]
        const gc = g[at * 2 * hidden + hidden + j] + dc0[own + j] + gh * output * (1 - reached * reached)
        dx[wide + j] = gc * cell * input * (1 - input)
        dx[wide + hidden + j] = gc * c[cAt + j] * forget * (1 - forget)
        dx[wide + 2 * hidden + j] = gc * input * (1 - cell * cell)
        dx[wide + 3 * hidden + j] = gh * reached * output * (1 - output)
        dc0[own + j] = gc * forget
      }
      for (let j = 0; j < hidden; j++) dh0[own + j] = column(weight, 4 * hidden, hidden, dx, wide, j)
    }
  }
}

function gru(
  batch: number,
  steps: number,
  hidden: number,
  reverse: boolean,
  x: NumberArray,
  weight: NumberArray,
  bias: NumberArray,
  h0: NumberArray,
  out: NumberArray,
  gates: NumberArray,
): void {
  for (let n = 0; n < batch; n++) {
    for (const { at, before } of stepsOf(n, steps, reverse)) {
      const [h, hAt] = before < 0 ? [h0, n * hidden] : [out, before * hidden]
      for (let j = 0; j < hidden; j++) {
        const given = (which: number): number => x[at * 3 * hidden + which * hidden + j]
        const part = (which: number): number => {
          const row = which * hidden + j
          return (bias.length > 0 ? bias[row] : 0) + dot(weight, row, hidden, h, hAt)
        }
        const [reset, update, inner] = [sigmoid(given(0) + part(0)), sigmoid(given(1) + part(1)), part(2)]
        const next = Math.tanh(given(2) + reset * inner)
        for (const [which, value] of [reset, update, next, inner].entries()) {
          gates[at * 4 * hidden + which * hidden + j] = value
        }
        out[at * hidden + j] = next + update * (h[hAt + j] - next)
      }
    }
  }
}

function gruBackward(
  batch: number,
  steps: number,
  hidden: number,
  reverse: boolean,
  g: NumberArray,
  weight: NumberArray,
  h0: NumberArray,
  out: NumberArray,
  gates: NumberArray,
  dx: NumberArray,
  dHidden: NumberArray,
  dh0: NumberArray,
): void {
  for (let n = 0; n < batch; n++) {
    const own = n * hidden
    dh0.fill(0, own, own + hidden)
    for (const { at, before } of [...stepsOf(n, steps, reverse)].reverse()) {
      const [h, hAt] = before < 0 ? [h0, own] : [out, before * hidden]
      const wide = at * 3 * hidden
      for (let j = 0; j < hidden; j++) {
        const [reset, update, next, inner] = [0, 1, 2, 3].map(which => gates[at * 4 * hidden + which * hidden + j])
        const gh = g[at * hidden + j] + dh0[own + j]
        const dNext = gh * (1 - update) * (1 - next * next)
        const dReset = dNext * inner * reset * (1 - reset)
        const dUpdate = gh * (h[hAt + j] - next) * update * (1 - update)
        for (const [which, value] of [dReset, dUpdate, dNext].entries()) dx[wide + which * hidden + j] = value
        for (const [which, value] of [dReset, dUpdate, dNext * reset].entries()) {
          dHidden[wide + which * hidden + j] = value
        }
        dh0[own + j] = gh * update
      }
      for (let j = 0; j < hidden; j++) dh0[own + j] += column(weight, 3 * hidden, hidden, dHidden, wide, j)
    }
  }
}

export const recurrent = { lstm, lstmBackward, gru, gruBackward }
