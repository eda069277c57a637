// Numbers as they are printed.

/** 12,345. */
export const wholeNumber = (value: number): string => Math.round(value).toLocaleString('en')

/** A share from 0 to 1 as 97.3%. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)}%`
