// Whom automatic replies went to, and how far an INBOX was looked through; only delivery/ runs these.
import type { Runner, Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export function progressOf(run: Runner, accounts: readonly string[]) {
  return run.rows<{ account: string; mailbox: string; uid: number; setMs: number }>(sql`
    select account, mailbox, uid, set_ms from away_progress where account = any(${accounts}::uuid[])`)
}

export function putProgress(run: Runner, account: string, mailbox: string, uid: number, setMs: number) {
  return run.run(sql`
    insert into away_progress (account, mailbox, uid, set_ms) values (${account}, ${mailbox}, ${uid}, ${setMs})
    on conflict (account) do update set mailbox = excluded.mailbox, uid = excluded.uid, set_ms = excluded.set_ms`)
}

export function repliedTo(run: Runner, account: string, sender: Buffer) {
  return run.rows<{ repliedMs: number }>(sql`
    select replied_ms from automatic_reply where account = ${account} and sender = ${sender}`)
}

/** To how many senders an account's replies went since then. */
export function repliesSince(run: Runner, account: string, sinceMs: number) {
  return run.rows<{ replies: number }>(sql`
    select count(*)::int as replies from automatic_reply where account = ${account} and replied_ms > ${sinceMs}`)
}

/** Notes a reply: 0 where one went to that sender since `sinceMs`. */
export function noteReply(tx: Transaction, account: string, sender: Buffer, atMs: number, sinceMs: number) {
  return tx.run(sql`
    insert into automatic_reply (account, sender, replied_ms) values (${account}, ${sender}, ${atMs})
    on conflict (account, sender) do update set replied_ms = excluded.replied_ms where automatic_reply.replied_ms <= ${sinceMs}`)
}

export function forgetReplied(run: Runner, beforeMs: number) {
  return run.run(sql`delete from automatic_reply where replied_ms < ${beforeMs}`)
}
