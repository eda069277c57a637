// Runs a script in a process of its own and reads the JSON that it prints.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** @param script relative to test/. */
export async function runScript<T>(
  script: string,
  args: readonly (string | number)[],
  env: Readonly<Record<string, string>> = {},
): Promise<T> {
  const path = fileURLToPath(new URL(`../${script}`, import.meta.url))
  const { stdout } = await run(process.execPath, [path, ...args.map(String)], { env: { ...process.env, ...env } })
  return JSON.parse(stdout) as T
}
