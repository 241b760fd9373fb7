// A removal or suspension that is under way while a message is accepted: whichever commits first, what was removed before the commit gets nothing after it. G02
import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { theService } from '#keys/epoch.ts'
import { sql } from '#store/sql.ts'
import { messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { testService } from '#test/support/service.ts'

const service = await testService()
const { domains } = service
const doors = await openTestDoors(service)
const priya = service.person('prosecutor')
const tobias = service.person('paralegal')

let opened = 0
async function newPerson(): Promise<{ id: string; address: string }> {
  const name = `leaver-${++opened}`
  const address = `${name}@hollis-penn.cjsm.test`
  const organisation = (await domains.organisations.list()).find((one) =>
    one.mailboxDomains.includes('hollis-penn.cjsm.test'),
  )!.id
  const account = { organisation, address, userName: name, name, role: 'pupil', password: 'Not-used-1', quotaOctets: 1_000_000 }
  const made = await domains.members.openAccount(theService, account, 'Computer')
  assert.equal(made.kind, 'opened')
  return { id: made.kind === 'opened' ? made.id : '', address }
}

const copiesOf = async (holder: string) =>
  (await domains.database.rows<{ count: number }>(sql`select count(*)::int as count from copy where holder = ${holder}`))[0]!
    .count
const textFor = (subject: string, from = priya) =>
  messageOf(`From: ${from.address}`, `Subject: NOT PROTECTIVELY MARKED ${subject}`, '', 'text')

/** Begins to change a holder's state by a connection of its own, runs `work` until it waits for that (or for two seconds), and commits. */
async function whileChanging<T>(holder: string, state: string, work: () => Promise<T>): Promise<{ waited: boolean; gave: T }> {
  const client = new pg.Client(service.connectionString)
  await client.connect()
  try {
    await client.query('begin')
    await client.query('update holder set own_state = $1 where id = $2', [state, holder])
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    const working = work()
    working.catch(() => {})
    let waited = false
    for (const endMs = performance.now() + 2_000; !waited && performance.now() < endMs; ) {
      // By another connection: what a transaction sees of others' activity is as it first looked.
      const blocked = sql`select from pg_stat_activity where ${rows[0]!.pid}::int = any(pg_blocking_pids(pid))`
      waited = (await domains.database.rows(blocked)).length > 0
    }
    await client.query('commit')
    return { waited, gave: await working }
  } finally {
    await client.end()
  }
}

test('a removal that commits between the look at RCPT and the commit of the message is waited for, and nothing is delivered (G02)', async () => {
  const leaver = await newPerson()
  assert.equal(await doors.acceptance.admitRecipient(leaver.address), null)
  const alone = await whileChanging(leaver.id, 'removed', () => doors.submit(priya, [leaver.address], textFor('alone')))
  assert.equal(alone.waited, true)
  assert.equal(alone.gave.kind === 'refused' && alone.gave.reason, 'recipient-is-removed')
  assert.equal(await copiesOf(leaver.id), 0)
})

test('in a message for several, and in a batch of several messages, only the removed one gets nothing (G02)', async () => {
  const [one, other] = [await newPerson(), await newPerson()]
  const several = await whileChanging(one.id, 'removed', () =>
    Promise.all([
      doors.submit(priya, [one.address, other.address], textFor('several')),
      doors.submit(priya, [other.address], textFor('beside it')),
      doors.submit(tobias, [other.address, one.address], textFor('third', tobias)),
    ]),
  )
  assert.equal(several.waited, true)
  assert.deepEqual(
    several.gave.map((reply) => reply.kind === 'accepted' && [reply.delivered, reply.refused]),
    [
      [1, 1],
      [1, 0],
      [1, 1],
    ],
  )
  assert.deepEqual([await copiesOf(one.id), await copiesOf(other.id)], [0, 3])
})

test('a submitter whose sending is suspended before the commit sends nothing (G02)', async () => {
  const reader = await newPerson()
  const { account } = await doors.signIn(tobias)
  const { waited, gave } = await whileChanging(account, 'sending-suspended', () =>
    doors.submit(tobias, [reader.address], textFor('suspended', tobias)),
  )
  assert.equal(waited, true)
  assert.equal(gave.kind === 'refused' && gave.reason, 'sending-is-suspended')
  assert.equal(await copiesOf(reader.id), 0)
})
