// Volume through the door: sending stops at the limit with an incident, receiving does not, and a person lifts it. T08, T23
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import type { DemoPerson } from '#cli/demonstration.ts'
import { forgetVolume, newVolume } from '#delivery/volume.ts'
import { theService } from '#keys/epoch.ts'
import { sql } from '#store/sql.ts'
import { allRecords, messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { testService } from '#test/support/service.ts'

const service = await testService()
const { domains } = service
const limits = { perHour: 200, perDay: 1_000 }
const doors = await openTestDoors(service, { volume: newVolume({ ...domains, limits }) })
after(async () => {
  await doors.close()
  await service.close()
})
const [priya, miriam, ada] = ['prosecutor', 'solicitor', 'sole practitioner'].map(service.person) as [
  DemoPerson,
  DemoPerson,
  DemoPerson,
]

async function sent(from: DemoPerson, to: DemoPerson, times = 1): Promise<string> {
  const unique = randomBytes(8).toString('hex')
  const raw = messageOf(`From: ${from.address}`, `Message-ID: <${unique}@x.example>`, 'Subject: x', '', 'Tel. 020 7946 0000')
  const reply = await doors.submit(
    from,
    Array.from({ length: times }, () => to.address),
    raw,
  )
  return reply.kind === 'accepted' ? 'accepted' : `${reply.clause} ${reply.reason}`
}
const incidents = () => domains.incidents.list()

test('at the limit sending stops at once and an incident is opened; receiving goes on; a person lifts it (T23)', async () => {
  for (let count = 0; count < 4; count++) assert.equal(await sent(priya, miriam, 50), 'accepted')
  assert.equal(await sent(priya, miriam, 50), 'T23 sending-is-stopped')
  const before = (await doors.read(priya)).length
  assert.equal(await sent(priya, miriam), 'T23 sending-is-stopped')
  assert.equal(await sent(miriam, priya), 'accepted')
  assert.equal((await doors.read(priya)).length, before + 1)
  assert.equal(await sent(ada, miriam), 'accepted')

  const [incident, ...others] = await incidents()
  assert.deepEqual([incident!.kind, incident!.clause, incident!.decision, others.length], ['sending-stopped', 'T23', null, 0])
  const decide = () =>
    domains.database.transaction((tx) => domains.incidents.decide(tx, theService, incident!.id, 'lifted', 'a court list'))
  assert.equal(await decide(), (await doors.signIn(priya)).account)
  assert.equal(await decide(), null)
  assert.equal(await sent(priya, miriam), 'accepted')
  const events = (await allRecords(service)).map(({ leaf }) => leaf.event)
  assert.equal(events.filter((event) => event === 'IncidentOpened').length, 1)
  assert.equal(events.filter((event) => event === 'IncidentDecided').length, 1)
})

test('one who was suspended by people stays so when an incident of volume is lifted (T23, G02)', async () => {
  const { account } = await doors.signIn(ada)
  await domains.incidents.open({ kind: 'sending-stopped', clause: 'T23', account, about: 'test' })
  await domains.database.transaction((tx) =>
    domains.accounts.setState(tx, theService, account, 'suspended', { clause: 'G02', reason: 'test' }),
  )
  const { id } = (await incidents()).at(-1)!
  await domains.database.transaction((tx) => domains.incidents.decide(tx, theService, id, 'lifted', 'test'))
  assert.equal((await domains.accounts.holdersById(domains.database, [account])).get(account)!.state, 'suspended')
})

test('mail of one form at a machine’s times opens an incident and stops nothing (T08)', async () => {
  const { account } = await doors.signIn(miriam)
  let ms = 0
  const clock = { ...domains.clock, now: () => 1.7e12 + ms, monotonic: () => ms }
  const volume = newVolume({ ...domains, clock, limits })
  const opened = async () => (await incidents()).filter((one) => one.kind === 'automated-pattern').length
  for (let count = 0; count < 45; count++, ms += 7_001 + (count % 7) * 900)
    assert.equal(await volume.note(account, 1, 'same'), null)
  assert.equal(await opened(), 0)
  for (let count = 0; count < 45; count++, ms += 60_000) assert.equal(await volume.note(account, 1, `${count % 2}`), null)
  assert.equal(await opened(), 0)
  for (let count = 0; count < 45; count++, ms += 60_000) assert.equal(await volume.note(account, 1, 'same'), null)
  assert.equal(await opened(), 1)
  assert.equal(await sent(miriam, priya), 'accepted')
})

test('what was sent is counted over all workers, and forgotten after four weeks (T23)', async () => {
  const { account } = await doors.signIn(miriam)
  await domains.database.run(sql`delete from sending`)
  const one = newVolume({ ...domains, limits })
  const other = newVolume({ ...domains, limits })
  assert.equal(await one.note(account, 150, 'x'), null)
  assert.equal((await other.note(account, 60, 'x'))?.reason, 'sending-is-stopped')
  await domains.database.run(sql`insert into sending (account, hour, recipients) values (${account}, 1, 1)`)
  assert.equal(await forgetVolume(domains), 1)
})
