// Descriptions of the environment and the peers.

import { expect, test } from 'vitest'
import { describePeers, environment, warnings } from '../../bench/report/machine.js'

test('variables that override OpenBLAS’s kernels give warnings', () => {
  expect(warnings({ PATH: '/bin' })).toEqual([])
  expect(warnings({ OPENBLAS_CORETYPE: 'Haswell' })).toEqual([
    'warning: OPENBLAS_CORETYPE=Haswell may make OpenBLAS slower, here and in the peers',
  ])
})

test('of the environment only variables that affect speed are kept', () => {
  expect(environment({ PATH: '/bin', OMP_NUM_THREADS: '2', BLASGRAD_THREADS: '1', HOME_OMP_: 'x' })).toEqual({
    OMP_NUM_THREADS: '2',
    BLASGRAD_THREADS: '1',
  })
})

test('one line describes the peers and names the missing ones', () => {
  expect(describePeers({})).toBe('peers: none')
  expect(describePeers({ pytorch: 'not here', sgemm: { blas: 'OpenBLAS 1', core: 'Zen' } })).toBe(
    'peers: no pytorch; sgemm on OpenBLAS 1, core Zen',
  )
  expect(describePeers({ pytorch: { version: '1.13', blas: 'MKL', core: 'x' } })).toBe(
    'peers: pytorch 1.13 on MKL, core x',
  )
})
