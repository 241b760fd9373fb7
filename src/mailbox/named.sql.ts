// Messages by the keyed hash of their Message-ID; only mailbox/ runs these.
import type { MessagePlace } from '#mailbox/seals.sql.ts'
import type { Runner } from '#store/database.ts'
import { sql } from '#store/sql.ts'

/** The first message of a name that a holder got: neither their drafts nor what they sent count. */
export function firstReceived(run: Runner, holder: string, name: Buffer) {
  return run.rows<{ mailbox: string; uid: number }>(sql`
    select copy.mailbox, copy.uid
      from message
      join copy on copy.message = message.id and copy.month = message.month and copy.holder = ${holder}
      join mailbox on mailbox.holder = copy.holder and mailbox.id = copy.mailbox
     where message.name_hash = ${name} and coalesce(special_use, '') not in ('sent', 'drafts')
     order by copy.message, copy.uid limit 1`)
}

/** Any message of these names that is sealed. */
export function sealedAmong(run: Runner, names: readonly Buffer[]) {
  return run.rows(sql`
    select from message join message_seal on message_seal.month = message.month and message_seal.message = message.id
     where name_hash = any(${[...names]}::bytea[]) limit 1`)
}

/** One copy of each message that has the name of this one, itself among them. */
export function sameName(run: Runner, { month, message }: MessagePlace) {
  return run.rows<MessagePlace & { holder: string; mailbox: string; uid: number }>(sql`
    select distinct on (message.id) message.month, message.id as message, copy.holder, copy.mailbox, copy.uid
      from message join copy on copy.message = message.id and copy.month = message.month
     where message.name_hash = (select name_hash from message this where this.month = ${month} and this.id = ${message})
     order by message.id, copy.holder, copy.mailbox, copy.uid`)
}
