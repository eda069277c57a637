// Calls kernels on arrays that end, then on arrays that begin, at an inaccessible page. The last such line of its standard
// error is the call that it makes.

import { writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { loadNative } from '../../../dist/backend/load.js'

const [helper, slots, slotBytes] = process.argv.slice(2)
const { guarded, outOfBounds } = createRequire(import.meta.url)(helper)
const memory = Array.from({ length: Number(slots) }, () => guarded(Number(slotBytes)))

const kernels = { ...loadNative().backend, outOfBounds }

function placed(array, buffer, atEnd) {
  const from = atEnd ? buffer.byteLength - array.byteLength : 0
  const there = new array.constructor(buffer, from, array.length)
  there.set(array)
  return there
}

process.on('message', calls => {
  for (const { kernel, label, args } of calls) {
    for (const atEnd of [true, false]) {
      writeSync(2, `${label}, arrays ${atEnd ? 'end' : 'begin'} at an inaccessible page\n`)
      let slot = 0
      const given = args.map(arg => (ArrayBuffer.isView(arg) ? placed(arg, memory[slot++], atEnd) : arg))
      kernels[kernel](...given)
    }
  }
  process.send('done')
})
