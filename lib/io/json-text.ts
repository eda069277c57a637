// What JSON.parse does not tell of a header: names that an object has twice, of which it takes the last in silence, and how
// deep it goes.

/** The ends of strings are looked for by hand: a regular expression's stack overflows on a string of many escapes. */
function endOfString(json: string, start: number): number {
  let at = start + 1
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at
}

/** How deep objects and arrays lie in each other in this text, which may be no JSON. */
export function depthOf(json: string): number {
  let [depth, most] = [0, 0]
  for (let at = 0; at < json.length; at++) {
    const sign = json[at]
    if (sign === '"') at = endOfString(json, at)
    else if (sign === '{' || sign === '[') most = Math.max(most, ++depth)
    else if (sign === '}' || sign === ']') depth--
  }
  return most
}

/** The first name that an object of this JSON text, which is known to be valid, has twice. */
export function findRepeatedKey(json: string): string | undefined {
  const open: Set<string>[] = []
  for (let at = 0; at < json.length; at++) {
    if (json[at] === '{') open.push(new Set())
    else if (json[at] === '}') open.pop()
    if (json[at] !== '"') continue
    const start = at
    at = endOfString(json, at)
    if (!isFollowedByColon(json, at + 1)) continue
    const key: string = JSON.parse(json.slice(start, at + 1))
    const keys = open[open.length - 1]
    if (keys.has(key)) return key
    keys.add(key)
  }
  return undefined
}

function isFollowedByColon(json: string, at: number): boolean {
  let next = at
  while (' \t\n\r'.includes(json[next] ?? '.')) next++
  return json[next] === ':'
}
