// The options of compile, checked.

import { isArray } from '../base/containers.js'
import { checkedWhereUsed, checkOptions, flag, type Kind, type Schema } from '../base/options.js'
import { checkCaptures } from './captures.js'
import type { CompileOptions } from './step.js'
import type { Statics } from './tree.js'

/** The options as they were when compile was called. */
export interface Settings extends Omit<CompileOptions, 'static'> {
  readonly statics?: Statics
  /** The outermost modules that it has used, as far as is known. */
  roots?: readonly object[]
}

const positions: Kind = {
  expected: 'a list of positions of arguments, from 0',
  accepts: value => isArray(value) && Array.from(value).every(at => Number.isInteger(at) && Number(at) >= 0),
}

const compileOptions: Schema<CompileOptions> = {
  captures: checkedWhereUsed,
  keepGrads: flag,
  fusion: flag,
  static: positions,
}

/** @throws ArgumentError for an unknown option and for one of another kind. */
export function takeOptions(options: CompileOptions): Settings {
  const { captures = [], keepGrads, fusion, static: statics = [] } = checkOptions('compile', options, compileOptions)
  checkCaptures(captures)
  return { captures: [...captures], keepGrads, fusion, statics: new Set(statics) }
}
