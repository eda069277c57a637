#!/usr/bin/env node
// The program of the package: `npx blasgrad build` and `npx blasgrad doctor`.

import { parseArgs } from 'node:util'

const usage = `Usage: npx blasgrad COMMAND

  build    builds the native addon in the installed package, for this CPU;
           needs cmake, a C++ compiler, OpenBLAS and Google Highway, and says how to get them
  doctor   prints what was tried to load and why it failed, what the CPU offers, and one command that helps;
           exits with 0 where the native backend is in use

  --help   prints this`

class UsageError extends Error {}

const commands = {
  build: async () => (await import('./build.mjs')).build(),
  doctor: async () => (await import('./doctor.mjs')).doctor(),
}

async function main() {
  const { values, positionals } = parseArgs({ options: { help: { type: 'boolean' } }, allowPositionals: true })
  if (values.help) {
    console.log(usage)
    return 0
  }
  const [name, ...others] = positionals
  if (name === undefined || others.length > 0 || !Object.hasOwn(commands, name)) {
    throw new UsageError(`expected one command, build or doctor, got ${positionals.join(' ') || 'none'}`)
  }
  return commands[name]()
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof UsageError || String(error.code).startsWith('ERR_PARSE_ARGS'))) throw error
  console.error(`blasgrad: ${error.message}\n\n${usage}`)
  process.exitCode = 2
}
