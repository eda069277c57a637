// How a module prints: its settings on one line, or the modules below it, indented.

/** `Name(settings)` or, with modules below, a line for each: `  (0): Linear(…)`. */
export function describe(name: string, settings: string, children: readonly (readonly [string, unknown])[]): string {
  if (children.length === 0) return `${name}(${settings})`
  const lines = children.map(([key, child]) => `(${key}): ${String(child)}`)
  if (settings !== '') lines.unshift(settings)
  return `${name}(\n${lines.map(indent).join('\n')}\n)`
}

const indent = (text: string): string => text.replaceAll(/^/gm, '  ')

/** `inFeatures=3, bias=true`: settings as `extraRepr` gives them. */
export function showSettings(settings: Readonly<Record<string, unknown>>): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${Array.isArray(value) ? `[${value.join(', ')}]` : String(value)}`)
    .join(', ')
}
