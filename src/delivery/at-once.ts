// What needs no decision under a lock is delivered in one statement: it locks, looks again, and writes everything or nothing. docs/decisions/0012-one-statement.md
import { faultPoint } from '#base/fault-point.ts'
import type { BatchParts } from '#delivery/batches.ts'
import { acceptedOf, copiesOf, decidedOf, mailboxKeys, type Pending, type Result, submissionsOf } from '#delivery/decided.ts'
import { toBeNotified } from '#delivery/notices.ts'
import type { Outcome } from '#delivery/outcome.ts'
import { deliverDirectly, type PlacedRow } from '#mailbox/deliver.ts'
import { sql } from '#store/sql.ts'

/** True when, as far as is known, every recipient gets the message and nobody is to be told anything but the peer. */
export function isPlain({ recipients, refused, isRest, keep }: Pending): boolean {
  const outcomes = recipients.map((recipient): Outcome => ({ kind: 'delivered', recipient }))
  return (
    keep === undefined && recipients.length > 0 && refused.length === 0 && isRest !== true && toBeNotified(outcomes).length === 0
  )
}

/** Delivers plain submissions, all or none; null when somebody's state or quota stands in the way. Throws what the database does: a retry is a duplicate. */
export async function deliverAtOnce(parts: BatchParts, batch: readonly Pending[]): Promise<Result[] | null> {
  const { accounts, database, evidence, keys, clock } = parts
  const taken = await Promise.all(
    batch.map((pending) => {
      const outcomes = pending.recipients.map((recipient): Outcome => ({ kind: 'delivered', recipient }))
      return decidedOf(evidence, pending, outcomes, null)
    }),
  )
  const holderKeys = await mailboxKeys(keys, taken, [])
  const copies = taken.map((one) => copiesOf(one, holderKeys, keys, clock.now()))
  const delivery = deliverDirectly(copies.flat())
  const submitters = [...new Set(batch.map((one) => one.submitter))]
  const holders = new Set([...submitters, ...copies.flat().map((copy) => copy.holder)])
  const stands = sql`(select stands from verdict)`
  faultPoint('before-commit')
  const rows = await database.rows<PlacedRow & { stands: boolean }>(sql`
    with standing as (${accounts.holdersKept([...holders])}),
    target as (${delivery.target}),
    verdict as (
      select ${delivery.fits}
             and (select count(*) from standing where id = any(${submitters}::uuid[]) and state = 'active') = cardinality(${submitters}::uuid[]) as stands
    ), ${delivery.deliver(stands)},
    noted as (${submissionsOf(taken, parts.steadyMs(), stands)}),
    recorded as (${evidence.writing(
      taken.flatMap((one) => one.records),
      stands,
    )})
    select stands, holder, special_use as use, id, uid_validity, uid_next from target, verdict`)
  if (rows[0]?.stands !== true) return null
  faultPoint('after-commit')
  const placed = delivery.placed(rows)
  let at = 0
  return taken.map((one, index) => {
    const from = at
    at += copies[index]!.length
    return { reply: acceptedOf(one), placed: placed.slice(from, at) }
  })
}
