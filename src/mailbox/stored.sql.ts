// Whether a message refers to stored content; only mailbox/ runs this.
import type { Runner } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export function storedMessage(run: Runner, month: number, id: string) {
  return run.rows(sql`select from message where month = ${month} and id = ${id} and stored`)
}
