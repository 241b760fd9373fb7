// Drafts of webmail and what became of them; only mailbox/ runs these.
import type { Runner, Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export interface DraftRow {
  readonly id: string
  readonly version: number
  readonly sealed: Buffer
  readonly updatedMs: number
  readonly uploads: number
}

/** Locks a holder's row, so that what counts in all their drafts is counted by one at a time; before a draft's own row. */
export function lockHolder(tx: Transaction, holder: string) {
  return tx.rows(sql`select from holder where id = ${holder} for no key update`)
}

/** How many drafts a holder has, and the octets of all but one of them. */
export function heldDrafts(run: Runner, holder: string, except: string) {
  return run.rows<{ count: number; octets: number }>(sql`
    select count(*) as count, coalesce(sum(octet_length(sealed)) filter (where id <> ${except}), 0)::bigint as octets
      from draft where holder = ${holder}`)
}

export function insertDraft(tx: Transaction, draft: { holder: string; id: string; sealed: Buffer; atMs: number }) {
  return tx.run(sql`
    insert into draft (holder, id, version, sealed, created_ms, updated_ms)
    values (${draft.holder}, ${draft.id}, 1, ${draft.sealed}, ${draft.atMs}, ${draft.atMs})`)
}

export function draftById(run: Runner, holder: string, id: string) {
  return run.rows<DraftRow & { firstSendMs: number | null }>(sql`
    select id, version, sealed, updated_ms, first_send_ms,
           (select count(*) from draft_upload where draft_upload.holder = draft.holder and draft = draft.id) as uploads
      from draft where holder = ${holder} and id = ${id}`)
}

/** The newest first. */
export function draftsOf(run: Runner, holder: string, atMost: number) {
  return run.rows<DraftRow>(sql`
    select id, version, sealed, updated_ms,
           (select count(*) from draft_upload where draft_upload.holder = draft.holder and draft = draft.id) as uploads
      from draft where holder = ${holder} order by updated_ms desc, id desc limit ${atMost}`)
}

/** Writes what a draft says now, unless its version is another: the new version, or no row. What was tried to be sent before was another message. */
export function updateDraft(run: Runner, draft: { holder: string; id: string; version: number; sealed: Buffer; atMs: number }) {
  return run.rows<{ version: number }>(sql`
    update draft set version = version + 1, sealed = ${draft.sealed}, updated_ms = ${draft.atMs}, first_send_ms = null
     where holder = ${draft.holder} and id = ${draft.id} and version = ${draft.version}
    returning version`)
}

/** Counts a change of the files that go with a draft, of that version or (null) of any: the new version, or no row. */
export function touchDraft(tx: Transaction, holder: string, id: string, version: number | null, atMs: number) {
  return tx.rows<{ version: number }>(sql`
    update draft set version = version + 1, updated_ms = ${atMs}, first_send_ms = null
     where holder = ${holder} and id = ${id} and (${version}::bigint is null or version = ${version}::bigint)
    returning version`)
}

/** Notes when a draft was first tried to be sent as it is: that time, or no row when its version is another. */
export function noteFirstSend(run: Runner, holder: string, id: string, version: number, atMs: number) {
  return run.rows<{ firstSendMs: number }>(sql`
    update draft set first_send_ms = coalesce(first_send_ms, ${atMs})
     where holder = ${holder} and id = ${id} and version = ${version}
    returning first_send_ms`)
}

/** Deletes a draft with its files' rows, of that version or (null) of any; tells which files have content in the content store. */
export async function deleteDraft(
  tx: Transaction,
  holder: string,
  id: string,
  version: number | null,
): Promise<{ deleted: boolean; stored: { month: number; id: string }[] }> {
  const found = await tx.rows(sql`
    select from draft where holder = ${holder} and id = ${id} and (${version}::bigint is null or version = ${version}::bigint) for update`)
  if (found.length === 0) return { deleted: false, stored: [] }
  const stored = await tx.rows<{ month: number; id: string }>(
    sql`select month, id from draft_upload where holder = ${holder} and draft = ${id} and stored`,
  )
  await tx.run(sql`delete from draft where holder = ${holder} and id = ${id}`)
  return { deleted: true, stored }
}

export interface SentRow {
  readonly draft: string
  readonly month: number
  readonly message: string
  readonly receipt: string
  readonly sentMs: number
}

/** Notes what became of a draft; throws when it was sent before. */
export function insertSent(tx: Transaction, holder: string, sent: SentRow) {
  return tx.run(sql`
    insert into sent_message (holder, draft, month, message, receipt, sent_ms)
    values (${holder}, ${sent.draft}, ${sent.month}, ${sent.message}, ${sent.receipt}, ${sent.sentMs})`)
}

export function sentByDraft(run: Runner, holder: string, draft: string) {
  return run.rows<SentRow>(
    sql`select draft, month, message, receipt, sent_ms from sent_message where holder = ${holder} and draft = ${draft}`,
  )
}

/** What webmail sent of which this copy is: one row or none. */
export function sentByCopy(run: Runner, holder: string, mailbox: string, uid: number) {
  return run.rows<SentRow>(sql`
    select draft, sent_message.month, sent_message.message, receipt, sent_ms
      from copy join sent_message on sent_message.holder = copy.holder and sent_message.month = copy.month and sent_message.message = copy.message
     where copy.holder = ${holder} and mailbox = ${mailbox} and uid = ${uid}`)
}

/** Where the holder has copies of a message now, the first of them first. */
export function copiesOfMessage(run: Runner, holder: string, month: number, message: string) {
  return run.rows<{ mailbox: string; uid: number }>(sql`
    select copy.mailbox, uid from copy join mailbox on mailbox.holder = copy.holder and mailbox.id = copy.mailbox
     where copy.holder = ${holder} and month = ${month} and message = ${message}
     order by special_use is distinct from 'sent', copy.mailbox, uid limit 1`)
}

/** The id of the holder's mailbox of that use: one row or none. */
export function mailboxOfUse(run: Runner, holder: string, use: 'sent' | 'drafts') {
  return run.rows<{ id: string }>(sql`select id from mailbox where holder = ${holder} and special_use = ${use}`)
}

export interface UploadRow {
  readonly id: string
  readonly month: number
  readonly octets: number
  readonly wrappedKey: Buffer
  readonly sealedAbout: Buffer
  /** True when the content store has it. */
  readonly stored: boolean
}

/** The files of a draft, in the order in which they came. */
export function uploadsOf(run: Runner, holder: string, draft: string) {
  return run.rows<UploadRow>(sql`
    select id, month, octets, wrapped_key, sealed_about, stored from draft_upload
     where holder = ${holder} and draft = ${draft} order by id`)
}

/** Sealed content that stands in the row: one row or none. */
export function uploadContent(run: Runner, holder: string, draft: string, id: string) {
  return run.rows<{ content: Buffer | null }>(
    sql`select content from draft_upload where holder = ${holder} and draft = ${draft} and id = ${id}`,
  )
}

/** How many files and octets one draft has, and octets all drafts of the holder have. */
export function heldUploads(run: Runner, holder: string, draft: string) {
  return run.rows<{ count: number; octets: number; octetsOfAll: number }>(sql`
    select count(*) filter (where draft = ${draft}) as count,
           coalesce(sum(octets) filter (where draft = ${draft}), 0)::bigint as octets,
           coalesce(sum(octets), 0)::bigint as octets_of_all
      from draft_upload where holder = ${holder}`)
}

export function insertUpload(
  tx: Transaction,
  holder: string,
  draft: string,
  upload: Omit<UploadRow, 'stored'> & { readonly content: Buffer | null },
) {
  return tx.run(sql`
    insert into draft_upload (holder, draft, month, id, octets, wrapped_key, sealed_about, content, stored)
    values (${holder}, ${draft}, ${upload.month}, ${upload.id}, ${upload.octets}, ${upload.wrappedKey}, ${upload.sealedAbout},
            ${upload.content}, ${upload.content === null})`)
}

export function deleteUpload(tx: Transaction, holder: string, draft: string, id: string) {
  return tx.rows<{ month: number; id: string; stored: boolean }>(sql`
    delete from draft_upload where holder = ${holder} and draft = ${draft} and id = ${id} returning month, id, stored`)
}
