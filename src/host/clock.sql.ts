// What machines' clocks said; only host/ runs these.
import type { Runner } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export interface KeptReading {
  readonly boot: string
  readonly wallMs: number
  readonly sinceBootMs: number
  readonly latestWallMs: number
  readonly databaseAheadMs: number
  readonly doubted: boolean
}

export function readingOf(run: Runner, machine: string) {
  return run.rows<KeptReading>(sql`
    select boot, wall_ms, since_boot_ms, latest_wall_ms, database_ahead_ms, doubted from clock_reading where machine = ${machine}`)
}

export function databaseNow(run: Runner) {
  return run.rows<{ nowMs: number }>(sql`select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms`)
}

export function keepReading(run: Runner, machine: string, kept: KeptReading) {
  return run.run(sql`
    insert into clock_reading (machine, boot, wall_ms, since_boot_ms, latest_wall_ms, database_ahead_ms, doubted)
    values (${machine}, ${kept.boot}, ${kept.wallMs}, ${kept.sinceBootMs}, ${kept.latestWallMs}, ${kept.databaseAheadMs}, ${kept.doubted})
    on conflict (machine) do update
       set boot = excluded.boot, wall_ms = excluded.wall_ms, since_boot_ms = excluded.since_boot_ms,
           latest_wall_ms = excluded.latest_wall_ms, database_ahead_ms = excluded.database_ahead_ms, doubted = excluded.doubted`)
}
