// The tests that run against mutants of the core, fast files first: the first failure ends a mutant's run.

import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const folders = ['autograd/graph.test', 'core/tensor', 'core/', 'options', 'ops/e', 'compile/', 'autograd/']
const slow = /backward-memory|epoch|graph-property/

/** The rank of a file. */
function place({ moduleId }: TestSpecification): number {
  const at = folders.findIndex(folder => moduleId.includes(`/test/${folder}`))
  return slow.test(moduleId) ? folders.length : at
}

class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => place(a) - place(b))
  }
}

export default defineConfig({
  test: {
    include: [
      'test/{autograd,core}/*.test.ts',
      'test/nn/{module,clone}.test.ts',
      'test/options.test.ts',
      'test/ops/{errors,edges}.test.ts',
      'test/compile/{compile,async,points,outcomes,surprises,lazy-plan,failed-plan,cache,room,recorder,gradients,structure}.test.ts',
      'test/native/binding/release.test.ts',
      'test/compile/epoch/{epoch,sources}.test.ts',
      'test/compile/check/{again,kernels}.test.ts',
    ],
    sequence: { sequencer: QuickFirst },
    testTimeout: 60_000,
  },
})
