// Where no thread can be made and where no memory can be had, the process lives on: fewer threads share the work, and a
// kernel that cannot get memory to work in throws a BackendError. A library that is loaded first refuses what the addon asks
// for.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadNative } from '../../../lib/backend/load.js'
import { kernelNames } from '../../../lib/backend/table.js'
import { callsOf } from '../../backend/support/calls.js'

const source = `
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

#include <cstdlib>
#include <cstring>
#include <new>

static bool isIn(void* caller, const char* file) {
  Dl_info found;
  return dladdr(caller, &found) != 0 && found.dli_fname != nullptr && std::strstr(found.dli_fname, file) != nullptr;
}

// Node makes threads of its own.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* with) {
  static int made = 0;
  const char* const most = std::getenv("MOST_THREADS");
  if (most != nullptr && isIn(__builtin_return_address(0), "addon.node") && made++ >= std::atoi(most)) return EAGAIN;
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const Create next = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  return next(thread, attributes, run, with);
}

static bool isRefused(void* caller, std::size_t bytes) {
  const char* const most = std::getenv("MOST_BYTES");
  return most != nullptr && *most != 0 && bytes > std::strtoul(most, nullptr, 10) && isIn(caller, "addon.node");
}

void* operator new(std::size_t bytes) {
  void* const made = isRefused(__builtin_return_address(0), bytes) ? nullptr : std::malloc(bytes);
  if (made == nullptr) throw std::bad_alloc();
  return made;
}
void* operator new[](std::size_t bytes) {
  void* const made = isRefused(__builtin_return_address(0), bytes) ? nullptr : std::malloc(bytes);
  if (made == nullptr) throw std::bad_alloc();
  return made;
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  const auto to = static_cast<std::size_t>(alignment);
  return isRefused(__builtin_return_address(0), bytes) ? nullptr : std::aligned_alloc(to, (bytes + to - 1) / to * to);
}
void operator delete(void* made) noexcept { std::free(made); }
void operator delete[](void* made) noexcept { std::free(made); }
void operator delete(void* made, std::size_t) noexcept { std::free(made); }
void operator delete[](void* made, std::size_t) noexcept { std::free(made); }
void operator delete(void* made, std::align_val_t) noexcept { std::free(made); }
void operator delete(void* made, std::size_t, std::align_val_t) noexcept { std::free(made); }
`

// These need the library as a checkout has it, compiled.
const library = (file: string): string => new URL(`../../../dist/${file}`, import.meta.url).href
const prelude = `
import { backendInfo, compile, nn, randn } from ${JSON.stringify(library('index.js'))}
`

/** An argument as JSON: an array as its kind with its elements, where those are ids, or its length. */
const shown = (value: unknown): unknown =>
  value instanceof Int32Array
    ? ['Int32Array', [...value]]
    : ArrayBuffer.isView(value)
      ? [value.constructor.name, (value as Uint8Array).length]
      : typeof value === 'number'
        ? ['Number', String(value)]
        : value

// A sanitizer's library has to be loaded first itself.
const cannotRefuse =
  process.env.BLASGRAD_BACKEND === 'reference' ||
  process.platform !== 'linux' ||
  process.env.BLASGRAD_PRELOAD !== undefined

