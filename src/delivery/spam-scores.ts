// Messages of accounts near their limits go to the spam engine one at a time, once they are delivered; what cannot be asked about is passed over. T23
import type { Metrics } from '#base/metrics.ts'
import type { Inspected } from '#delivery/inspect.ts'
import type { SpamEngine } from '#delivery/spam-engine.ts'
import type { Header } from '#mail/header.ts'

export interface SpamScores {
  /** Has a delivered message read by the engine when its turn comes; returns at once, keeping only its header's plain fields and its text. */
  ask(account: string, inspected: Inspected): void
}

/** Messages that wait for the engine; with more, the newest is passed over. */
export const maxWaiting = 16
/** What the engine is given of a text, and of a header field. */
const maxTextCharacters = 32 * 1024
const maxFieldOctets = 1_000

/** Fields that tell an engine something, and nothing of ours. Attachments are never given to it: SpamAssassin would write them to files. */
const fieldsGiven: ReadonlySet<string> = new Set(['from', 'to', 'cc', 'reply-to', 'subject', 'date', 'message-id', 'x-mailer'])

/** Makes the queue of a worker; `scored` hears of each message that the engine read. */
export function newSpamScores(o: {
  engine: SpamEngine
  metrics: Metrics
  scored: (account: string, isSpam: boolean) => Promise<void>
}): SpamScores {
  const asked = o.metrics.counter('cjsm_spam_engine_messages_total', 'Messages by what the spam engine said of them', ['said'])
  const waiting: { account: string; message: Buffer }[] = []
  let isBusy = false

  async function work(): Promise<void> {
    isBusy = true
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { account } = next
      const said = await o.engine.readsAsSpam(next.message).catch(() => null)
      asked.inc({ said: said === null ? 'nothing' : said ? 'spam' : 'no spam' })
      // What cannot be counted is as if it had not been asked.
      if (said !== null) await o.scored(account, said).catch(() => {})
    }
    isBusy = false
  }

  return {
    ask(account, inspected) {
      if (waiting.length >= maxWaiting) {
        asked.inc({ said: 'not asked' })
        return
      }
      waiting.push({ account, message: messageFor(inspected) })
      if (!isBusy) void work()
    },
  }
}

/** A message of plain text with the header's fields that count and the first alternative of its text. */
function messageFor({ header, texts }: Pick<Inspected, 'header' | 'texts'>): Buffer {
  const text = (texts[0] ?? '').slice(0, maxTextCharacters).toWellFormed().replace(/\r?\n/g, '\r\n')
  const type = 'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
  return Buffer.concat([...givenFields(header), Buffer.from(`${type}${text}\r\n`)])
}

function givenFields(header: Header): Buffer[] {
  const given = header.fields.filter(({ key, raw }) => fieldsGiven.has(key) && raw.length <= maxFieldOctets)
  return given.flatMap(({ raw }) => (raw.at(-1) === 0x0a ? [raw] : [raw, Buffer.from('\r\n')]))
}
