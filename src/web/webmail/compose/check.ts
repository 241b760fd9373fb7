// Check before sending, and sending: what every rule says of the message, who gets it, and one button. G05–G09, G11
import type { Refused } from '#base/faults.ts'
import { type Judged, type JudgedRecipient, canBeSent, isForHelpdesk } from '#delivery/judge-draft.ts'
import type { Declared } from '#delivery/write-drafts.ts'
import { withoutRecipients } from '#delivery/typed-draft.ts'
import { keyOf } from '#community/standing.ts'
import { isAboveCeiling } from '#policy/ceiling.ts'
import { sentencesOfAsked } from '#policy/handling-asked.ts'
import { maxReasonCharacters } from '#policy/limits.ts'
import { markingWords } from '#policy/marking.ts'
import { handlingOf, wholeMarking } from '#policy/offered.ts'
import { releaseGrounds } from '#policy/release.ts'
import { isSameMarking } from '#policy/written-form.ts'
import type { Answer, FieldError } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import { longDate } from '#web/format.ts'
import type { PersonVisit } from '#web/route.ts'
import { urls } from '#web/urls.ts'
import { fieldErrors } from '#web/webmail/compose/form.ts'
import { whereItWent } from '#web/webmail/compose/write.ts'

type Run = (visit: PersonVisit) => Promise<Answer>

export const checkPage =
  (doors: WebDoors): Run =>
  async (visit) => {
    const id = visit.params.draft ?? ''
    const judged = await doors.writing.writer.judge(visit.session.who, id)
    return judged === null ? whereItWent(doors, visit, id) : showJudged(doors, visit, judged, [], null)
  }

/** `said` are sentences about what was just tried; `refusal` is what sending it was answered. */
async function showJudged(
  doors: WebDoors,
  { session }: PersonVisit,
  judged: Judged,
  said: readonly FieldError[],
  refusal: Refused | null,
): Promise<Answer> {
  const { draft, files, problems, recipients, warnings, subject, handling, lowering } = judged
  const refused = recipients.filter((one) => one.verdict.kind === 'refused')
  const errors = [...said, ...fieldErrors(problems).map((error) => ({ ...error, field: `check-${error.field}` }))]
  return {
    kind: 'page',
    template: 'webmail/compose/check.njk',
    title: 'Check before you send',
    errors,
    view: {
      draft: draft.id,
      version: draft.version,
      shown: await doors.writing.writer.shownOf(session.who, judged),
      subject,
      text: draft.fields.text,
      problems: fieldErrors(problems),
      refusal: refusal ?? judged.refusal,
      recipients,
      isPartly: refused.length > 0 && refused.length < recipients.length,
      refusedCount: refused.length,
      held: judged.held,
      warnings,
      files,
      outside: outsideView(judged),
      marking: markingView(judged),
      lowering,
      asked: sentencesOfAsked(handling),
      canBeSent: canBeSent(judged) && refusal === null,
      isForHelpdesk: refusal === null && isForHelpdesk(judged),
    },
  }
}

/** What it is delivered as, and what was chosen where that says less; null for no marking. G06 */
function markingView({ marking, draft, schemes }: Judged) {
  if (marking === null) return null
  const chosen = draft.fields.marking === null ? null : wholeMarking(draft.fields.marking, schemes)
  const isChosen = chosen !== null && isSameMarking(chosen, marking)
  return {
    words: markingWords(marking) || marking.written,
    handling: handlingOf(marking, schemes),
    chosen: isChosen ? null : chosen === null ? 'no marking' : markingWords(chosen),
  }
}

const groundsInWords = {
  'certain-not-sensitive': 'I am certain that nothing in it is sensitive',
  'trusted-recipient': 'Those outside can be trusted to handle it, and the way to them is secure',
} as const

/** What a declaration can change: there is none, or the one that there is does not fit. */
const declarable = new Set(['release-is-not-declared', 'release-contradicts-the-marking', 'channel-is-not-verified'])
const isDeclarable = ({ verdict }: JudgedRecipient) => verdict.kind === 'refused' && declarable.has(verdict.reason)

/** What is asked of a sender who names somebody outside, and what they declared; null where neither is anything. G15 */
function outsideView({ draft, recipients }: Judged) {
  const addresses = recipients.filter(({ isOutside }) => isOutside).map(({ address }) => address)
  const { ground = '', words = '', version = 0 } = draft.fields.release ?? {}
  const grounds = releaseGrounds.map((one) => ({ value: one, text: groundsInWords[one], checked: one === ground }))
  const declared = version === draft.version ? (grounds.find(({ checked }) => checked)?.text ?? null) : null
  const isAsked = recipients.some(isDeclarable)
  return isAsked || declared !== null ? { addresses, words, grounds, declared, isAsked } : null
}

