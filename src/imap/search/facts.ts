// What a search asks of a summary, each worked out once for a copy. RFC 3501 §6.4.4.
import type { CopySummary } from '#imap/doors.ts'
import { decodeWords } from '#mail/words.ts'

export class Facts {
  readonly summary: CopySummary
  readonly #texts = new Map<string, string>()

  constructor(summary: CopySummary) {
    this.summary = summary
  }

  /** The text of that name, made by `make` the first time. */
  text(name: string, make: () => string): string {
    const known = this.#texts.get(name)
    if (known !== undefined) return known
    const made = make()
    this.#texts.set(name, made)
    return made
  }
}

/** The subject, its encoded words decoded. */
export function subjectText(facts: Facts): string {
  return facts.text('subject', () => decodeWords(facts.summary.envelope.subject ?? ''))
}

/** The addresses of a field as `name <mailbox@host>`, one after another. */
export function addressText(facts: Facts, field: 'from' | 'to' | 'cc' | 'bcc'): string {
  return facts.text(field, () =>
    facts.summary.envelope[field]
      .map(({ name, mailbox, host }) => `${decodeWords(name ?? '')} <${mailbox ?? ''}@${host ?? ''}>`)
      .join(', '),
  )
}

/** The internal date, milliseconds. */
export function dateOf(facts: Facts): number {
  return facts.summary.internalDateMs
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** The day of the Date field as it is written there, whatever its time and zone (RFC 3501 §6.4.4): its start in UTC, or null. */
export function sentDayOf(facts: Facts): number | null {
  const match = /\b(\d{1,2})[ \t]{1,8}([A-Za-z]{3})[ \t]{1,8}(\d{2,4})\b/.exec(facts.summary.envelope.date ?? '')
  const month = match === null ? -1 : months.indexOf(match[2]!.toLowerCase())
  return match === null || month === -1 ? null : new Date(0).setUTCFullYear(fullYear(match[3]!), month, Number(match[1]))
}

/** RFC 5322 §4.3: two digits below 50 mean this century, other short years count from 1900. */
function fullYear(digits: string): number {
  const year = Number(digits)
  if (digits.length === 4) return year
  return digits.length === 2 && year < 50 ? 2000 + year : 1900 + year
}
