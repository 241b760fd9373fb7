// Figures from many measurements: percentiles, medians, and how they are printed.

export interface Spread {
  readonly count: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly most: number
}

/** The spread of some durations (of the unit that they are in), to two decimals; all null-like zeros when there are none. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort()
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) }
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

/** A number to two decimals (three below one). */
export function round(value: number): number {
  const scale = Math.abs(value) < 1 ? 1000 : 100
  return Math.round(value * scale) / scale
}

/** Columns under their names, the first to the left, numbers to the right. */
export function tableOf(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [columns, ...rows].map((row) => row.map(String))
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  return cells
    .map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '))
    .join('\n')
}

/** Prints figures: as one line of JSON, or as text that was made for reading. */
export function printFigures(json: boolean, figures: unknown, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(figures) : text}\n`)
}

export const milliseconds = (): number => performance.now()

/** A spread as words, in milliseconds. */
export function inWords({ p50, p95, p99, most }: Spread): string {
  return `p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms, most ${most} ms`
}