/** Keeps what is declared for those outside with the draft, and checks it again. */
export const declareRelease =
  (doors: WebDoors): Run =>
  async (visit) => {
    const id = visit.params.draft ?? ''
    const { writer } = doors.writing
    const { who } = visit.session
    const ground = releaseGrounds.find((one) => one === visit.form.get('ground'))
    const words = (visit.form.get('words') ?? '').trim()
    const typed = { ground: ground ?? '', words }
    const result: Declared =
      ground === undefined
        ? { kind: 'wordless' }
        : await writer.declareRelease(who, id, Number(visit.form.get('version')), { ground, words })
    if (result.kind === 'refused') return result
    if (result.kind === 'declared')
      return { kind: 'redirect', to: urls.writeCheck(id), notice: { text: 'What you declared was recorded.' } }
    const judged = await writer.judge(who, id)
    if (judged === null) return whereItWent(doors, visit, id)
    if (result.kind !== 'wordless') return { kind: 'redirect', to: urls.writeCheck(id) }
    const error =
      ground === undefined
        ? { field: 'ground', text: 'Choose why it may leave the community' }
        : { field: 'words', text: `Say in your own words why, in ${maxReasonCharacters} characters at most` }
    return showJudged(
      doors,
      visit,
      { ...judged, draft: { ...judged.draft, fields: { ...judged.draft.fields, release: { ...typed, version: 0 } } } },
      [error],
      null,
    )
  }

/** Takes those whom the rules refuse out of the message, and checks the rest. */
export const removeRefused =
  (doors: WebDoors): Run =>
  async (visit) => {
    const id = visit.params.draft ?? ''
    const judged = await doors.writing.writer.judge(visit.session.who, id)
    if (judged === null) return whereItWent(doors, visit, id)
    const refused = judged.recipients.filter((one) => one.verdict.kind === 'refused')
    const keys = new Set(refused.map((one) => keyOf(one.address) ?? one.address))
    const { fields, version } = judged.draft
    const without = {
      to: withoutRecipients(fields.to, keys),
      cc: withoutRecipients(fields.cc, keys),
      bcc: withoutRecipients(fields.bcc, keys),
    }
    const saved = await doors.writing.drafts.save(visit.reader, id, version, { ...fields, ...without })
    if (saved.kind === 'refused') return saved
    // Another window changed it: what is there now is to be checked.
    if (saved.kind !== 'saved' || keys.size === 0) return { kind: 'redirect', to: urls.writeCheck(id) }
    return { kind: 'redirect', to: urls.writeCheck(id), notice: { text: `${counted(keys.size)} taken out of the message.` } }
  }

const counted = (count: number) => (count === 1 ? 'One recipient was' : `${count} recipients were`)

export const sendDraft =
  (doors: WebDoors): Run =>
  async (visit) => {
    const { writer } = doors.writing
    const { who } = visit.session
    const id = visit.params.draft ?? ''
    const asksHelpdesk = visit.form.get('helpdesk') === 'ask'
    const version = Number(visit.form.get('version'))
    const shown = visit.form.get('shown') ?? ''
    const result = await writer.send(who, id, version, shown, visit.remoteAddress, 'TLS', asksHelpdesk)
    if (result.kind === 'sent') {
      const before = `This message was sent on ${longDate(result.sent.sentMs)}. It was not sent again.`
      const now = result.isHeld
        ? 'The message is held. A person of the Helpdesk decides before anybody gets it.'
        : 'The message was sent.'
      return { kind: 'redirect', to: urls.writeSent(id), notice: { text: result.before ? before : now } }
    }
    if (result.kind === 'gone') return whereItWent(doors, visit, id)
    const judged = 'judged' in result ? result.judged : await writer.judge(who, id)
    if (judged === null) return whereItWent(doors, visit, id)
    const isRefusal = result.kind === 'refused'
    const wasAsked = isRefusal && isAboveCeiling(result)
    const text = wasAsked
      ? 'The message was not sent. An officer of the Helpdesk will look at the line that was found, and you get a message if you may send it'
      : isRefusal
        ? `The message was not sent: ${result.about}`
        : result.kind === 'changed'
          ? 'The message was changed in another window after you checked it. It was not sent: look at it again first'
          : result.kind === 'not-shown'
            ? 'The message was not sent yet. Read what is noted about it first, and send it then'
            : 'The message cannot be sent as it is'
    return showJudged(doors, visit, judged, [{ field: 'check', text }], isRefusal ? result : null)
  }
