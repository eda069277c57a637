// Random changes of nested data: a number, a name, an array or a part of it becomes another one, goes, or is there twice.

const numbers = [0, 1, 2, 3, -1, 0.5, 7, 64, 65, 255, 4096, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 31)]
const others = [undefined, null, true, false, '', 'float32', 'float64', 'int32', 'uint8', Number.NaN, Infinity, [], {}]
const arrays = [Float32Array, Float64Array, Int32Array, Uint8Array, Uint16Array, BigInt64Array]

/** The same value; of lists and objects a copy, since they would otherwise hold themselves. */
const apart = value =>
  typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) ? structuredClone(value) : value

/** Uniform in [0, 1) (mulberry32). */
export function randomFrom(seed) {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Every place of the data: what holds it, and its name there. */
function placesIn(holder, found = []) {
  for (const key of Object.keys(holder)) {
    found.push([holder, key])
    const value = holder[key]
    if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) placesIn(value, found)
  }
  return found
}

/** Another number: an edge, a neighbour, or one that stands elsewhere. */
function otherNumber(value, places, random, oneOf) {
  const kind = random()
  if (kind < 0.4) return oneOf(numbers)
  if (kind < 0.6) return value + (random() < 0.5 ? 1 : -1)
  const elsewhere = places.map(([holder, key]) => holder[key]).filter(each => typeof each === 'number')
  return oneOf(elsewhere)
}

function otherArray(value, random, oneOf) {
  const kind = random()
  if (kind < 0.3) return new (oneOf(arrays))(Math.max(0, value.length + oneOf([-1, 0, 1, -value.length])))
  if (kind < 0.5) return value.subarray(0, Math.floor(random() * value.length))
  const changed = value.slice()
  if (changed.length > 0 && !(changed instanceof BigInt64Array)) {
    changed[Math.floor(random() * changed.length)] = oneOf(numbers)
  }
  return changed
}

/** Changes `data` in place. Rather numbers and names than whole parts: those are refused at once. */
export function mutate(data, random) {
  const oneOf = items => items[Math.floor(random() * items.length)]
  const places = placesIn(data)
  const leaves = places.filter(([holder, key]) => typeof holder[key] !== 'object' || ArrayBuffer.isView(holder[key]))
  const [holder, key] = random() < 0.7 && leaves.length > 0 ? oneOf(leaves) : oneOf(places)
  const value = holder[key]
  const kind = random()
  const alike = places.filter(([other, name]) => name === key && other !== holder).map(([other, name]) => other[name])
  if (kind < 0.1) holder[key] = apart(oneOf(others))
  else if (Array.isArray(holder) && kind < 0.25) {
    if (random() < 0.5) holder.splice(Number(key), 1)
    else holder.splice(Math.floor(random() * holder.length), 0, structuredClone(value))
  } else if (kind < 0.5 && alike.length > 0) holder[key] = apart(oneOf(alike))
  else if (typeof value === 'number') holder[key] = otherNumber(value, places, random, oneOf)
  else if (ArrayBuffer.isView(value)) holder[key] = otherArray(value, random, oneOf)
  else if (kind < 0.6) delete holder[key]
  else if (typeof value === 'boolean') holder[key] = !value
  else if (alike.length > 0) holder[key] = apart(oneOf(alike))
}
