// The drafts of webmail: their list, and deleting one.
import type { Reader } from '#mailbox/means.ts'
import type { Answer } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import type { PersonVisit } from '#web/route.ts'
import { urls } from '#web/urls.ts'
import { whereItWent } from '#web/webmail/compose/write.ts'

type Run = (visit: PersonVisit) => Promise<Answer>

export interface ShownDraft {
  readonly id: string
  readonly to: string
  readonly subject: string
  readonly updatedMs: number
  readonly uploads: number
}

/** A person's drafts of webmail, as draft-list.njk shows them. */
export async function draftsInProgress({ writing }: WebDoors, reader: Reader): Promise<ShownDraft[]> {
  const drafts = await writing.drafts.list(reader)
  return drafts.map(({ id, fields, updatedMs, uploads }) => ({ id, to: fields.to, subject: fields.subject, updatedMs, uploads }))
}

export const draftsPage =
  (doors: WebDoors): Run =>
  async ({ reader }) => {
    const view = { drafts: await draftsInProgress(doors, reader) }
    return { kind: 'page', template: 'webmail/compose/drafts.njk', title: 'Drafts in progress', view }
  }

export const deletePage =
  (doors: WebDoors): Run =>
  async (visit) => {
    const id = visit.params.draft ?? ''
    const draft = await doors.writing.drafts.read(visit.reader, id)
    if (draft === null) return whereItWent(doors, visit, id)
    const view = { draft: id, subject: draft.fields.subject }
    return { kind: 'page', template: 'webmail/compose/delete.njk', title: 'Delete this draft?', view }
  }

export const deleteDraft =
  (doors: WebDoors): Run =>
  async (visit) => {
    const id = visit.params.draft ?? ''
    if (await doors.writing.drafts.discard(visit.reader, id))
      return { kind: 'redirect', to: urls.drafts(), notice: { text: 'The draft was deleted.' } }
    return whereItWent(doors, visit, id)
  }
