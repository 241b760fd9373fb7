// Answering a message and passing it on: the form is filled from it, and only when the form is sent is there a draft. RFC 5322 §3.6.4; G06
import type { Refused } from '#base/faults.ts'
import { type AnswerKind, type Answered, type Beginning, answerKinds, beginAnswer } from '#mailbox/answer.ts'
import { stoppedRefusal } from '#policy/ceiling.ts'
import type { Answer } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import { longDate } from '#web/format.ts'
import type { PersonVisit } from '#web/route.ts'
import { urls } from '#web/urls.ts'
import { firstSave, formPage } from '#web/webmail/compose/write.ts'
import { isByOneself, openingRefusal } from '#web/webmail/message/access.ts'

type Run = (visit: PersonVisit) => Promise<Answer>

export const answerForm =
  (doors: WebDoors): Run =>
  async (visit) => {
    const begun = await begin(doors, visit)
    if (begun === null) return { kind: 'not-found' }
    if ('clause' in begun) return begun
    const files = begun.files.map(({ name }) => ({ name, octets: null }))
    return formPage(doors, visit, { ...begun, action: urls.answer(...placeOf(visit)!), draft: null, version: 0, files })
  }

/** The first save makes the draft, with what goes with it. */
export const answerSave =
  (doors: WebDoors): Run =>
  async (visit) => {
    const begun = await begin(doors, visit)
    if (begun === null) return { kind: 'not-found' }
    if ('clause' in begun) return begun
    return firstSave(doors, visit, begun.origin, begun.files)
  }

function placeOf({ params }: PersonVisit): [mailbox: string, uid: number, kind: AnswerKind] | null {
  const kind = answerKinds.find((one) => one === params.kind)
  const uid = /^[1-9]\d{0,9}$/.test(params.uid ?? '') ? Number(params.uid) : 0
  return kind === undefined || uid === 0 ? null : [params.mailbox ?? '', uid, kind]
}

async function begin(doors: WebDoors, visit: PersonVisit): Promise<Beginning | Refused | null> {
  const place = placeOf(visit)
  if (place === null) return null
  const answered = await open(doors, visit, ...place)
  if (answered === null || 'clause' in answered) return answered
  const begun = await beginAnswer(place[2], answered, visit.session.who.mayUse, longDate)
  // What is sent again answers what it answered before, and not itself.
  if (!place[2].startsWith('reply')) return begun
  return { ...begun, origin: { ...begun.origin, answers: { mailbox: place[0], uid: place[1] } } }
}

async function open(
  { mailboxes, now }: WebDoors,
  { reader, session }: PersonVisit,
  mailbox: string,
  uid: number,
  kind: AnswerKind,
): Promise<Answered | Refused | null> {
  const entry = (await mailboxes.mailboxes(reader)).find((one) => one.id === mailbox)
  if (entry === undefined) return null
  const [copy] = await Array.fromAsync(mailboxes.fetchSummaries(reader, entry.id, [uid]))
  if (copy === undefined) return null
  const { mayUse } = session.who
  // What others wrote is answered or forwarded, so that it keeps its marking (G06).
  const isForOwn = kind === 'again' || kind === 'continue'
  if (isForOwn && copy.envelope.from.length > 0 && !isByOneself(copy, mayUse)) return null
  const refusal = openingRefusal(copy, mayUse, now(), kind.startsWith('reply') ? 'reading' : 'passing-on')
  if (refusal !== null) return refusal
  const content = await (await mailboxes.openToRead(reader, entry.id, [uid])).content(uid)
  if (content?.stopped !== undefined && !kind.startsWith('reply')) return stoppedRefusal(content.stopped)
  return content === null ? null : { structure: copy.structure, headerOctets: copy.headerOctets, content }
}
