// Writes the methods that ops add to a Tensor into the published declarations, one by one with their documentation. In the
// checkout they are a mapped type over the ops (lib/ops/methods.ts), of which editors show neither documentation nor kind.

import { readFileSync, writeFileSync } from 'node:fs'
import ts from '@typescript/typescript6'

const options = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts'],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
}

/** What the type declared under that name in the file is. */
function typeNamed(source, checker, name) {
  const node = source.statements.find(each => ts.isTypeAliasDeclaration(each) && each.name.text === name)
  if (node === undefined) throw new Error(`${source.fileName}: expected a type ${name}, got none`)
  return checker.getTypeFromTypeNode(node.type)
}

/** Where an op is declared: behind the aliases, and the `declare const ops_add: typeof add`, that the bundle has made. */
function declarationOf(symbol, checker) {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const [declaration] = target.declarations
  const { type } = declaration
  if (type === undefined || !ts.isTypeQueryNode(type)) return declaration
  return declarationOf(checker.getSymbolAtLocation(type.exprName), checker)
}

/** The documentation above an op, as it is written. */
function commentOf(symbol, checker) {
  const comments = ts.getJSDocCommentsAndTags(declarationOf(symbol, checker)).filter(ts.isJSDoc)
  if (comments.length === 0) throw new Error(`${symbol.name}: expected an op with documentation, got none`)
  return comments.at(-1).getText()
}

/** Writes the methods into the interface of a declaration file that extends TensorMethods. */
export function writeMethods(file) {
  const program = ts.createProgram([file], options)
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(file)
  const ops = typeNamed(source, checker, 'Ops')
  const printer = ts.createPrinter({ removeComments: false })
  const flags = ts.NodeBuilderFlags.NoTruncation | ts.NodeBuilderFlags.UseAliasDefinedOutsideCurrentScope
  const methods = checker.getPropertiesOfType(typeNamed(source, checker, 'TensorMethods')).map(property => {
    const type = checker.getTypeOfSymbolAtLocation(property, source)
    const signatures = type.getCallSignatures().map(signature => {
      const node = checker.signatureToSignatureDeclaration(signature, ts.SyntaxKind.MethodSignature, source, flags)
      const { typeParameters, parameters, type: result } = node
      const method = ts.factory.createMethodSignature(
        undefined,
        property.name,
        undefined,
        typeParameters,
        parameters,
        result,
      )
      return printer.printNode(ts.EmitHint.Unspecified, method, source)
    })
    return `    ${commentOf(checker.getPropertyOfType(ops, property.name), checker)}\n    ${signatures.join('\n    ')}\n`
  })
  const text = readFileSync(file, 'utf8')
  const written = text.replace(
    /interface Tensor extends TensorMethods \{\s*\}/,
    () => `interface Tensor {\n${methods.join('')}}`,
  )
  if (written === text) throw new Error(`${file}: expected an interface that extends TensorMethods, got none`)
  writeFileSync(file, written)
}
