// Reading one message: its page, its HTML in a frame, its attachments, what is nested in it, and the original. G08, G14.
import type { Refused } from '#base/faults.ts'
import { notLookedIntoField } from '#delivery/stamp.ts'
import { displayOf, nestedIn, partAt, type LocatedPart } from '#mail/display.ts'
import { safeFileName } from '#mail/display-text.ts'
import type { ImapEnvelope } from '#mail/envelope.ts'
import { fieldsNamed, fieldText, parseHeader } from '#mail/header.ts'
import { decodeWords } from '#mail/words.ts'
import type { Content } from '#mailbox/open.ts'
import type { CopySummary } from '#mailbox/summaries.ts'
import { findMarkings } from '#policy/find-markings.ts'
import { stoppedRefusal } from '#policy/ceiling.ts'
import { keptHandling } from '#policy/handling-asked.ts'
import { highestMarking } from '#policy/marking.ts'
import type { Scheme } from '#policy/schemes.ts'
import type { Answer } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import { type PersonRoute, type PersonVisit, type Route, route } from '#web/route.ts'
import { patterns, urls } from '#web/urls.ts'
import { folderList } from '#web/webmail/folders/navigation.ts'
import { uidOf } from '#web/webmail/folders/uids.ts'
import { type Wanted, openingRefusal } from '#web/webmail/message/access.ts'
import { listAttachments, nameOf, trueTypeIn } from '#web/webmail/message/attachments.ts'
import { frameOf, framePolicy, frameSandbox } from '#web/webmail/message/frame.ts'
import {
  octetsBetween,
  rawStreamOf,
  readHtmlAsPlain,
  readShownPlain,
  readWrittenHtml,
  streamOf,
} from '#web/webmail/message/read.ts'
import { frameBody, hasHtml, headOf, type ShownBody, textBody } from '#web/webmail/message/view.ts'

const opening = {
  method: 'GET',
  journey: 'webmail/message',
  evidence: ['ContentHandover', 'MessageOpened'],
  who: 'signed-in',
} as const satisfies Partial<PersonRoute>

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const notFound: Answer = { kind: 'not-found' }
/** These may say in a download what they are: no browser runs them. */
const plainTypes = /^(?:application\/pdf|image\/(?:png|jpeg|gif|webp|tiff|bmp)|text\/(?:calendar|vcard)|audio\/\w+|video\/\w+)$/

/** One opened message. */
interface Opened {
  readonly mailbox: string
  readonly copy: CopySummary
  readonly content: Content
}

/** The routes of one message: each opens it by itself, so that none shows what was not recorded. */
export function messageRoutes(doors: WebDoors): Route[] {
  const pages = [
    { url: patterns.message, show: messagePage },
    { url: patterns.messageWithin, show: nestedPage },
    { url: patterns.messageFrame, show: frameFile },
    { url: patterns.messageFile, show: partFile, wants: 'download' },
    { url: patterns.messageOriginal, show: originalFile, wants: 'download' },
  ] as const
  return pages.map(({ url, show, ...page }) =>
    route({
      ...opening,
      url,
      async run(visit) {
        const opened = await openNamed(doors, visit, 'wants' in page ? page.wants : 'reading')
        if (opened === null) return notFound
        return 'clause' in opened ? opened : show(doors, opened, visit)
      },
    }),
  )
}

/** Opens the message that the URL names, which is recorded; null where the person has none there, the refusal where its sender asked so. */
async function openNamed(
  { mailboxes, now }: WebDoors,
  { reader, params, session }: PersonVisit,
  wants: Wanted,
): Promise<Opened | Refused | null> {
  const { mailbox = '', uid: named = '' } = params
  const uid = uidOf(named)
  if (!uuid.test(mailbox) || uid === null) return null
  const [copy] = await Array.fromAsync(mailboxes.fetchSummaries(reader, mailbox, [uid]))
  if (copy === undefined) return null
  const refusal = openingRefusal(copy, session.who.mayUse, now(), wants)
  if (refusal !== null) return refusal
  if (await mailboxes.holdsSealed(copy.structure)) return stoppedRefusal('sealed')
  const content = await (await mailboxes.openToRead(reader, mailbox, [uid])).content(uid)
  return content === null ? null : { mailbox, copy, content }
}

/** The part of an opened message that the URL names. */
const namedPart = (opened: Opened, visit: PersonVisit) => partAt(opened.copy.structure, visit.params.part ?? '')

async function messagePage(doors: WebDoors, opened: Opened, visit: PersonVisit): Promise<Answer> {
  const { mailbox, copy } = opened
  if (!copy.flags.includes('\\Seen')) {
    await doors.mailboxes.store(visit.reader, mailbox, [copy.uid], { mode: 'add', flags: ['\\Seen'] })
  }
  return pageOf(doors, opened, visit, null, await doors.mailboxes.neighbours(visit.reader, mailbox, copy.uid))
}

async function nestedPage(doors: WebDoors, opened: Opened, visit: PersonVisit): Promise<Answer> {
  const located = namedPart(opened, visit)
  return located === null || nestedIn(located) === null ? notFound : pageOf(doors, opened, visit, located, null)
}

