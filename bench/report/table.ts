// Prints tables: the first `left` columns are left-aligned, the others right-aligned.

export type Row = readonly string[]

/** Prints the title, the header and the rows. */
export function printTable(title: string, header: Row, rows: readonly Row[], left = 1): void {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map(row => row[column].length)))
  const line = (row: Row): string =>
    row
      .map((cell, column) => (column < left ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd()
  console.log(`\n${title}\n${line(header)}\n${widths.map(width => '─'.repeat(width)).join('  ')}`)
  for (const row of rows) console.log(line(row))
}
