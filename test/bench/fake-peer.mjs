// A fake peer: answers like bench/peers/pytorch.py, with given times, or fails. Usage: fake-peer.mjs <how> <micros>, with
// µs per run and `how` one of:
//   good      answers all
//   dies      exits at prepare, with a message on stderr
//   dies-later  exits at the second sample
//   hangs     never answers prepare
//   garbage   answers prepare with something that is no JSON
//   number    answers prepare with JSON that is no object
//   refuses   answers prepare with an error
//   nothing   answers sample without micros
//   compiles  answers all, and halves its time with torch.compile

import { createInterface } from 'node:readline'

const [how, micros] = [process.argv[2], Number(process.argv[3])]
let samples = 0
const compiled = new Set()

const answers = {
  hello: () => ({ version: '0.0' }),
  prepare: ({ id, compile }) => {
    if (compile) compiled.add(id)
    if (how === 'dies') {
      console.error('out of luck')
      process.exit(3)
    }
    if (how === 'garbage') return 'prepared!'
    if (how === 'number') return '12'
    if (how === 'refuses') return { error: 'ValueError: no such task' }
    return how === 'hangs' ? null : { value: micros }
  },
  sample: ({ id, runs }) => {
    samples++
    if (how === 'compiles' && compiled.has(id)) return { micros: (runs * micros) / 2 }
    if (how === 'dies-later' && samples === 2) process.exit(0)
    return how === 'nothing' ? { micros: null } : { micros: runs * micros }
  },
  release: () => ({}),
  peak: ({ steps }) => (how === 'refuses' ? { error: 'no such file' } : { idle: micros, peak: micros * steps }),
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  const answer = answers[request.op](request)
  if (answer !== null) console.log(typeof answer === 'string' ? answer : JSON.stringify(answer))
}
