// To how many recipients accounts sent, hour by hour; only delivery/ runs these. T23
import type { Runner } from '#store/database.ts'
import { sql } from '#store/sql.ts'

/** Adds what accounts sent in an hour. */
export function addSent(
  run: Runner,
  hour: number,
  accounts: readonly string[],
  recipients: readonly number[],
  organisations: readonly number[],
) {
  return run.run(sql`
    insert into sending (account, hour, recipients, organisations)
    select account, ${hour}, recipients, organisations
      from unnest(${accounts}::uuid[], ${recipients}::int[], ${organisations}::int[]) as sent (account, recipients, organisations)
     order by account
    on conflict (account, hour) do update
       set recipients = sending.recipients + excluded.recipients, organisations = greatest(sending.organisations, excluded.organisations)`)
}

/** Counts a message that the spam engine read. */
export function addScored(run: Runner, hour: number, account: string, isSpam: boolean) {
  return run.run(sql`
    insert into sending (account, hour, recipients, scored, read_as_spam) values (${account}, ${hour}, 0, 1, ${isSpam ? 1 : 0})
    on conflict (account, hour) do update
       set scored = sending.scored + 1, read_as_spam = sending.read_as_spam + excluded.read_as_spam`)
}

export interface SentRow {
  readonly thisHour: number
  readonly lastDay: number
  readonly usualDay: number
  readonly usualDays: number
  readonly scored: number
  readonly readAsSpam: number
  readonly organisations: number
  readonly usualOrganisations: number
}

/** What an account sent: this hour, the last 24, and on a usual day of the four weeks before those. */
export function sentBy(run: Runner, account: string, hour: number) {
  return run.rows<SentRow>(sql`
    with day as (
      select (${hour}::bigint - hour) / 24 as ago, sum(recipients) as recipients, sum(scored) as scored, sum(read_as_spam) as read_as_spam,
             max(organisations) as organisations
        from sending where account = ${account} and hour > ${hour}::bigint - 29 * 24 group by 1
    )
    select coalesce((select recipients from sending where account = ${account} and hour = ${hour}::bigint), 0)::int as this_hour,
           coalesce((select recipients from day where ago = 0), 0)::int as last_day,
           coalesce((select avg(recipients) from day where ago > 0), 0)::float8 as usual_day,
           (select count(*) from day where ago > 0)::int as usual_days,
           coalesce((select scored from day where ago = 0), 0)::int as scored,
           coalesce((select read_as_spam from day where ago = 0), 0)::int as read_as_spam,
           coalesce((select organisations from sending where account = ${account} and hour = ${hour}::bigint), 0)::int as organisations,
           coalesce((select avg(organisations) from day where ago > 0), 0)::float8 as usual_organisations`)
}

export function forgetSent(run: Runner, beforeHour: number) {
  return run.run(sql`delete from sending where hour < ${beforeHour}`)
}
