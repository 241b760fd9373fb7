// Held messages held against their record. G14, T19
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditHolds, newHeldAccounts } from '#delivery/audit-holds.ts'
import { theService } from '#keys/epoch.ts'
import { type Query, sql } from '#store/sql.ts'
import { allRecords } from '#test/support/acceptance.ts'
import { isHold, openHolding } from '#test/support/holding.ts'

const { service, holds, locked, recordsOf, heldNow } = await openHolding()
const { domains } = service

test('G14 the audit finds a held message that is gone, was changed, or stands otherwise than was recorded', async () => {
  const wrong = async () => {
    const found: string[] = []
    const held = newHeldAccounts()
    for (const { leaf, openings } of await allRecords(service)) held.hear(leaf, openings)
    await domains.database.transaction((tx) =>
      auditHolds({ ...domains, tx, held, complete: true, find: (sentence) => found.push(sentence) }),
    )
    return found
  }
  isHold(await holds.decide(theService, (await heldNow(locked('released'))).id, 'released', 'x'))
  assert.deepEqual(await wrong(), [])
  const told = newHeldAccounts()
  const decided = (await recordsOf('HoldDecided')).find(({ openings }) => openings[0]!.detail.decision === 'released')!
  const stands = () => told.states.get(String(decided.openings[0]!.detail.hold))
  told.hear(decided.leaf, decided.openings)
  assert.equal(stands(), 'released')
  told.hear(decided.leaf, decided.openings)
  assert.equal(stands(), 'decided twice')
  const { id } = await heldNow(locked('audited'))
  assert.deepEqual(await wrong(), [])
  const undone = new Error('undone')
  const after = async (change: Query, expected: RegExp) => {
    const [before] = await domains.database.rows<{ content: Buffer; state: string }>(
      sql`select content, state from hold where id = ${id}`,
    )
    await domains.database.run(change)
    const found = await wrong()
    await domains.database.run(sql`update hold set content = ${before!.content}, state = 'held' where id = ${id}`)
    assert.equal(found.length, 1, found.join())
    assert.match(found[0]!, expected)
  }
  await after(sql`update hold set content = set_byte(content, 40, get_byte(content, 40) # 1) where id = ${id}`, /does not open/)
  await assert.rejects(
    domains.database.transaction(async (tx) => {
      await tx.run(sql`delete from hold where id = ${id}`)
      const found: string[] = []
      const held = newHeldAccounts()
      for (const { leaf, openings } of await allRecords(service)) held.hear(leaf, openings)
      await auditHolds({ ...domains, tx, held, complete: true, find: (sentence) => found.push(sentence) })
      assert.deepEqual(found, [`held message ${id}: it is missing`])
      throw undone
    }),
    undone,
  )
})
