// Who is away, until when, and what is answered for them: set by the person, or by the operator's command. G11, RFC 3834
import type { Clock } from '#base/clock.ts'
import { type Refused, refused } from '#base/faults.ts'
import { type AwayRow, awayAmong, awayAt, awayRow, dropAway, putAway } from '#community/away.sql.ts'
import type { Evidence } from '#evidence/record.ts'
import type { Keys } from '#keys/keys.ts'
import type { Database, Transaction } from '#store/database.ts'

/** From the first millisecond to before the last one, UTC. */
export interface AwayNotice {
  readonly fromMs: number
  readonly untilMs: number
  readonly text: string
}

/** A notice that is in force, but for its text. */
export interface InForce extends Omit<AwayNotice, 'text'> {
  readonly account: string
  /** What came before it was set is not answered. */
  readonly setMs: number
}

export interface Away {
  /** The notice that is in force or will be; null for none, and for one that is over. */
  noticeOf(account: string): Promise<AwayNotice | null>
  /** Gives a person a notice, or with null none. */
  setNotice(tx: Transaction, actor: string, account: string, notice: AwayNotice | null): Promise<null | Refused>
  inForce(): Promise<readonly InForce[]>
  /** Until when those of some accounts are away who are so now, by account. */
  awayAmong(accounts: readonly string[]): Promise<Map<string, number>>
}

export const maxAwayCharacters = 2_000
export const longestAwayMs = 400 * 24 * 3_600_000
const place = 'away notice'

const malformed = (about: string, remedy: string) => refused('G11', 'away-notice-is-malformed', about, remedy)
const wrongText = malformed(
  `the text of an automatic reply has 1 to ${maxAwayCharacters.toLocaleString('en-GB')} characters, and no control characters`,
  'Write what your correspondents need to know, in fewer words.',
)
const wrongDays = malformed(
  'the last day of an absence is before its first, or past, or more than 400 days after it',
  'Give other days.',
)

export function openAway(o: { database: Database; keys: Keys; evidence: Evidence; clock: Clock }): Away {
  const { database, keys, evidence, clock } = o
  const opened = async ({ account, fromMs, untilMs, sealed }: AwayRow): Promise<AwayNotice> => ({
    fromMs,
    untilMs,
    text: (await keys.unseal(account, 'registers', place, sealed)).toString(),
  })
  return {
    async noticeOf(account) {
      const [row] = await awayRow(database, account)
      return row === undefined || row.untilMs <= clock.now() ? null : opened(row)
    },
    async setNotice(tx, actor, account, notice) {
      const wrong = notice === null ? null : whatIsWrong(notice, clock.now())
      if (wrong !== null) return wrong
      if (notice === null) await dropAway(tx, account)
      else {
        const sealed = keys.seal(await keys.lasting(account, 'registers'), place, Buffer.from(written(notice.text)))
        await putAway(tx, { account, fromMs: notice.fromMs, untilMs: notice.untilMs, setMs: clock.now(), sealed })
      }
      const details = [{ account, fromMs: notice?.fromMs ?? null, untilMs: notice?.untilMs ?? null }]
      await evidence.write(tx, { event: 'AwayNoticeChanged', actor, about: account, details })
      return null
    },
    inForce: () => awayAt(database, clock.now()),
    async awayAmong(accounts) {
      const rows = accounts.length === 0 ? [] : await awayAmong(database, accounts, clock.now())
      return new Map(rows.map(({ account, untilMs }) => [account, untilMs]))
    },
  }
}

/** The notice from the first to the last day, as people give them (2026-12-31); null where one is no day. */
export function noticeOfDays(from: string, until: string, text: string): AwayNotice | null {
  const [first, last] = [dayOf(from), dayOf(until)]
  return first === null || last === null ? null : { fromMs: first, untilMs: last + 24 * 3_600_000, text }
}

/** The days of a notice, as people give them. */
export const daysOfNotice = ({ fromMs, untilMs }: AwayNotice): { from: string; until: string } => ({
  from: new Date(fromMs).toISOString().slice(0, 10),
  until: new Date(untilMs - 1).toISOString().slice(0, 10),
})

function dayOf(typed: string): number | null {
  const day = typed.trim()
  const atMs = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN
  return Number.isNaN(atMs) || new Date(atMs).toISOString().slice(0, 10) !== day ? null : atMs
}

const written = (text: string) => text.replace(/\r\n?/g, '\n').normalize('NFC').trim()

function whatIsWrong({ fromMs, untilMs, text }: AwayNotice, nowMs: number): Refused | null {
  const shown = written(text)
  if (shown === '' || shown.length > maxAwayCharacters || !shown.isWellFormed() || /(?![\n\t])\p{Cc}/u.test(shown))
    return wrongText
  return fromMs >= untilMs || untilMs <= nowMs || untilMs - fromMs > longestAwayMs ? wrongDays : null
}