async function frameFile(_doors: WebDoors, opened: Opened, visit: PersonVisit): Promise<Answer> {
  const located = namedPart(opened, visit)
  if (located === null || located.part.type !== 'text' || located.part.subtype !== 'html') return notFound
  const { pictures } = displayOf(opened.copy.structure)
  const document = await frameOf(opened.content, await readWrittenHtml(opened.content, located), pictures)
  // A sandboxed document of its own opener group would not be shown at all (HTML, 7.1.3).
  visit.setHeader('cross-origin-opener-policy', 'unsafe-none')
  return {
    kind: 'file',
    type: 'text/html; charset=utf-8',
    content: Buffer.from(document),
    policy: framePolicy,
    frame: 'same-origin',
  }
}

async function partFile(_doors: WebDoors, opened: Opened, visit: PersonVisit): Promise<Answer> {
  const located = namedPart(opened, visit)
  if (located === null || located.part.type === 'multipart') return notFound
  const name = nameOf(located)
  const { mediaType } = await trueTypeIn(opened.content, located, name)
  const type = plainTypes.test(mediaType) ? mediaType : 'application/octet-stream'
  return { kind: 'file', type, content: streamOf(opened.content, located), name }
}

async function originalFile(_doors: WebDoors, { content, copy }: Opened): Promise<Answer> {
  const called = safeFileName(decodeWords(copy.envelope.subject ?? '')) ?? 'message'
  return {
    kind: 'file',
    type: 'application/octet-stream',
    content: rawStreamOf(content, 0, content.octets),
    octets: content.octets,
    name: `${called}.eml`,
  }
}

/** The page of a message, or of one nested in it: `holder` is the part that holds the nested one, or null. */
async function pageOf(
  doors: WebDoors,
  opened: Opened,
  visit: PersonVisit,
  holder: LocatedPart | null,
  beside: { below: number | null; above: number | null } | null,
): Promise<Answer> {
  const { mailbox, copy, content } = opened
  const folders = await folderList(doors, visit.reader, mailbox)
  const folder = folders.find((one) => one.isCurrent)
  if (folder === undefined) return notFound
  const nested = holder === null ? null : nestedIn(holder)
  const display = nested === null ? displayOf(copy.structure) : displayOf(nested.part, nested.path)
  const wantsText = visit.query.get('as') === 'text'
  const bodies: ShownBody[] = []
  for (const body of display.bodies) bodies.push(await bodyOf(content, body, wantsText))
  const envelope = holder?.part.envelope ?? copy.envelope
  const schemes = await doors.schemesOf(senderIn(envelope))
  const marking = await markingOf(content, copy, nested, schemes)
  const unlooked = holder === null ? await notLookedInto(content, copy) : null
  const takenAs = copy.released !== undefined ? 'released' : copy.isOwnMarking === true ? 'own' : null
  const head = headOf(envelope, marking, keptHandling(copy.handling), schemes, takenAs)
  const here =
    holder !== null
      ? (query: { as?: 'text' }) => urls.messageWithin(mailbox, copy.uid, holder.path, query)
      : (query: { as?: 'text' }) => urls.message(mailbox, copy.uid, query)
  return {
    kind: 'page',
    template: 'webmail/message/page.njk',
    title: head.subject,
    view: {
      head,
      isWithin: holder !== null,
      notLookedInto: unlooked,
      bodies,
      sandbox: frameSandbox,
      attachments: await listAttachments(content, display),
      folders,
      folder,
      isDraft: folder.specialUse === '\\Drafts',
      isSent: folder.specialUse === '\\Sent',
      isFlagged: copy.flags.includes('\\Flagged'),
      others: folders.filter((one) => one.id !== mailbox),
      uid: copy.uid,
      receivedMs: copy.internalDateMs,
      otherView: hasHtml(display.bodies) ? { isText: wantsText, url: here(wantsText ? {} : { as: 'text' }) } : null,
      newer: beside?.above ?? null,
      older: beside?.below ?? null,
    },
  }
}

/** Who wrote it: From of a message was held to be its submitter's (G03); the first where there are several. */
const senderIn = ({ from }: ImapEnvelope) => `${from[0]?.mailbox ?? ''}@${from[0]?.host ?? ''}`

/** The marking as written: a nested message's own where its header bears one, else that of the message it came in. */
async function markingOf(
  content: Content,
  copy: CopySummary,
  nested: LocatedPart | null,
  schemes: readonly Scheme[],
): Promise<string | null> {
  if (nested === null) return copy.marking
  const header = parseHeader(await octetsBetween(content, nested.part.headerStart, nested.part.bodyStart))
  return highestMarking(findMarkings(header, [], schemes).map((found) => found.marking))?.written ?? copy.marking
}

/** What acceptance says that it could not look into; null where it said nothing. T19 */
async function notLookedInto(content: Content, { headerOctets }: CopySummary): Promise<string | null> {
  const [field] = fieldsNamed(parseHeader(await octetsBetween(content, 0, headerOctets)), notLookedIntoField)
  return field === undefined ? null : decodeWords(fieldText(field))
}

async function bodyOf(
  content: Content,
  { plain, html }: { readonly plain: LocatedPart | null; readonly html: LocatedPart | null },
  wantsText: boolean,
): Promise<ShownBody> {
  if (html !== null && !wantsText) return frameBody(html)
  if (plain !== null) return textBody(plain.path, await readShownPlain(content, plain), false)
  return textBody(html!.path, await readHtmlAsPlain(content, html!), true)
}
