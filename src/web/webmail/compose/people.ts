// Finding people in the directory: a page that adds them to a draft, and suggestions for the script of the form. G02, G11
import type { DraftFields } from '#mailbox/drafts.ts'
import type { RecipientField } from '#delivery/typed-draft.ts'
import { writeRecipient } from '#mail/compose.ts'
import type { Answer } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import type { PersonVisit } from '#web/route.ts'
import { urls } from '#web/urls.ts'
import { whereItWent } from '#web/webmail/compose/write.ts'

type Run = (visit: PersonVisit) => Promise<Answer>

const fields = { to: 'To', cc: 'Copy to', bcc: 'Blind copy to' } as const
const fieldOf = (text: string | null): RecipientField => (text === 'cc' || text === 'bcc' ? text : 'to')
const mostAdded = 50

export const peoplePage =
  (doors: WebDoors): Run =>
  async (visit) => {
    const id = visit.params.draft ?? ''
    if ((await doors.writing.drafts.read(visit.reader, id)) === null) return whereItWent(doors, visit, id)
    const query = (visit.query.get('q') ?? '').slice(0, 200)
    const field = fieldOf(visit.query.get('field'))
    const people = query.trim() === '' ? [] : await doors.writing.directory.find(query)
    const view = { draft: id, field, fieldName: fields[field], query, people }
    return { kind: 'page', template: 'webmail/compose/people.njk', title: 'Find people', view }
  }

export const addPeople =
  (doors: WebDoors): Run =>
  async (visit) => {
    const { drafts, directory } = doors.writing
    const id = visit.params.draft ?? ''
    const draft = await drafts.read(visit.reader, id)
    if (draft === null) return whereItWent(doors, visit, id)
    const field = fieldOf(visit.form.get('field'))
    const found = await directory.at(visit.form.getAll('person').slice(0, mostAdded))
    if (found.size === 0) return { kind: 'redirect', to: urls.writePeople(id, field) }
    const added = [...found.values()].map(({ name, address }) => writeRecipient({ name, address }))
    const typed = [draft.fields[field].trim().replace(/[,;]$/, ''), ...added].filter((one) => one !== '').join(', ')
    const now: DraftFields = { ...draft.fields, [field]: typed }
    const saved = await drafts.save(visit.reader, id, draft.version, now)
    if (saved.kind === 'refused') return saved
    if (saved.kind !== 'saved') return { kind: 'redirect', to: urls.writePeople(id, field) }
    const text = added.length === 1 ? 'One person was added.' : `${added.length} people were added.`
    return { kind: 'redirect', to: urls.writeDraft(id), notice: { text } }
  }

/** For the script of the form: what can be put into a field of recipients. */
export const suggestions =
  (doors: WebDoors): Run =>
  async (visit) => {
    const found = await doors.writing.directory.find(visit.query.get('q') ?? '')
    const body = found.map(({ name, address, role, organisation }) => ({
      name,
      address,
      role,
      organisation,
      value: writeRecipient({ name, address }),
    }))
    return { kind: 'json', body }
  }
