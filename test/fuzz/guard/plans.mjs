// Gives the executor plans and epochs that are changed at random, in memory between inaccessible pages. Each is refused by
// an error of the library, or runs. Changes whose outcome is new are changed further.

import { loadNative } from '../../../dist/backend/load.js'
import { BlasgradError } from '../../../dist/base/errors.js'
import { announce, Guarded } from './memory.mjs'
import { mutate, randomFrom } from './mutate.mjs'
import { fromText, toText } from './text.mjs'

const { createProgram } = loadNative()
const longestMessage = 700
/** What is run has no longer values and no larger sizes: the rest takes long and shows no more. */
const largest = 100_000
/** So many changes of one plan, at most. */
const mostChanges = 8

const shared = array => {
  const copy = new array.constructor(new SharedArrayBuffer(array.byteLength), 0, array.length)
  copy.set(array)
  return copy
}

/** The same data with all arrays elsewhere. */
function withArrays(data, place) {
  if (ArrayBuffer.isView(data)) return data instanceof BigInt64Array ? data : place(data)
  if (Array.isArray(data)) return data.map(each => withArrays(each, place))
  if (typeof data !== 'object' || data === null) return data
  return Object.fromEntries(Object.entries(data).map(([key, each]) => [key, withArrays(each, place)]))
}

const ran = new Set(['runs', 'has a bad index', 'the epoch runs', 'the epoch has a bad index'])

const isList = value => Array.isArray(value)

/** The largest number of nested data, elements of arrays apart. */
function largestIn(data) {
  if (typeof data === 'number') return data
  if (typeof data !== 'object' || data === null || ArrayBuffer.isView(data)) return 0
  return Object.values(data).reduce((most, each) => Math.max(most, largestIn(each)), 0)
}

/** Arrays for the results of an accepted plan, or undefined where it would run long. */
function resultsOf({ program: { values, results }, steps }) {
  if (values.some(({ length }) => length > largest) || largestIn(steps) > largest) return undefined
  const kinds = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array }
  return results.map(id => new kinds[values[id].dtype](values[id].length))
}

const startEpoch = (runs, span) =>
  new Promise((resolve, reject) =>
    runs.start(...span, outcome => (outcome instanceof Error ? reject(outcome) : resolve(outcome))),
  )

const startRun = (program, args) =>
  new Promise((resolve, reject) =>
    program.start(args, outcome => (outcome instanceof Error ? reject(outcome) : resolve(outcome))),
  )

/** The outcome in words. @throws whatever is no error of the library. */
async function outcomeOf(data, isApart) {
  const memory = new Guarded(true)
  const own = new Map()
  const sharing = array => own.get(array) ?? own.set(array, shared(array)).get(array)
  const { plan, args, job, span } = withArrays(data, isApart ? sharing : array => memory.of(array))
  let program
  try {
    program = createProgram(plan)
    const results = resultsOf(plan)
    if (results === undefined) return 'accepted, too long to run'
    if (job !== undefined) {
      const runs = program.createEpoch(job)
      const times = isList(span) ? span : []
      const { bad } = isApart ? await startEpoch(runs, times) : runs.run(...times)
      return bad === null ? 'the epoch runs' : 'the epoch has a bad index'
    }
    let bad
    if (isApart) {
      bad = await startRun(program, args)
      if (bad === null) program.collect(results)
    } else
      bad = program.run(
        args,
        results.map(array => memory.of(array)),
      )
    return bad === null ? 'runs' : 'has a bad index'
  } catch (error) {
    if (!(error instanceof BlasgradError)) throw error
    if (error.message.length > longestMessage) throw new Error(`a message of ${error.message.length} characters`)
    return error.message.replace(/, got.*/s, '').replace(/\d+/g, '#')
  } finally {
    program?.release()
  }
}

/** A change of a plan is the number of the plan and a seed for each change. */
function made(bases, [base, ...seeds]) {
  const data = structuredClone(bases[base])
  for (const seed of seeds) mutate(data, randomFrom(seed))
  return data
}

async function fuzz({ bases, count, seed }) {
  const random = randomFrom(seed)
  const corpus = bases.map((_, base) => [base])
  const outcomes = new Set()
  let runs = 0
  for (let i = 0; i < count; i++) {
    // What is refused is mostly refused again.
    const of = random() < 0.6 ? bases.length : corpus.length
    const from = corpus[Math.floor(random() * of)]
    const kept = from.length > mostChanges ? from.slice(0, 1) : from
    const changes = [...kept, Math.floor(random() * 2 ** 31)]
    const isApart = random() < 0.25
    announce(JSON.stringify({ changes, isApart }))
    let outcome
    try {
      outcome = await outcomeOf(made(bases, changes), isApart)
    } catch (error) {
      return { fault: `${error?.stack ?? error}`, text: toText(made(bases, changes)), isApart }
    }
    if (ran.has(outcome)) runs++
    if (!outcomes.has(outcome)) corpus.push(changes)
    outcomes.add(outcome)
  }
  return { outcomes: [...outcomes], runs }
}

const answers = {
  fuzz,
  /** The data of some changes as text. */
  describe: ({ bases, changes }) => toText(made(bases, changes)),
  replay: async ({ text, isApart }) => {
    announce('the finding')
    try {
      return { outcome: await outcomeOf(fromText(text), isApart) }
    } catch (error) {
      return { fault: `${error?.stack ?? error}` }
    }
  },
}

process.on('message', async ({ task, ...given }) => process.send(await answers[task](given)))
