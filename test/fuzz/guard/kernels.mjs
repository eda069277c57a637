// Calls kernels on arrays that end, then on arrays that begin, at an inaccessible page.

import { loadNative } from '../../../dist/backend/load.js'
import { announce, Guarded, outOfBounds } from './memory.mjs'

const kernels = { ...loadNative().backend, outOfBounds }

process.on('message', calls => {
  for (const { kernel, label, args } of calls) {
    for (const atEnd of [true, false]) {
      announce(`${label}, arrays ${atEnd ? 'end' : 'begin'} at an inaccessible page`)
      const memory = new Guarded(atEnd)
      const given = args.map(arg => (ArrayBuffer.isView(arg) ? memory.of(arg) : arg))
      kernels[kernel](...given)
    }
  }
  process.send(null)
})
