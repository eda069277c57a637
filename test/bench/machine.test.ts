// What is said of the environment and the peers.

import { expect, test } from 'vitest'
import { describePeers, environment, warnings } from '../../bench/report/machine.js'

test('what holds OpenBLAS back is warned of', () => {
  expect(warnings({ PATH: '/bin' })).toEqual([])
  expect(warnings({ OPENBLAS_CORETYPE: 'Haswell' })).toEqual([
    'warning: OPENBLAS_CORETYPE=Haswell holds OpenBLAS to what it may not be best at, here and in the peers',
  ])
})

test('only what bears on speed is kept of the environment', () => {
  expect(environment({ PATH: '/bin', OMP_NUM_THREADS: '2', BLASGRAD_THREADS: '1', HOME_OMP_: 'x' })).toEqual({
    OMP_NUM_THREADS: '2',
    BLASGRAD_THREADS: '1',
  })
})

test('the peers stand in one line, with those that are missing', () => {
  expect(describePeers({})).toBe('peers: none')
  expect(describePeers({ pytorch: 'not here', sgemm: { blas: 'OpenBLAS 1', core: 'Zen' } })).toBe(
    'peers: no pytorch; sgemm on OpenBLAS 1, core Zen',
  )
  expect(describePeers({ pytorch: { version: '1.13', blas: 'MKL', core: 'x' } })).toBe(
    'peers: pytorch 1.13 on MKL, core x',
  )
})
