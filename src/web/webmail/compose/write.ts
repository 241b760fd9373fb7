// The form in which a message is written, and what its buttons do: each saves first. A save over what another window wrote is told, and nothing of either is lost.
import { newId } from '#base/ids.ts'
import type { CarriedFile } from '#mailbox/answer.ts'
import { type Draft, type DraftFields, type DraftOrigin, withoutCarrying } from '#mailbox/drafts.ts'
import type { Answer } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import type { PersonVisit } from '#web/route.ts'
import { urls } from '#web/urls.ts'
import { carryOver } from '#web/webmail/compose/carry.ts'
import { type FormParts, type Wish, areSame, formView, hiddenFields, listedFiles, readForm } from '#web/webmail/compose/form.ts'

export const newOrigin: DraftOrigin = { kind: 'new', references: [], minimum: null }
export const emptyFields: DraftFields = { to: '', cc: '', bcc: '', subject: '', text: '', marking: null }
type Run = (visit: PersonVisit) => Promise<Answer>

const titles = { new: 'Write a message', reply: 'Reply', forward: 'Forward a message' } as const

/** The schemes that a person marks by (G07). */
const schemesOf = (doors: WebDoors, { session }: PersonVisit) => doors.schemesOf(session.who.address)

/** The page of the form. */
export async function formPage(
  doors: WebDoors,
  visit: PersonVisit,
  parts: Omit<FormParts, 'offered' | 'schemes'>,
): Promise<Answer> {
  const isLowered = (parts.fields.lowering ?? '') !== ''
  const offered = await doors.writing.writer.offered(visit.session.who, isLowered ? null : parts.origin.minimum)
  return {
    kind: 'page',
    template: 'webmail/compose/write.njk',
    title: titles[parts.origin.kind],
    view: formView({ ...parts, offered, schemes: await schemesOf(doors, visit) }, newId(doors.now())),
  }
}

export const newForm =
  (doors: WebDoors): Run =>
  (visit) =>
    formPage(doors, visit, { action: urls.write(), draft: null, version: 0, fields: emptyFields, origin: newOrigin, files: [] })

/** The first save of a message makes the draft. */
export const newSave =
  (doors: WebDoors): Run =>
  (visit) =>
    firstSave(doors, visit, newOrigin, [])

/** Makes the draft of a form that was none yet, with the files that it carries over; a form that is sent again goes on with what it made before. */
export async function firstSave(
  doors: WebDoors,
  visit: PersonVisit,
  origin: DraftOrigin,
  files: readonly CarriedFile[],
): Promise<Answer> {
  const { wish, fields, begun } = readForm(visit.form, await schemesOf(doors, visit))
  const whole = files.length === 0 ? origin : { ...origin, toCarry: files.length }
  const made = await doors.writing.drafts.create(visit.reader, whole, fields, begun)
  switch (made.kind) {
    case 'refused':
      return made
    case 'sent':
      return wish === 'autosave' ? changed : sentAlready(made.sent.draft)
    case 'exists':
      return carryOn(doors, visit, made.draft.id, files)
    case 'created': {
      const answer = await carryOn(doors, visit, made.id, files)
      // What cannot go with it is said before anything was begun.
      if (answer.kind === 'refused') await doors.writing.drafts.discard(visit.reader, made.id)
      return answer
    }
  }
}

/** Carries over what is missing of a draft's files, and goes where the form wished, unless the draft says something else by now. */
async function carryOn(doors: WebDoors, visit: PersonVisit, id: string, files: readonly CarriedFile[]): Promise<Answer> {
  const { wish, fields } = readForm(visit.form, await schemesOf(doors, visit))
  const draft = await carryOver(doors.writing, visit.reader, id, files)
  if (draft === null) return wish === 'autosave' ? changed : whereItWent(doors, visit, id)
  if ('clause' in draft) return draft
  if (areSame(draft.fields, fields)) return afterSave(wish, draft.id, draft.version)
  return wish === 'autosave' ? changed : conflictPage(draft, fields)
}

const sentAlready = (draft: string): Answer => ({
  kind: 'redirect',
  to: urls.writeSent(draft),
  notice: { text: 'This message was sent already. It was not sent again.' },
})

