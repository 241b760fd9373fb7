// A draft as the message that it becomes: composed as it was typed, with its files, and read back. G06, G15, RFC 5322
import { type Refused, refused } from '#base/faults.ts'
import type { Envelope } from '#delivery/envelope.ts'
import { type Inspected, inspect, slice } from '#delivery/inspect.ts'
import type { Spool } from '#delivery/spool.ts'
import type { TypedDraft } from '#delivery/typed-draft.ts'
import type { SignedIn } from '#identity/sign-in.ts'
import { type ToAttach, type Typed, composeMessage, composedDiffers } from '#mail/compose.ts'
import { type Draft, DraftWasChanged } from '#mailbox/drafts.ts'
import type { Reader } from '#mailbox/means.ts'
import type { Upload, Uploads } from '#mailbox/uploads.ts'
import { writeHandlingAsked } from '#policy/handling-asked.ts'
import { writeProtectiveMarking } from '#policy/protective-marking.ts'
import { writeRelease } from '#policy/release.ts'

/** Who defines the names in the X-Protective-Marking that we write. */
const namespace = 'cjsm'
const cannotBeWritten = (what: string) =>
  refused(
    'T19',
    'message-cannot-be-composed',
    `the message cannot be written down unambiguously: ${what}`,
    'Use plainer names and words there.',
  )

/** The files of a draft, to go with it; throws DraftWasChanged when one was taken away. */
export async function attachmentsOf(
  parts: { readonly uploads: Uploads },
  reader: Reader,
  draft: string,
  files: readonly Upload[],
): Promise<ToAttach[]> {
  const attachments: ToAttach[] = []
  for (const file of files) {
    const content = await parts.uploads.content(reader, draft, file.id)
    if (content === null) throw new DraftWasChanged('a file was taken away meanwhile')
    attachments.push({ ...file, content: () => content.range(0, content.octets) })
  }
  return attachments
}

/** What is composed; `once` is the same whenever this version of the draft is sent. */
export function typedOf(
  parts: { readonly hostName: string },
  who: SignedIn,
  draft: Draft,
  read: TypedDraft,
  attachments: readonly ToAttach[],
  once: { atMs: number; boundary: string },
): Typed {
  const asked = writeHandlingAsked(read.handling)
  const list = (field: 'to' | 'cc') => read.recipients.filter((one) => one.field === field)
  return {
    ...once,
    from: { name: /[\p{Cc}]|=\?|@/u.test(who.name) ? null : who.name, address: who.address },
    to: list('to'),
    cc: list('cc'),
    subject: read.subject,
    text: draft.fields.text,
    references: draft.origin.references,
    isReply: draft.origin.kind === 'reply',
    marking: read.marking === null ? null : writeProtectiveMarking(read.marking, namespace),
    ...(read.lowering === null ? {} : { lowering: read.lowering }),
    ...(asked === '' ? {} : { handling: asked }),
    ...(read.release === null ? {} : { release: writeRelease(read.release) }),
    attachments,
    messageId: `<${draft.id}@${parts.hostName}>`,
  }
}

export function envelopeOf(who: SignedIn, read: TypedDraft): Envelope {
  return {
    reversePath: who.address,
    recipients: read.recipients.map(({ address }) => ({ address, originalRecipient: null, notify: null })),
    envid: null,
    ret: null,
  }
}

/** Composes into a spool and reads it back; refuses what does not read as it was typed. */
export async function composeInto(spool: Spool, typed: Typed): Promise<Inspected | Refused> {
  for await (const piece of composeMessage(typed)) await spool.write(piece)
  const inspected = await inspect(spool)
  const { header, structure } = inspected
  const body = (part: { bodyStart: number; bodyEnd: number }) => slice(spool, part.bodyStart, part.bodyEnd)
  const differs = await composedDiffers(typed, { header, root: structure.root, body })
  return differs === null ? inspected : cannotBeWritten(differs)
}
