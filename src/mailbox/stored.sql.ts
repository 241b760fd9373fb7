// Whether a message or a draft's file refers to stored content; only mailbox/ runs this.
import type { Runner } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export function storedMessage(run: Runner, month: number, id: string) {
  return run.rows(sql`
    select from message where month = ${month} and id = ${id} and stored
     union all
    select from draft_upload where month = ${month} and id = ${id} and stored`)
}
