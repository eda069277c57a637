// JSON.parse takes the last of several equal names in silence; a file format must not.

/** The first name that an object of this JSON text, which is known to be valid, has twice. */
export function findRepeatedKey(json: string): string | undefined {
  const open: Set<string>[] = []
  const token = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}]/g
  for (let match = token.exec(json); match !== null; match = token.exec(json)) {
    if (match[0] === '{') open.push(new Set())
    else if (match[0] === '}') open.pop()
    else if (match[2] !== undefined) {
      const key: string = JSON.parse(match[1])
      const keys = open[open.length - 1]
      if (keys.has(key)) return key
      keys.add(key)
    }
  }
  return undefined
}
