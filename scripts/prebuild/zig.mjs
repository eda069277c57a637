// Zig's clang, a compiler for every platform: `zig` on the PATH, else the one of Python's package ziglang.

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from '../step.mjs'

const works = command => spawnSync(command[0], [...command.slice(1), 'version'], { stdio: 'ignore' }).status === 0

/** The command that starts Zig; ends the process with what to install where there is none. */
function zig() {
  const found = [['zig'], ['python3', '-m', 'ziglang']].find(works)
  if (found === undefined) fail('Zig was not found. It comes with: pip install ziglang')
  return found
}

/**
 * Writes a program to `folder` that is Zig's C++ compiler for `target`, for tools that take one name; its path. Where it is
 * not for linking, it never does: Zig would first build the C++ library of the target, when CMake tries the compiler.
 */
export function compilerFor(target, folder, { links }) {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${target}-c++`)
  const noLink = 'case " $* " in *" -c "* | *" --version "* | *" -E "*) ;; *) set -- -c "$@" ;; esac\n'
  writeFileSync(path, `#!/bin/sh\n${links ? '' : noLink}exec ${zig().join(' ')} c++ -target ${target} "$@"\n`)
  chmodSync(path, 0o755)
  return path
}
