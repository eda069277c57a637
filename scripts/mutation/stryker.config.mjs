// `npm run test:mutation`: mutates the core and lists each mutant that no test kills. It takes about an hour on two cores,
// so it is not part of `npm test`. One file: `npm run test:mutation -- --mutate lib/autograd/walk.ts`; some of its lines:
// `--mutate lib/autograd/walk.ts:30-60`. A `// Stryker disable` comment names an equivalent mutant with the reason.

export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'scripts/mutation/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  // A mutant in code that runs when a module is evaluated would need every test.
  ignoreStatic: true,
  mutate: [
    'lib/autograd/{accumulate,backward,grad,topological-order,walk}.ts',
    'lib/core/{node,saved,tensor}.ts',
    'lib/compile/{record,recorder}.ts',
    'lib/nn/{buffers,structure}.ts',
  ],
  // Tests need not pin the wording of messages.
  mutator: { excludedMutations: ['StringLiteral'] },
  // Not copied to the sandbox; the addon and the built library are.
  ignorePatterns: ['/build/cmake*', '/build/sanitize*', '/runs', '/docs', '/native', '/prebuilds'],
  // Stryker rewrites it by TypeScript's JavaScript API, which TypeScript 7 lacks; vitest does not read it.
  tsconfigFile: 'none',
  concurrency: 2,
  timeoutMS: 20_000,
  tempDirName: 'build/mutation',
  reporters: ['clear-text', 'json', 'progress-append-only'],
  clearTextReporter: { allowColor: false, reportTests: false, logTests: false },
  jsonReporter: { fileName: 'build/mutation.json' },
  allowEmpty: true,
}
