// The protocol of the JavaScript peers, the same as pytorch.py's: one line of JSON asks, one answers. Started by
// bench/peers/script-peer.ts.
//
//   {"op": "hello"}                       the version, and the settings to try
//   {"op": "prepare", "id", "task", "file", "setting", "steps", "limitMs"}
//                                         builds a task from the tensors in a safetensors file, runs `steps` steps (0:
//                                         some) and returns the value that all must agree on; fails if a step takes
//                                         longer than limitMs
//   {"op": "sample", "id", "runs"}        microseconds of that many runs, after 1/8 as many untimed ones
//   {"op": "release", "id"}               forgets the task
//
// A failure is answered with {"error": …}.

import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const arrays = { F32: Float32Array, I32: Int32Array }

/** The tensors of a safetensors file, { data, shape } by name. */
export function load(path) {
  const bytes = readFileSync(path)
  const length = Number(bytes.readBigUInt64LE())
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length))
  delete header.__metadata__
  const tensors = {}
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    const [from, to] = data_offsets.map(offset => 8 + length + offset)
    tensors[name] = {
      data: new arrays[dtype](bytes.buffer.slice(bytes.byteOffset + from, bytes.byteOffset + to)),
      shape,
    }
  }
  return tensors
}

/** Operations of a training step of linear layers: three products of two operations a multiply-add. */
export const layerFlops = (sizes, batch) =>
  sizes.slice(1).reduce((sum, size, i) => sum + 6 * batch * sizes[i] * size, 0)

/** Names of the batches' tensors in a training's file: x0, ids0.1, y3, … */
const ofBatch = /^(?:x|y|ids)\d+(?:\.\d+)?$/

export const weightNames = tensors => Object.keys(tensors).filter(name => !ofBatch.test(name))

/** The tensors of each batch: x or ids first, then y. */
export const batchesIn = (tensors, count) =>
  Array.from({ length: count }, (_, i) => {
    const names = Object.keys(tensors).filter(name => ofBatch.test(name) && /\d+/.exec(name)[0] === `${i}`)
    return names.sort().map(name => tensors[name])
  })

/** The value of a `function` task: the sum of gradient times g, divided by the rows. */
export function inner(gradient, g) {
  let sum = 0
  for (let i = 0; i < gradient.length; i++) sum += gradient[i] * g.data[i]
  return sum / g.shape[0]
}

/** Limit of the first step, in steps: it includes compilation. */
const mostFirst = 3

const tooLong = ms => new Error(`a step takes ${(ms / 1000).toPrecision(2)} s, too long to time`)

/**
 * Answers until the input ends. `peer`: { hello(), rate(setting), kinds }. `rate` returns operations a second of matrix
 * products. Each of `kinds` builds { run, finish, value, flops? } from (task, tensors, setting): `finish` waits until all
 * runs are computed, `flops` are those of one run.
 */
export async function serve(peer) {
  const prepared = new Map()
  const operations = {
    hello: () => peer.hello(),
    async prepare({ id, task, file, setting, steps, limitMs }) {
      const build = peer.kinds[task.kind]
      if (build === undefined) throw new Error(`${task.kind} is not implemented for this library`)
      const built = await build(task, load(file), setting)
      const expected = built.flops > 1e9 ? (1000 * built.flops) / (await peer.rate(setting)) : 0
      if (expected > limitMs) throw tooLong(expected)
      // The first step includes compilation; the second shows a step's time.
      for (let step = 1; step <= Math.max(steps, 2); step++) {
        const begin = performance.now()
        await built.run()
        await built.finish()
        const took = performance.now() - begin
        if (took > (step > 1 ? 1 : mostFirst) * limitMs) throw tooLong(took)
      }
      prepared.set(id, built)
      return { value: steps > 0 ? await built.value() : null }
    },
    async sample({ id, runs }) {
      const { run, finish } = prepared.get(id)
      for (let i = runs > 1 ? Math.ceil(runs / 8) : 0; i > 0; i--) await run()
      await finish()
      const begin = performance.now()
      for (let i = 0; i < runs; i++) await run()
      await finish()
      return { micros: (performance.now() - begin) * 1000 }
    },
    async release({ id }) {
      await prepared.get(id)?.forget?.()
      prepared.delete(id)
      return {}
    },
  }
  // stdout carries only answers.
  console.log = console.info = console.error
  for await (const line of createInterface({ input: process.stdin })) {
    let answer
    try {
      const request = JSON.parse(line)
      answer = await operations[request.op](request)
    } catch (error) {
      answer = { error: `${error instanceof Error ? error.message : error}`.split('\n')[0] }
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`)
  }
}
