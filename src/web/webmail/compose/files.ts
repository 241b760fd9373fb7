// The files that go with a message: attached one after another as they come, sealed on the way. Scripts get JSON, everybody else pages. RFC 7578
import type { Refused } from '#base/faults.ts'
import { type Upload, uploadType } from '#mailbox/uploads.ts'
import { maxUploads, maxUploadsOctets } from '#mailbox/limits.ts'
import type { Answer, FieldError } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import { sentence } from '#web/problems.ts'
import type { PersonVisit } from '#web/route.ts'
import { urls } from '#web/urls.ts'
import { whereItWent } from '#web/webmail/compose/write.ts'

type Run = (visit: PersonVisit) => Promise<Answer>

export const filesPage =
  (doors: WebDoors): Run =>
  (visit) =>
    visit.header('accept') === 'application/json' ? tellFiles(doors, visit) : showFiles(doors, visit, [])

async function tellFiles(doors: WebDoors, visit: PersonVisit): Promise<Answer> {
  const id = visit.params.draft ?? ''
  const draft = await doors.writing.drafts.read(visit.reader, id)
  if (draft === null) return whereItWent(doors, visit, id)
  const files = await doors.writing.uploads.list(visit.reader, id)
  return { kind: 'json', status: 200, body: { kind: 'files', files: namesOf(id, files), version: draft.version } }
}

async function showFiles(doors: WebDoors, visit: PersonVisit, errors: readonly FieldError[]): Promise<Answer> {
  const id = visit.params.draft ?? ''
  if ((await doors.writing.drafts.read(visit.reader, id)) === null) return whereItWent(doors, visit, id)
  const files = await doors.writing.uploads.list(visit.reader, id)
  const octets = files.reduce((sum, file) => sum + file.octets, 0)
  const view = { draft: id, files, octets, maxFiles: maxUploads, maxOctets: maxUploadsOctets }
  return { kind: 'page', template: 'webmail/compose/files.njk', title: 'Files with this message', view, errors }
}

export const addFiles =
  (doors: WebDoors): Run =>
  async (visit) => {
    const id = visit.params.draft ?? ''
    const added: Upload[] = []
    let refusal: Refused | null = null
    let version = 0
    for await (const part of visit.upload ?? []) {
      if (part.kind === 'field') continue
      // A file field that was left empty comes as a file without a name.
      if (part.name === '' || refusal !== null) {
        part.content.resume()
        continue
      }
      const result = await doors.writing.uploads.add(
        visit.reader,
        id,
        { name: part.name, type: uploadType(part.type) },
        part.content,
      )
      if (result.kind === 'refused') {
        refusal = result
        part.content.resume()
      } else {
        added.push(result.upload)
        version = result.version
      }
    }
    return visit.header('accept') === 'application/json'
      ? told(id, added, version, refusal)
      : shown(doors, visit, id, added, refusal)
  }

const namesOf = (id: string, files: readonly Upload[]) =>
  files.map((file) => ({ name: file.name, octets: file.octets, remove: urls.writeFileRemove(id, file.id) }))

const saidOf = ({ about, remedy }: Refused) => `${sentence(about)} ${sentence(remedy)}`

function told(id: string, added: readonly Upload[], version: number, refusal: Refused | null): Answer {
  const files = namesOf(id, added)
  const why = refusal === null ? null : saidOf(refusal)
  return { kind: 'json', status: refusal === null ? 200 : 422, body: { kind: 'attached', files, version, refusal: why } }
}

async function shown(
  doors: WebDoors,
  visit: PersonVisit,
  id: string,
  added: readonly Upload[],
  refusal: Refused | null,
): Promise<Answer> {
  const error = (text: string) => showFiles(doors, visit, [{ field: 'file', text }])
  if (refusal !== null) return error(saidOf(refusal))
  if (added.length === 0) return error('Choose a file to attach')
  const text = added.length === 1 ? 'The file was attached.' : `${added.length} files were attached.`
  return { kind: 'redirect', to: urls.writeFiles(id), notice: { text } }
}

export const removeFile =
  (doors: WebDoors): Run =>
  async (visit) => {
    const { draft = '', file = '' } = visit.params
    const version = await doors.writing.uploads.remove(visit.reader, draft, file)
    if (visit.header('accept') === 'application/json')
      return { kind: 'json', status: version === null ? 404 : 200, body: { kind: 'removed', version } }
    if (version === null) return whereItWent(doors, visit, draft)
    return { kind: 'redirect', to: urls.writeFiles(draft), notice: { text: 'The file was taken away.' } }
  }
