// Formats numbers.

/** 12,345. */
export const wholeNumber = (value: number): string => Math.round(value).toLocaleString('en')

/** 0.973 as 97.3%. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)}%`
