// Every message and every copy in the order of messages, for the audit; only mailbox/ runs these.
import type { Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export interface AuditedMessage {
  readonly month: number
  readonly id: string
  readonly octets: number
  readonly copies: number
  readonly summary: Buffer
  readonly content: Buffer | null
  /** Null for a message without a Message-ID, or from before names. */
  readonly name: Buffer | null
}

export function messagesAfter(tx: Transaction, month: number, id: string, atMost: number) {
  return tx.rows<AuditedMessage>(sql`
    select month, id, octets, copies, summary, content, name_hash as name from message
     where (month, id) > (${month}::int, ${id}::uuid) order by month, id limit ${atMost}`)
}

export interface AuditedCopy {
  readonly holder: string
  readonly mailbox: string
  readonly uid: number
  readonly month: number
  readonly message: string
  readonly wrappedKey: Buffer
  readonly octets: number
}

/** A cursor over all copies, since no index has them in this order. */
export function openCopies(tx: Transaction) {
  return tx.run(sql`
    declare audited_copy no scroll cursor for
     select holder, mailbox, uid, month, message, wrapped_key, octets from copy order by month, message, holder, mailbox, uid`)
}

export function nextCopies(tx: Transaction) {
  return tx.rows<AuditedCopy>(sql`fetch 500 from audited_copy`)
}

export function closeCopies(tx: Transaction) {
  return tx.run(sql`close audited_copy`)
}
