// To how many recipients accounts sent, hour by hour; only delivery/ runs these. T23
import type { Runner } from '#store/database.ts'
import { sql } from '#store/sql.ts'

/** Adds what accounts sent in an hour. */
export function addSent(run: Runner, hour: number, accounts: readonly string[], recipients: readonly number[]) {
  return run.run(sql`
    insert into sending (account, hour, recipients)
    select account, ${hour}, recipients from unnest(${accounts}::uuid[], ${recipients}::int[]) as sent (account, recipients) order by account
    on conflict (account, hour) do update set recipients = sending.recipients + excluded.recipients`)
}

export interface SentRow {
  readonly thisHour: number
  readonly lastDay: number
  readonly usualDay: number
  readonly usualDays: number
}

/** What an account sent: this hour, the last 24, and on a usual day of the four weeks before those. */
export function sentBy(run: Runner, account: string, hour: number) {
  return run.rows<SentRow>(sql`
    with day as (
      select (${hour}::bigint - hour) / 24 as ago, sum(recipients) as recipients
        from sending where account = ${account} and hour > ${hour}::bigint - 29 * 24 group by 1
    )
    select coalesce((select recipients from sending where account = ${account} and hour = ${hour}::bigint), 0)::int as this_hour,
           coalesce((select recipients from day where ago = 0), 0)::int as last_day,
           coalesce((select avg(recipients) from day where ago > 0), 0)::float8 as usual_day,
           (select count(*) from day where ago > 0)::int as usual_days`)
}

export function forgetSent(run: Runner, beforeHour: number) {
  return run.run(sql`delete from sending where hour < ${beforeHour}`)
}
