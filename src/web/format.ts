// How times and strangers' text are written on every page. GOV.UK style; times are those of London.

const london = 'Europe/London'
const parts = new Intl.DateTimeFormat('en-GB', {
  timeZone: london,
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
  hour12: true,
})

function partsOf(atMs: number): Record<string, string> {
  const found = Object.fromEntries(parts.formatToParts(atMs).map(({ type, value }) => [type, value]))
  return { ...found, time: `${found.hour}:${found.minute}${(found.dayPeriod ?? '').toLowerCase().replaceAll(/[^a-z]/g, '')}` }
}

/** "22 November 2026 at 1:05pm". */
export function longDate(atMs: number): string {
  const { day, month, year, time } = partsOf(atMs)
  return `${day} ${month} ${year} at ${time}`
}

/** For lists: "1:05pm" today, "22 November" this year, else "22 November 2025". */
export function listDate(atMs: number, nowMs: number): string {
  const { day, month, year, time } = partsOf(atMs)
  const now = partsOf(nowMs)
  if (year !== now.year) return `${day} ${month} ${year}`
  return day === now.day && month === now.month ? (time ?? '') : `${day} ${month}`
}

/** "1 message", "3 messages". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`
}

// Controls, what turns the direction of text, what takes no room, and halves of characters: a space for each run of them.
const unseen = /[\p{Cc}\p{Cs}\p{Co}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]+/gu

/** A stranger's text in one line, harmless to show (templates escape it, and isolate it with <bdi>), cut after `most` characters. */
export function plainText(text: string, most = 1000): string {
  // Cut first: what is thrown away costs nothing then.
  const shown = text
    .slice(0, most * 4)
    .replaceAll(unseen, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .trim()
  const characters = [...shown]
  return characters.length > most ? `${characters.slice(0, most).join('')}…` : shown
}
