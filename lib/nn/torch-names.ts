// Names of parameters and modules as PyTorch spells them, where properties are spelled as JavaScript does.

/** `inProjWeight` as `in_proj_weight`. */
const inSnakeCase = (name: string): string => name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)

/** A module's entries under PyTorch's names: for its `ownEntries`. */
export function* torchNames(entries: Iterable<readonly [unknown, unknown]>): Generator<readonly [unknown, unknown]> {
  for (const [key, value] of entries) yield [typeof key === 'string' ? inSnakeCase(key) : key, value]
}
