// A sent message: what became of it at each recipient, and the receipt that proves it. G14
import { receiptSoon } from '#evidence/receipt.ts'
import { decodeWords } from '#mail/words.ts'
import type { Answer } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import { receiptPollMs, receiptWaitMs } from '#web/limits.ts'
import type { PersonVisit } from '#web/route.ts'
import { urls } from '#web/urls.ts'

type Run = (visit: PersonVisit) => Promise<Answer>
const notFound: Answer = { kind: 'not-found' }

export const sentPage =
  (doors: WebDoors): Run =>
  async (visit) => {
    const { drafts, outcomes } = doors.writing
    const sent = await drafts.sent(visit.reader, visit.params.draft ?? '')
    if (sent === null) return notFound
    const copy = await drafts.copyOf(visit.reader, sent)
    const held = await outcomes.held(sent)
    const view = { sent, copy, held, subject: await subjectOf(doors, visit, copy), recipients: await outcomes.outcomes(sent) }
    return { kind: 'page', template: 'webmail/compose/sent.njk', title: 'Sent message', view }
  }

/** The sender ends what is held of theirs: nobody gets it. T19 */
export const withdrawHeld =
  (doors: WebDoors): Run =>
  async (visit) => {
    const { drafts, outcomes, holds } = doors.writing
    const id = visit.params.draft ?? ''
    const sent = await drafts.sent(visit.reader, id)
    const held = sent === null ? null : await outcomes.held(sent)
    if (held === null) return notFound
    const decided = await holds.decide(visit.session.who.account, held.hold.id, 'withdrawn', '')
    const text =
      'about' in decided ? 'It had been decided about already. Nothing was changed.' : 'You withdrew the message. Nobody gets it.'
    return { kind: 'redirect', to: urls.writeSent(id), notice: { text } }
  }

async function subjectOf(
  doors: WebDoors,
  { reader }: PersonVisit,
  copy: { mailbox: string; uid: number } | null,
): Promise<string | null> {
  if (copy === null) return null
  const [summary] = await Array.fromAsync(doors.mailboxes.fetchSummaries(reader, copy.mailbox, [copy.uid]))
  return summary === undefined ? null : decodeWords(summary.envelope.subject ?? '')
}

export const sentOfCopy =
  (doors: WebDoors): Run =>
  async ({ reader, params }) => {
    const uid = /^[1-9]\d{0,9}$/.test(params.uid ?? '') ? Number(params.uid) : 0
    const sent = uid === 0 ? null : await doors.writing.drafts.sentOfCopy(reader, params.mailbox ?? '', uid)
    if (sent !== null) return { kind: 'redirect', to: urls.writeSent(sent.draft) }
    const view = {
      problem: {
        heading: 'Nothing is known of this message here',
        sentences: [
          'Only what was sent from webmail has its outcome and receipts here. A mail program shows the receipt’s number when it sends.',
        ],
      },
    }
    return { kind: 'page', template: 'layout/problem.njk', title: 'Nothing is known of this message here', status: 404, view }
  }

const uncosigned =
  'No witness has cosigned it yet: who checks it with the service’s public keys may be told that it is not good. Try again in a minute.'

/**
 * The receipt for one recipient as a file; the tree takes a record within a second, and witnesses cosign it soon after. What none cosigned
 * is handed out only to whom that was said. `waits` are those of limits.ts when left out.
 */
export const receiptFile =
  (doors: WebDoors, waits = { waitMs: receiptWaitMs, pollMs: receiptPollMs }): Run =>
  async (visit) => {
    const sent = await doors.writing.drafts.sent(visit.reader, visit.params.draft ?? '')
    const recipient = visit.query.get('recipient') ?? ''
    if (sent === null || recipient === '') return notFound
    const { outcomes } = doors.writing
    const isGood = visit.query.has('uncosigned') ? () => true : outcomes.isCosigned
    const receipt = await receiptSoon(() => outcomes.receipt(sent, recipient), isGood, waits)
    if (typeof receipt === 'string' || !isGood(receipt)) {
      const isThere = typeof receipt !== 'string'
      const view = { draft: sent.draft, recipient, why: isThere ? uncosigned : receipt, isThere }
      return { kind: 'page', template: 'webmail/compose/no-receipt.njk', title: 'There is no receipt yet', status: 404, view }
    }
    const content = Buffer.from(`${JSON.stringify(receipt, null, 2)}\n`)
    return { kind: 'file', type: 'application/json', content, octets: content.length, name: `receipt-${sent.receipt}.json` }
  }
