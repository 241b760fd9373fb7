// Days as people in the United Kingdom mean them: those of London, whose clocks are an hour ahead of UTC in summer.

const londonParts = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/London', dateStyle: 'short' })
const hourMs = 3_600_000

/** The day in London, as 2026-12-31. */
export const londonDay = (atMs: number): string => londonParts.format(atMs)

/** The last second of a day in London, in milliseconds since 1970; null for what is no day. */
export function endOfLondonDay(day: string): number | null {
  const atMs = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T23:59:59Z`) : Number.NaN
  if (Number.isNaN(atMs) || new Date(atMs).toISOString().slice(0, 10) !== day) return null
  return londonDay(atMs) > day ? atMs - hourMs : atMs
}
