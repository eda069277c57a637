// Where the tests run in another platform's Node.js (scripts/prebuild/test.mjs), so do the programs that they start.

const { BLASGRAD_TEST_NODE } = process.env
if (BLASGRAD_TEST_NODE) process.execPath = BLASGRAD_TEST_NODE