describe.skipIf(cannotRefuse)('a machine that has no more', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'blasgrad-exhaustion-'))
    writeFileSync(join(folder, 'refuse.cpp'), source)
    const { status, stderr } = spawnSync(
      'c++',
      ['-shared', '-fPIC', '-O1', '-std=c++17', '-o', join(folder, 'refuse.so'), join(folder, 'refuse.cpp'), '-ldl'],
      { encoding: 'utf8' },
    )
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const run = (script: string, env: Record<string, string> = {}): string => {
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', prelude + script], {
      encoding: 'utf8',
      env: { ...process.env, LD_PRELOAD: join(folder, 'refuse.so'), BLASGRAD_THREADS: '4', ...env },
    })
    expect(child.stderr).toBe('')
    expect(child.signal).toBe(null)
    expect(child.status).toBe(0)
    return child.stdout.trim()
  }

  test('fewer threads share the work where no more can be made', () => {
    const script = `
      const a = randn([700, 700])
      const expected = a.matmul(a).sum().item()
      const b = a.add(a).add(a)
      console.log(backendInfo().native.threads, Number.isFinite(expected), b.shape.join())`
    expect(run(script, { MOST_THREADS: '1' })).toBe('2 true 700,700')
    expect(run(script, { MOST_THREADS: '0' })).toBe('1 true 700,700')
  })

  test('a compiled step that finds no thread of its own says so, and runs in place', () => {
    const script = `
      const step = compile(x => x.matmul(x).sum())
      const x = randn([400, 400])
      const now = step.sync(x).item()
      let told = ''
      for (let i = 0; i < 5; i++) try { (await step(x)).item() } catch (error) { told = error.constructor.name + ' ' + error.message }
      console.log(now === step.sync(x).item(), told)`
    expect(run(script, { MOST_THREADS: '0' })).toMatch(/^true .*run: expected a thread to run on, got none/)
  })

  test('a kernel that gets no memory to work in throws a BackendError, and works when there is some', () => {
    const calls = kernelNames.flatMap(name =>
      [...callsOf(name, 'float32')].slice(0, 12).map(({ args }) => [name, args.map(shown)]),
    )
    writeFileSync(join(folder, 'calls.json'), JSON.stringify(calls))
    const script = `
      import { createRequire } from 'node:module'
      import { readFileSync } from 'node:fs'
      import { ArgumentError, BackendError, showValue } from ${JSON.stringify(library('base/errors.js'))}
      import { facts } from ${JSON.stringify(library('backend/rules/facts.js'))}
      const native = createRequire(import.meta.url)(${JSON.stringify(loadNative().path)})
      native.attach(ArgumentError, BackendError, showValue, facts())
      const kinds = { Float32Array, Float64Array, Int32Array, Uint8Array }
      const make = value => value === null ? undefined : typeof value !== 'object' ? value
        : value[0] === 'Number' ? Number(value[1])
        : typeof value[1] === 'number' ? new kinds[value[0]](value[1]).fill(0.5) : new kinds[value[0]](value[1])
      const calls = JSON.parse(readFileSync(${JSON.stringify(join(folder, 'calls.json'))}, 'utf8'))
      const told = new Set()
      for (const most of [65536, '']) {
        process.env.MOST_BYTES = most
        for (const [name, args] of calls) {
          try {
            native.kernels[name](...args.map(make))
          } catch (error) {
            told.add(most + ' ' + error.constructor.name + ' ' + error.message.replace(/^.*?: /, ''))
          }
        }
      }
      console.log([...told].sort().join('; '))`
    expect(run(script)).toBe('65536 BackendError expected memory to work in, got none')
  })

  test('so does a compiled step on its own thread, and the next runs', () => {
    const script = `
      const layer = new nn.Conv2d(8, 16, 3)
      const step = compile(x => layer.forward(x).pow(2).sum())
      const x = randn([16, 8, 60, 60])
      const told = [Number.isFinite(step.sync(x).item())]
      for (const most of ['4096', '']) {
        process.env.MOST_BYTES = most
        try {
          told.push(Number.isFinite((await step(x)).item()))
        } catch (error) {
          told.push(error.constructor.name + ' ' + error.message)
        }
      }
      console.log(told.join('; '))`
    const refused = 'BackendError run: expected memory to work in, got none'
    expect(run(script)).toBe(`true; ${refused}; true`)
  })

  // OpenBLAS tries for ever to get memory for a product.
  test('products end where the address space is full', () => {
    const script = `
      import { execFileSync } from 'node:child_process'
      import { readFileSync } from 'node:fs'
      const x = randn([1000, 1000])
      const limit = bytes => execFileSync('prlimit', ['--pid', String(process.pid), '--as=' + bytes + ':'])
      const used = Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[0]) * 4096
      limit(used + 64 * 2 ** 20)
      let told = ''
      try { x.matmul(x) } catch (error) { told = error.constructor.name + ' ' + error.message }
      limit(used + 4 * 2 ** 30)
      console.log(told, x.matmul(x).shape.join())`
    const env = { LD_PRELOAD: '', BLASGRAD_THREADS: '1' }
    expect(run(script, env)).toBe('BackendError matmul: expected memory to work in, got none 1000,1000')
  })
})
