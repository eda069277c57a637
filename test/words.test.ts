// The vocabulary of CONTRIBUTING.md ("Words"): rejects expressions for which the field has a word of its own, in names,
// comments and prose alike.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesBelow } from './support/files.js'

const root = join(import.meta.dirname, '..')

/** Files and folders that are checked. */
const checked = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs', 'lib', 'native', 'bench', 'examples', 'scripts'],
  ...['autograd', 'backend', 'bench', 'compile', 'core', 'data', 'examples', 'fixtures', 'io', 'memory', 'native', 'nn']
    .concat('fuzz', 'ops', 'optim', 'responsive', 'support', 'types')
    .map(folder => `test/${folder}`),
]

/** What to write, and the expressions that it replaces. */
const words: readonly (readonly [instead: string, pattern: RegExp])[] = [
  ['prefetch', /fetch(?:e[ds]|ing)? (?:ahead|meanwhile)|\basks? for .{1,30} ahead\b/gi],
  ['epilogue', /ends? with what follows|\bEnding\b/g],
  ['pack, packed', /copie[ds] together|\barrang(?:e[ds]?|ing)\b/gi],
  ['micro-kernel', /outer product tile|tile of dots|joined dots/gi],
  ['conflict miss, cache set, evict', /push(?:es|ed)? (?:one another|each other) out|places? of a cache/gi],
  ['aligned, padded to a cache line', /begin(?:s|ning)? with a (?:cache )?line|a line apart/gi],
  ['2 × 2 max pooling with stride 2', /\bhalving\b/gi],
  ['transposed', /\bturned\b(?! (?:on|off)\b)/gi],
  ['ReLU', /\brectif(?:y|ies|ied|iers?|ying)\b/gi],
  [
    'a number with its unit',
    /\b(?:half|third|quarter|fifth)s? (?:less|more|smaller|larger|as long|of a (?:mega|kilo)byte)\b/gi,
  ],
  ['concurrent, adjacent', /\bside by side\b/gi],
  ['partition, distribute', /\b(?:shared|dealt) out\b/gi],
  ['unthrottled, preempted', /\bwhole cores?\b|\bheld up\b/gi],
  ['required, requested, target', /\basked for\b|\b(?:is|are|was|were) wanted\b/gi],
  ['task chain', /\bstrands?\b/gi],
  ['the name of the thing', /\bwho(?:ever)?\b/g],
]

interface Exception {
  readonly file: string
  readonly text: string
  readonly reason: string
}

const exceptions: readonly Exception[] = [
  { file: 'README.md', text: 'who likes what', reason: 'a recommender’s users are people' },
  { file: 'lib/nn/init.ts', text: 'Delving deep into rectifiers', reason: 'the title of a paper' },
]

/** `file:line: expression (instead: word)` for each expression in the text; tests give it texts of their own. */
function findingsIn(file: string, text: string): string[] {
  const allowed = exceptions.filter(exception => exception.file === file).map(exception => exception.text)
  return text.split('\n').flatMap((line, index) => {
    const rest = allowed.reduce((left, phrase) => left.replaceAll(phrase, ''), line)
    return words.flatMap(([instead, pattern]) =>
      [...rest.matchAll(pattern)].map(([match]) => `${file}:${index + 1}: "${match}" (instead: ${instead})`),
    )
  })
}

const textOf = (file: string): string => readFileSync(join(root, file), 'utf8')

test('the search finds expressions, and spares words that only contain them', () => {
  expect(findingsIn('a', 'the panel is fetched ahead\nthe turned operand')).toEqual([
    'a:1: "fetched ahead" (instead: prefetch)',
    'a:2: "turned" (instead: transposed)',
  ])
  expect(findingsIn('a', 'returned, rearranged, whose, turned off')).toEqual([])
})

test('every exception is still needed', () => {
  expect(exceptions.filter(({ file, text }) => !textOf(file).includes(text))).toEqual([])
})

describe('the words of the field', () => {
  test.each(checked)('%s', path => {
    expect(filesBelow(join(root, path), root).flatMap(file => findingsIn(file, textOf(file)))).toEqual([])
  })
})
