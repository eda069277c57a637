// Work that can be left where it yields and gone on with later: done at once, or with turns of the event loop between.

import { setImmediate as nextTurn } from 'node:timers/promises'

export type Parts<T> = Generator<void, T, void>

/** For how long, in ms, work goes on before the event loop has a turn. */
const longest = 4

/** Does what is left of it. */
export function finish<T>(parts: Parts<T>): T {
  for (;;) {
    const { done, value } = parts.next()
    if (done === true) return value
  }
}

/** Does as much as there is time for in one turn. @returns whether it is over. */
function goOn(next: () => boolean): boolean {
  const end = performance.now() + longest
  while (performance.now() < end) if (next()) return true
  return false
}

/** Calls `next` until it gives true, a few times in each turn of the event loop, from the next turn on. */
export async function inTurns(next: () => boolean): Promise<void> {
  do await nextTurn()
  while (!goOn(next))
}