export const writeForm =
  (doors: WebDoors): Run =>
  async (visit) => {
    const id = visit.params.draft ?? ''
    const draft = await doors.writing.drafts.read(visit.reader, id)
    if (draft === null) return whereItWent(doors, visit, id)
    const files = listedFiles(await doors.writing.uploads.list(visit.reader, id))
    return formPage(doors, visit, { ...draft, action: urls.writeDraft(id), draft: id, files })
  }

/** Of a draft that is no longer there: the page of the message that it became, else not found. */
export async function whereItWent(doors: WebDoors, visit: PersonVisit, id: string): Promise<Answer> {
  const sent = await doors.writing.drafts.sent(visit.reader, id)
  return sent === null ? { kind: 'not-found' } : { kind: 'redirect', to: urls.writeSent(id) }
}

export const writeSave =
  (doors: WebDoors): Run =>
  async (visit) => {
    const id = visit.params.draft ?? ''
    const { wish, version, fields } = readForm(visit.form, await schemesOf(doors, visit))
    if (wish === 'copy') return saveApart(doors, visit, id, fields)
    const saved = await doors.writing.drafts.save(visit.reader, id, version, fields)
    if (saved.kind === 'refused') return saved
    if (saved.kind === 'saved') return afterSave(wish, id, saved.version)
    if (saved.kind === 'changed') return wish === 'autosave' ? changed : conflictPage(saved.now, fields)
    return lateSave(doors, visit, id, wish, fields)
  }

/** What was typed becomes a draft of its own beside the one that another window saved. */
async function saveApart(doors: WebDoors, visit: PersonVisit, id: string, fields: DraftFields): Promise<Answer> {
  const other = await doors.writing.drafts.read(visit.reader, id)
  const made = await doors.writing.drafts.create(visit.reader, withoutCarrying(other?.origin ?? newOrigin), fields)
  if (made.kind !== 'created') return made.kind === 'refused' ? made : { kind: 'redirect', to: urls.drafts() }
  return {
    kind: 'redirect',
    to: urls.writeDraft(made.id),
    notice: { text: 'This is a draft of its own now. Files were not copied.' },
  }
}

/** The draft was sent or deleted in another window: what was typed is kept as a new one, unless it was sent. */
async function lateSave(doors: WebDoors, visit: PersonVisit, id: string, wish: Wish, fields: DraftFields): Promise<Answer> {
  const sent = await doors.writing.drafts.sent(visit.reader, id)
  if (sent !== null) return wish === 'autosave' ? changed : sentAlready(id)
  if (wish === 'autosave') return changed
  const made = await doors.writing.drafts.create(visit.reader, newOrigin, fields)
  if (made.kind !== 'created') return made.kind === 'refused' ? made : { kind: 'redirect', to: urls.drafts() }
  const notice = { text: 'The draft had been deleted in another window. What you wrote was saved as a new one.' }
  return { kind: 'redirect', to: urls.writeDraft(made.id), notice }
}

const changed: Answer = { kind: 'json', status: 409, body: { kind: 'changed' } }

/** Where one goes after a save. */
export function afterSave(wish: Wish, id: string, version: number): Answer {
  switch (wish) {
    case 'autosave':
      return { kind: 'json', body: { kind: 'saved', action: urls.writeDraft(id), files: urls.writeFiles(id), version } }
    case 'check':
      return { kind: 'redirect', to: urls.writeCheck(id) }
    case 'files':
      return { kind: 'redirect', to: urls.writeFiles(id) }
    case 'people-to':
    case 'people-cc':
    case 'people-bcc':
      return { kind: 'redirect', to: urls.writePeople(id, wish.slice('people-'.length)) }
    case 'save':
    case 'copy':
      return { kind: 'redirect', to: urls.writeDraft(id), notice: { text: 'The draft was saved.' } }
  }
}

/** Both versions, and what can be done. */
function conflictPage(now: Draft, fields: DraftFields): Answer {
  return {
    kind: 'page',
    template: 'webmail/compose/conflict.njk',
    title: 'This message was changed in another window',
    status: 409,
    view: {
      draft: now.id,
      now: { fields: now.fields, version: now.version, updatedMs: now.updatedMs },
      typed: fields,
      hidden: hiddenFields(fields),
    },
  }
}
