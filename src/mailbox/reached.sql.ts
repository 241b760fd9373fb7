// Which recipients were given a message; only mailbox/ runs this.
import type { Runner } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export function handOversOf(run: Runner, month: number, message: string, holders: readonly string[]) {
  return run.rows<{ holder: string; opened: boolean }>(sql`
    select holder, bool_or(opened) as opened from hand_over
     where holder = any(${holders}::uuid[]) and month = ${month} and message = ${message} group by holder`)
}
