// Detects #private fields of a class in its source text: code outside the class can neither copy nor see them.

/** A use of one in ES2022, whose object is not the class itself (a static one), and what compilers make of it. */
const uses = /([\w$]+|[)\]])\s*\??\.\s*#[\p{ID_Start}$_]/gu
const compiled = /\b__(?:classPrivateField|private)(?:Get|Set|In|Add|Method)\b/

/** Whether code of the class itself uses #private fields of instances. A comment that does so counts too. */
export function hasPrivateFields(owner: { readonly name: string }): boolean {
  const source = Function.prototype.toString.call(owner)
  if (!source.startsWith('class')) return false
  return compiled.test(source) || [...source.matchAll(uses)].some(([, object]) => object !== owner.name)
}
