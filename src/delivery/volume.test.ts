// Volume through the door: sending stops at the limit with an incident, receiving does not, and a person lifts it. T08, T23
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { newMetrics } from '#base/metrics.ts'
import type { DemoPerson } from '#cli/demonstration.ts'
import { forgetVolume, newVolume } from '#delivery/volume.ts'
import { theService } from '#keys/epoch.ts'
import { sql } from '#store/sql.ts'
import { allRecords, messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { testService } from '#test/support/service.ts'

const service = await testService()
const { domains } = service
const limits = { perHour: 200, perDay: 1_000, spreadPerHour: 3 }
const doors = await openTestDoors(service, { volume: newVolume({ ...domains, limits }) })
after(async () => {
  await doors.close()
  await service.close()
})
const [priya, miriam, ada, orla, gareth, tobias] = [
  'prosecutor',
  'solicitor',
  'sole practitioner',
  'detective sergeant',
  'clerk',
  'paralegal',
].map(service.person) as [DemoPerson, DemoPerson, DemoPerson, DemoPerson, DemoPerson, DemoPerson]

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

async function lift(account: string): Promise<void> {
  const { id } = (await incidents()).find(
    (one) => one.account === account && one.kind === 'sending-stopped' && one.decision === null,
  )!
  await domains.database.transaction((tx) => domains.incidents.decide(tx, theService, id, 'lifted', 'a court list'))
}

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

test('who is stopped is so apart from their organisation’s state, and so is what a person lifts (T23, G02)', async () => {
  const { account, organisation } = await doors.signIn(service.person('barrister'))
  const state = async () => (await domains.accounts.holdersById(domains.database, [account])).get(account)!.state
  const set = (wanted: 'active' | 'sending-suspended' | 'suspended') =>
    domains.database.transaction((tx) => domains.organisations.change(tx, theService, organisation, { state: wanted }, 'test'))
  await set('sending-suspended')
  await domains.incidents.open({ kind: 'sending-stopped', clause: 'T23', account, about: 'test' })
  await set('active')
  assert.equal(await state(), 'sending-suspended')
  await set('suspended')
  await lift(account)
  await set('active')
  assert.equal(await state(), 'active')
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

test('as much again may be sent after a person gave sending back (T23)', async () => {
  const { account } = await doors.signIn(miriam)
  await domains.database.run(sql`delete from sending`)
  const volume = newVolume({ ...domains, limits })
  assert.equal((await volume.note(account, 250, 'x'))?.reason, 'sending-is-stopped')
  await lift(account)
  assert.equal(await volume.note(account, 150, 'x'), null)
  assert.equal(
    (await volume.note(account, 50, 'x'))?.about,
    'the account sent to 450 recipients within an hour; the limit is 400',
  )
  await lift(account)
})

test('who writes to people of too many organisations is stopped, however few the people are; the same ones count once (T23)', async () => {
  const { account } = await doors.signIn(tobias)
  await domains.database.run(sql`delete from sending`)
  const volume = newVolume({ ...domains, limits: { ...limits, spreadPerHour: 4 } })
  const named = (...names: string[]) => volume.note(account, 30, 'x', names)
  assert.equal(await named('a', 'b'), null)
  assert.equal(await named('b', 'a', 'c', 'd'), null)
  assert.equal(await named('a', 'd'), null)
  assert.equal((await named('e'))?.about, 'the account sent to people of 5 organisations within an hour; the limit is 4')
  const other = newVolume({ ...domains, limits: { ...limits, spreadPerHour: 5 } })
  assert.equal(await other.note(account, 60, 'x', ['f']), null, 'the widest that one worker saw counts')
})

async function until(isTrue: () => Promise<boolean>, what: string): Promise<void> {
  for (const untilMs = performance.now() + 20_000; !(await isTrue()); await pause(5)) assert.ok(performance.now() < untilMs, what)
}

/** An engine that says the same of everything, and how often it was asked; `settled` waits until so many answers were counted. */
function engineThatSays(isSpam: boolean) {
  const engine = { asked: 0, isThere: async () => true, readsAsSpam: async () => engine.asked++ < 0 || isSpam }
  const counted = async (account: string) =>
    (
      await domains.database.rows<{ scored: number }>(
        sql`select sum(scored)::int as scored from sending where account = ${account}`,
      )
    )[0]!.scored
  const settled = (account: string, answers: number) =>
    until(async () => (await counted(account)) >= answers, 'what the engine said is counted')
  return { engine, settled }
}

for (const isSpam of [true, false]) {
  test(`${isSpam ? 'what reads as spam stops its sender at a quarter of a limit' : 'what does not read as spam changes no limit'}, and an engine hears of nobody who sends little (T23)`, async () => {
    const [from, to] = isSpam ? [orla, miriam] : [gareth, orla]
    await domains.database.run(sql`delete from sending`)
    const { engine, settled } = engineThatSays(isSpam)
    const spam = { engine, metrics: newMetrics({}) }
    const own = await openTestDoors(service, {
      volume: newVolume({ ...domains, limits: { perHour: 1_600, perDay: 16_000, spreadPerHour: 100 }, spam }),
    })
    const { account } = await own.signIn(from)
    const send = async (recipients: number, answers: number) => {
      const unique = randomBytes(8).toString('hex')
      const raw = messageOf(`From: ${from.address}`, `Message-ID: <${unique}@x.example>`, 'Subject: x', '', 'Tel. 020 7946 0000')
      const reply = await own.submit(
        from,
        Array.from({ length: recipients }, () => to.address),
        raw,
      )
      await settled(account, answers)
      return reply.kind
    }
    for (let count = 0; count < 4; count++) assert.equal(await send(50, 0), 'accepted')
    assert.equal(engine.asked, 0, 'an eighth of the limit is nothing to look at')
    for (let count = 0; count < 19; count++) assert.equal(await send(count < 4 ? 50 : 1, count + 1), 'accepted')
    assert.equal(engine.asked, 19)
    assert.equal(await send(50, 20), 'accepted', 'acceptance waits for no engine')
    assert.equal(engine.asked, 20)
    const open = async () => (await incidents()).filter((one) => one.account === account && one.decision === null)
    if (isSpam) await until(async () => (await open()).length > 0, 'what the engine said is judged')
    assert.equal(await send(1, isSpam ? 20 : 21), isSpam ? 'refused' : 'accepted')
    const opened = await open()
    assert.deepEqual(
      opened.map(({ kind, about }) => [kind, about]),
      isSpam
        ? [
            [
              'sending-stopped',
              'the account sent to 465 recipients within an hour; the limit is 400 (20 of 20 messages read as spam)',
            ],
          ]
        : [],
    )
    if (isSpam) await lift(account)
    assert.equal(
      (await doors.submit(to, [from.address], messageOf(`From: ${to.address}`, 'Subject: x', '', 'Tel. 020 7946 0001'))).kind,
      'accepted',
    )
  })
}

test('what was sent is counted over all workers, and forgotten after four weeks (T23)', async () => {
  const { account } = await doors.signIn(gareth)
  await domains.database.run(sql`delete from sending`)
  const one = newVolume({ ...domains, limits })
  const other = newVolume({ ...domains, limits })
  assert.equal(await one.note(account, 150, 'x'), null)
  assert.equal((await other.note(account, 60, 'x'))?.reason, 'sending-is-stopped')
  await domains.database.run(sql`insert into sending (account, hour, recipients) values (${account}, 1, 1)`)
  assert.equal(await forgetVolume(domains), 1)
})
