// BLASGRAD_SIMD: the instruction set of the kernels, at most what the CPU and the addon have, told by backendInfo().

import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'

const referenceOnly = process.env.BLASGRAD_BACKEND === 'reference'

/** What a process of its own under this BLASGRAD_SIMD says of its backend, a product among what it computes. */
function infoOf(name: string): { simd: string; reason: string | null; product: number[]; warning: string } {
  const program = `
    import { backendInfo, tensor } from 'blasgrad'
    const product = tensor([[1, 2], [3, 4]]).matmul(tensor([[5, 6], [7, 8]])).toArray().flat()
    const { native, reason } = backendInfo()
    console.log(JSON.stringify({ simd: native?.simd ?? 'none', reason, product }))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: new URL('../..', import.meta.url),
    encoding: 'utf8',
    env: { ...process.env, BLASGRAD_BACKEND: '', BLASGRAD_SIMD: name },
  })
  return { ...JSON.parse(stdout), warning: stderr }
}

describe.skipIf(referenceOnly)('BLASGRAD_SIMD', () => {
  test('limits the instruction set of the kernels, and never exceeds what there is', () => {
    const best = infoOf('').simd
    const baseline = infoOf('baseline').simd
    // An AVX3 of a later CPU comes before the plain one.
    const order = [...new Set([...(best.startsWith('AVX3') ? [best] : []), 'AVX3', 'AVX2', 'SSE4', baseline])]
    for (const name of ['avx3', 'avx2', 'sse4', 'baseline']) {
      const { simd, reason, product } = infoOf(name)
      const most = name === 'baseline' ? baseline : name.toUpperCase()
      expect(order, name).toContain(simd)
      expect(order.indexOf(simd), name).toBeGreaterThanOrEqual(order.indexOf(most))
      expect(reason).toBeNull()
      expect(product).toEqual([19, 22, 43, 50])
    }
    expect(best).not.toBe(baseline)
  })

  test('a name that is none is told, and the addon is not used', () => {
    const { simd, reason, warning } = infoOf('avx9')
    const message = 'BLASGRAD_SIMD: expected avx3, avx2, sse4 or baseline, got avx9'
    expect(simd).toBe('none')
    expect(reason).toContain(message)
    expect(warning).toContain(message)
  })
})
