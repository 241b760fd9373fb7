// Check before sending, and sending: what every rule says of the message, who gets it, and one button. G05–G09, G11
import type { Refused } from '#base/faults.ts'
import { type Judged, canBeSent } from '#delivery/write-drafts.ts'
import { withoutRecipients } from '#delivery/typed-draft.ts'
import { keyOf } from '#community/standing.ts'
import { sentencesOfAsked } from '#policy/handling-asked.ts'
import { handlingOf, wholeMarking } from '#policy/offered.ts'
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
    return judged === null ? whereItWent(doors, visit, id) : showJudged(judged, [], null)
  }

/** `said` are sentences about what was just tried; `refusal` is what sending it was answered. */
function showJudged(judged: Judged, said: readonly FieldError[], refusal: Refused | null): Answer {
  const { draft, files, problems, recipients, warnings, subject, handling } = judged
  const refused = recipients.filter((one) => one.verdict.kind === 'refused')
  const marking = draft.fields.marking
  const errors = [...said, ...fieldErrors(problems).map((error) => ({ ...error, field: `check-${error.field}` }))]
  return {
    kind: 'page',
    template: 'webmail/compose/check.njk',
    title: 'Check before you send',
    errors,
    view: {
      draft: draft.id,
      version: draft.version,
      subject,
      text: draft.fields.text,
      problems: fieldErrors(problems),
      refusal: refusal ?? judged.refusal,
      recipients,
      isPartly: refused.length > 0 && refused.length < recipients.length,
      refusedCount: refused.length,
      warnings,
      files,
      marking: marking === null ? null : wholeMarking(marking).written,
      lowering: draft.fields.lowering ?? null,
      asked: sentencesOfAsked(handling),
      handling: marking === null ? [] : handlingOf(marking),
      canBeSent: canBeSent(judged) && refusal === null,
    },
  }
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
    const result = await writer.send(who, id, Number(visit.form.get('version')), visit.remoteAddress, 'TLS')
    if (result.kind === 'sent') {
      const before = `This message was sent on ${longDate(result.sent.sentMs)}. It was not sent again.`
      return { kind: 'redirect', to: urls.writeSent(id), notice: { text: result.before ? before : 'The message was sent.' } }
    }
    if (result.kind === 'gone') return whereItWent(doors, visit, id)
    const judged = result.kind === 'not-ready' ? result.judged : await writer.judge(who, id)
    if (judged === null) return whereItWent(doors, visit, id)
    const isRefusal = result.kind === 'refused'
    const text = isRefusal
      ? `The message was not sent: ${result.about}`
      : result.kind === 'changed'
        ? 'The message was changed in another window after you checked it. It was not sent: look at it again first'
        : 'The message cannot be sent as it is'
    return showJudged(judged, [{ field: 'check', text }], isRefusal ? result : null)
  }
