// How an operand of an elementwise kernel lies over the kernel's grid.

/**
 * How an operand lies over a grid of `rows × cols`: `full` has rows·cols elements, `scalar` one, `row` cols (the same
 * for each row), `column` rows (one value along each row).
 */
export const Layout = { full: 0, scalar: 1, row: 2, column: 3 } as const
export type Layout = (typeof Layout)[keyof typeof Layout]
