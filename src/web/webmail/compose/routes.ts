// Writing a message: its routes. Drafts are saved whenever a form is sent, nothing is sent without being checked first, and a draft is sent once. G05–G09, G14
import type { WebDoors } from '#web/doors.ts'
import { maxWriteFormOctets } from '#web/limits.ts'
import { type PersonRoute, type Route, route } from '#web/route.ts'
import { patterns } from '#web/urls.ts'
import { answerForm, answerSave } from '#web/webmail/compose/answer.ts'
import { checkPage, declareRelease, removeRefused, sendDraft } from '#web/webmail/compose/check.ts'
import { deleteDraft, deletePage, draftsPage } from '#web/webmail/compose/drafts.ts'
import { addFiles, filesPage, removeFile } from '#web/webmail/compose/files.ts'
import { addPeople, peoplePage, suggestions } from '#web/webmail/compose/people.ts'
import { receiptFile, sentOfCopy, sentPage, withdrawHeld } from '#web/webmail/compose/sent.ts'
import { newForm, newSave, writeForm, writeSave } from '#web/webmail/compose/write.ts'

const notMail = 'a draft is not mail yet: sending it is recorded'
const onlyShows = 'shows what is the person’s own draft'
const get = { method: 'GET', journey: 'webmail/compose', who: 'signed-in', evidence: { none: onlyShows } } as const
const post = { method: 'POST', journey: 'webmail/compose', who: 'signed-in', evidence: { none: notMail } } as const
const sending = ['SubmissionAcceptance', 'SubmissionRejection', 'ContentConsignment', 'MailboxAppend'] as const
const saving = { ...post, whenExpired: 'keep', maxOctets: maxWriteFormOctets } as const

type Handler = (doors: WebDoors) => PersonRoute['run']

/** A handler may have a name or number in its URL that is nobody's: it answers 404 then. */
const of = (stated: Omit<PersonRoute, 'run'>, handler: Handler) => (doors: WebDoors) => route({ ...stated, run: handler(doors) })

const stated = [
  of({ ...get, url: patterns.write }, newForm),
  of({ ...saving, url: patterns.write }, newSave),
  of({ ...get, url: patterns.writeDraft }, writeForm),
  of({ ...saving, url: patterns.writeDraft }, writeSave),
  of({ ...get, url: patterns.answer, evidence: ['ContentHandover', 'MessageOpened'] }, answerForm),
  of({ ...saving, url: patterns.answer, evidence: ['ContentHandover', 'MessageOpened'] }, answerSave),
  of({ ...get, url: patterns.writeFiles }, filesPage),
  of({ ...post, url: patterns.writeFiles, body: 'upload' }, addFiles),
  of({ ...post, url: patterns.writeFileRemove }, removeFile),
  of({ ...get, url: patterns.writePeople }, peoplePage),
  of({ ...post, url: patterns.writePeople }, addPeople),
  of({ ...get, url: patterns.people, evidence: { none: 'names of the community’s directory' } }, suggestions),
  of({ ...get, url: patterns.writeCheck }, checkPage),
  of({ ...post, url: patterns.writeWithout }, removeRefused),
  of({ ...post, url: patterns.writeRelease, evidence: ['ReleaseDeclared'] }, declareRelease),
  of({ ...post, url: patterns.writeSend, evidence: sending, whenExpired: 'keep' }, sendDraft),
  of({ ...get, url: patterns.drafts }, draftsPage),
  of({ ...get, url: patterns.writeDelete }, deletePage),
  of({ ...post, url: patterns.writeDelete }, deleteDraft),
  of({ ...get, url: patterns.writeSent, evidence: { none: 'shows what the record says of the person’s own message' } }, sentPage),
  of({ ...get, url: patterns.writeReceipt, evidence: { none: 'opens a record of the person’s own message' } }, receiptFile),
  of({ ...post, url: patterns.writeWithdraw, evidence: ['HoldDecided'] }, withdrawHeld),
  of({ ...get, url: patterns.sentOf, evidence: { none: 'leads to the page of a sent message' } }, sentOfCopy),
]

export const composeRoutes = (doors: WebDoors): Route[] => stated.map((one) => one(doors))
