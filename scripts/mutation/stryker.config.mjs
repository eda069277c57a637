// `npm run test:mutation`: changes the core a bit at a time and looks which changes no test notices. For minutes to an hour,
// so not part of `npm test`. One file: `npm run test:mutation -- --mutate lib/autograd/walk.ts`; some lines of it:
// `--mutate lib/autograd/walk.ts:30-60`. What survives is named, with the reason, where it stands: `// Stryker disable`.

export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'scripts/mutation/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  // What runs once, when a module is evaluated, would need every test for each mutant.
  ignoreStatic: true,
  mutate: [
    'lib/autograd/{accumulate,backward,grad,topological-order,walk}.ts',
    'lib/core/{backward-memory,node,saved,tensor}.ts',
    'lib/compile/{recorder,recording}.ts',
  ],
  // The wording of messages is not behaviour that tests should hold to the letter.
  mutator: { excludedMutations: ['StringLiteral'] },
  // The tests find the addon and the built library beside the sources.
  ignorePatterns: ['/build/cmake*', '/build/sanitize*', '/runs', '/docs', '/native', '/prebuilds'],
  // It would be rewritten by TypeScript's JavaScript API, which version 7 has not; vitest needs none.
  tsconfigFile: 'none',
  concurrency: 2,
  timeoutMS: 20_000,
  tempDirName: 'build/mutation',
  reporters: ['clear-text', 'json', 'progress-append-only'],
  clearTextReporter: { allowColor: false, reportTests: false, logTests: false },
  jsonReporter: { fileName: 'build/mutation.json' },
  allowEmpty: true,
}
