// `npm run fingerprint`: what a change that keeps behaviour must leave as it is, as JSON (test/fingerprint/ says what).
//
//   --json FILE      writes it there; without options it is printed
//   --against FILE   compares with one that was written before, on this machine; exits with 1 where anything differs
//   --texts FOLDER   also writes the plans and the declarations themselves, to be compared by a diff tool

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { createViteServer } from 'vitest/node'

const root = dirname(import.meta.dirname)
const { values: options } = parseArgs({
  options: { json: { type: 'string' }, against: { type: 'string' }, texts: { type: 'string' } },
})

/** Runs test/fingerprint/, which is TypeScript. */
async function collect() {
  const server = await createViteServer({
    root,
    configFile: false,
    logLevel: 'error',
    server: { middlewareMode: true, watch: null },
  })
  try {
    return await (await server.ssrLoadModule('/test/fingerprint/collect.ts')).collect()
  } finally {
    await server.close()
  }
}

function writeTexts(folder, texts) {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, `${name}.txt`), `${text}\n`)
}

/** Prints what differs; returns how many entries do. */
function compare(before, after) {
  let count = 0
  for (const section of Object.keys(after)) {
    const names = new Set([...Object.keys(before[section] ?? {}), ...Object.keys(after[section])])
    const differing = [...names].filter(name => before[section]?.[name] !== after[section][name])
    count += differing.length
    console.log(`${section}: ${differing.length} of ${names.size} differ`)
    for (const name of differing) {
      console.log(`  ${name}: ${before[section]?.[name] ?? 'missing'} → ${after[section][name] ?? 'missing'}`)
    }
  }
  return count
}

const { texts, ...fingerprint } = await collect()
if (options.texts !== undefined) writeTexts(options.texts, texts)
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(fingerprint, null, 2)}\n`)
if (options.against !== undefined) {
  process.exitCode = compare(JSON.parse(readFileSync(options.against, 'utf8')), fingerprint) === 0 ? 0 : 1
} else if (options.json === undefined) {
  console.log(JSON.stringify(fingerprint, null, 2))
}
