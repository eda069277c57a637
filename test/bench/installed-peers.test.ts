// JavaScript libraries that are installed for the benches compute the same values from the same file.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withTensors } from '../../bench/peers/exchange.js'
import { peerSource } from '../../bench/peers/peer-files.js'
import { findScriptPeer, scriptPeerNames } from '../../bench/peers/script-peer.js'
import { difference } from '../../bench/report/agreement.js'
import { inTurn, workloads } from '../../bench/workloads/workloads.js'

/** Short workloads that each library supports on one of its backends. */
const compared = workloads.filter(({ name }) => ['tiny-mlp', 'small-mlp SGD', 'small-mlp Adam'].includes(name))

for (const name of scriptPeerNames) {
  const installed = existsSync(join(peerSource(name), 'node_modules'))
  test.runIf(installed).each(compared)(`${name}: $name`, { timeout: 60_000 }, async ({ task, start }) => {
    const peer = await findScriptPeer(name)
    if (typeof peer === 'string') throw new Error(peer)
    try {
      const [finalist] = await withTensors(start().tensors, file => peer.finalists(task, file, null, 5))
      const { step, batches, value } = start()
      const run = inTurn(step, batches)
      for (let i = 0; i < 4; i++) run()
      expect(difference({ ours: value(run()), theirs: finalist.value })).toBeLessThan(1e-3)
      expect(await finalist.contestant.sample(2)).toBeGreaterThan(0)
    } finally {
      peer.close()
    }
  })
}
