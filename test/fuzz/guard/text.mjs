// Nested data with typed arrays and special numbers as JSON, and back. One array in two places stays one.

const isSpecial = value =>
  value === undefined || (typeof value === 'number' && !Number.isFinite(value)) || Object.is(value, -0)
const special = {
  undefined,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  '-0': -0,
}
const nameOf = value => (Object.is(value, -0) ? '-0' : String(value))

export function toText(data) {
  const known = new Map()
  const plain = value => {
    if (isSpecial(value)) return { $: nameOf(value) }
    if (typeof value === 'bigint') return { $bigint: String(value) }
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return Array.from(value, plain)
    if (!ArrayBuffer.isView(value))
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
    if (known.has(value)) return { $same: known.get(value) }
    known.set(value, known.size)
    return { $array: value.constructor.name, elements: Array.from(value, plain) }
  }
  return JSON.stringify(plain(data))
}

export function fromText(text) {
  const known = []
  const made = value => {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map(made)
    if ('$' in value) return special[value.$]
    if ('$bigint' in value) return BigInt(value.$bigint)
    if ('$same' in value) return known[value.$same]
    if (!('$array' in value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, made(each)]))
    const array = globalThis[value.$array].from(value.elements, made)
    known.push(array)
    return array
  }
  return made(JSON.parse(text))
}
