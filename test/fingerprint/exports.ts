// The public names of a module: everything that is reached from it, and what it is.

const isClass = (value: unknown): value is { readonly prototype: object } =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))

/** The methods and accessors of a class: its own, and those of a prototype that no class stands behind. */
function membersOf({ prototype }: { readonly prototype: object }): Map<string, PropertyDescriptor> {
  const members = new Map<string, PropertyDescriptor>()
  let from: object | null = prototype
  while (from !== null && from !== Object.prototype && (from === prototype || !Object.hasOwn(from, 'constructor'))) {
    for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(from))) {
      if (name !== 'constructor' && !members.has(name)) members.set(name, member)
    }
    from = Object.getPrototypeOf(from)
  }
  return members
}

function kindOf(value: unknown): string {
  if (isClass(value)) return `class extends ${Object.getPrototypeOf(value).name || 'nothing'}`
  if (Array.isArray(value)) return 'array'
  return Object.prototype.toString.call(value) === '[object Module]' ? 'namespace' : typeof value
}

/** Names with what each is, in alphabetical order. */
export function publicNames(prefix: string, value: object): Record<string, string> {
  const names: Record<string, string> = {}
  const visit = (name: string, value: unknown, depth: number): void => {
    const kind = kindOf(value)
    names[name] = kind
    if (isClass(value)) {
      for (const [member, { get, set }] of membersOf(value)) {
        const access = [get && 'get', set && 'set'].filter(word => word !== undefined)
        names[`${name}#${member}`] = access.length === 0 ? 'method' : access.join(' and ')
      }
      for (const key of Object.getOwnPropertyNames(value)) {
        if (!['length', 'name', 'prototype'].includes(key)) names[`${name}.${key}`] = 'static'
      }
    } else if (kind === 'namespace' || (kind === 'object' && depth > 0)) {
      const inner = kind === 'namespace' ? depth : depth - 1
      for (const [key, member] of Object.entries(value as object)) visit(`${name}.${key}`, member, inner)
    }
  }
  visit(prefix, value, 1)
  return Object.fromEntries(Object.entries(names).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
