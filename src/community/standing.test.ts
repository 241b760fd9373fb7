// Organisations, their domains, and the standing of every kind of address. G01, G02
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Refused } from '#base/faults.ts'
import { newId } from '#base/ids.ts'
import { newLog } from '#base/log.ts'
import { helpdeskWarning } from '#community/helpdesk-address.ts'
import { type NewOrganisation, openOrganisations } from '#community/organisations.ts'
import { keyOf, newStandingOf } from '#community/standing.ts'
import { type Evidence, openEvidence } from '#evidence/record.ts'
import { openAccounts } from '#identity/accounts.ts'
import { theService } from '#keys/epoch.ts'
import { type Transaction, openDatabase } from '#store/database.ts'
import { sql } from '#store/sql.ts'
import { testDatabase } from '#test/support/database.ts'
import { testKeys } from '#test/support/keys.ts'

const { database, connectionString } = await testDatabase()
let monotonicMs = 0
const clock = { now: () => Date.now(), monotonic: () => monotonicMs }
const { keys } = await testKeys(clock)
const forParties = openDatabase({ connectionString, connections: 2, waitMs: 5_000, log: newLog('silent', {}) })
test.after(() => forParties.close())
const evidence = openEvidence(database, forParties, keys, clock)
const accounts = openAccounts({ database, keys, evidence, clock })
const communitySuffix = 'cjsm.test'
const organisations = openOrganisations({ database, evidence, accounts, clock, communitySuffix })
const helpdesk = 'help@firm.cjsm.test'
const standingOf = newStandingOf({ database, accounts, clock, communitySuffix, hostName: 'mail.example.org', helpdesk })

const within = <T>(work: (tx: Transaction) => Promise<T>) => database.transaction(work)
let made = 0
async function newOrganisation(more: Partial<NewOrganisation> = {}): Promise<string> {
  const one = { name: `Organisation ${++made}`, kind: 'police', adopter: true, parent: null, ...more }
  const created = await within((tx) => organisations.create(tx, theService, one))
  assert.equal(created.kind, 'created', JSON.stringify(created))
  return (created as { id: string }).id
}
const reasonOf = (answer: { kind: string } | null) => (answer?.kind === 'refused' ? (answer as Refused).reason : null)
const force = await newOrganisation({ name: 'Force' })
const firm = await newOrganisation({ name: 'Firm', adopter: false })
await within((tx) => organisations.addServerDomain(tx, theService, force, 'force.example'))
await within((tx) => organisations.addMailboxDomain(tx, theService, firm, 'firm.cjsm.test'))

async function newHolder(address: string): Promise<string> {
  const created = await within((tx) =>
    accounts.create(tx, theService, {
      organisation: firm,
      address,
      userName: `user${++made}`,
      name: 'N',
      role: 'r',
      password: 'Abcdefg1',
      quotaOctets: 1000,
    }),
  )
  return (created as { id: string }).id
}
const setState = (id: string, state: 'suspended' | 'sending-suspended' | 'removed' | 'active') =>
  within((tx) => accounts.setState(tx, theService, id, state, { clause: 'G02', reason: 'a test' }))
async function standing(address: string) {
  monotonicMs += 10_000
  return (await standingOf([address])).get(address)
}

test('members are members in whatever state but removed: no sender can tell that somebody is suspended (G01, G02)', async () => {
  const id = await newHolder('Ada@firm.cjsm.test')
  const member = { standing: 'member', holder: id, organisation: firm }
  for (const state of ['active', 'suspended', 'sending-suspended'] as const) {
    await setState(id, state)
    assert.deepEqual(await standing('ada@firm.cjsm.test'), member, state)
  }
  await setState(id, 'removed')
  assert.deepEqual(await standing('ada@firm.cjsm.test'), { standing: 'removed' })
  await setState(id, 'active')
  assert.deepEqual(await standing('ada@firm.cjsm.test'), member)
})

test('inside the community an address is unknown, elsewhere outside, and look-alikes of the suffix are elsewhere (G01)', async () => {
  for (const address of ['nobody@firm.cjsm.test', 'x@no-such.cjsm.test', 'x@cjsm.test', 'x@a.b.c.cjsm.test'])
    assert.equal((await standing(address))!.standing, 'unknown', address)
  for (const address of [
    'x@example.org',
    'x@cjsm.test.example.org',
    'x@evilcjsm.test',
    'x@cjsm.test.',
    'x@force.example',
    'x@test',
    '"x@firm.cjsm.test"@example.org',
    '',
  ])
    assert.equal((await standing(address))!.standing, 'outside', address)
})

test('the postmaster of each domain with mailboxes and of the service is who has the Helpdesk’s address (RFC 5321 §4.5.1)', async () => {
  const served = ['PostMaster@firm.cjsm.test', 'postmaster@cjsm.test', 'postmaster@mail.example.org'].map((one) => keyOf(one)!)
  const said = () => helpdeskWarning(standingOf, 'Telephone 0300 000 0000, or Help@firm.cjsm.test.')
  for (const address of served) assert.equal((await standing(address))!.standing, 'unknown', address)
  assert.match((await said())!, /^Mail for the Helpdesk and for postmaster is refused: /)
  const holder = await newHolder(helpdesk)
  const member = { standing: 'member', holder, organisation: firm }
  for (const address of [...served, helpdesk]) assert.deepEqual(await standing(address), member, address)
  assert.equal(await said(), null)
  assert.match((await helpdeskWarning(standingOf, '0300 000 0000'))!, /names no mailbox of a member/)
  assert.equal((await standing('postmaster@no-such.cjsm.test'))!.standing, 'unknown')
  assert.equal((await standing('postmaster@example.org'))!.standing, 'outside')
  assert.equal((await standing('postmaster@force.example.cjsm.test'))!.standing, 'server-organisation')
  const own = await newHolder('postmaster@firm.cjsm.test')
  assert.deepEqual(await standing('postmaster@firm.cjsm.test'), { ...member, holder: own })
})

test('an address of a server organisation has the home address of its domain’s mapping, or of its exception, or none', async () => {
  const at = (homeAddress: string) => ({ standing: 'server-organisation', organisation: force, homeAddress })
  assert.deepEqual(await standing('sergeant@force.example.cjsm.test'), at('sergeant@force.example'))
  assert.deepEqual(await standing('"odd @ name"@force.example.cjsm.test'), at('"odd @ name"@force.example'))
  assert.equal(
    await within((tx) => organisations.addException(tx, theService, 'Chief@force.example.cjsm.test', 'office@hq.example')),
    null,
  )
  assert.equal(await within((tx) => organisations.addException(tx, theService, 'gone@force.example.cjsm.test', null)), null)
  assert.deepEqual(await standing('chief@force.example.cjsm.test'), at('office@hq.example'))
  assert.deepEqual(await standing('gone@force.example.cjsm.test'), { standing: 'unknown' })
  assert.equal(
    await within((tx) => organisations.addException(tx, theService, 'gone@force.example.cjsm.test', 'back@force.example')),
    null,
  )
  assert.deepEqual(await standing('gone@force.example.cjsm.test'), at('back@force.example'))
})

test('an exception that is none is refused, and its transaction can go on', async () => {
  const wrong: [string, string | null, string][] = [
    ['no address', null, 'address-is-malformed'],
    ['a@force.example.cjsm.test', 'no address', 'address-is-malformed'],
    [`${'a'.repeat(65)}@force.example.cjsm.test`, null, 'address-is-malformed'],
    ['a@elsewhere.example', null, 'domain-is-not-a-server-organisations'],
    ['a@firm.cjsm.test', 'a@b.example', 'domain-is-not-a-server-organisations'],
  ]
  for (const [address, home, reason] of wrong) {
    await within(async (tx) => {
      assert.equal(reasonOf(await organisations.addException(tx, theService, address, home)), reason, address)
      await tx.run(sql`select 1`)
    })
  }
})

test('an exception that cannot be recorded is a fault and not a refusal: no record, no act', async () => {
  const failing: Evidence = { ...evidence, write: () => Promise.reject(new Error('evidence is away')) }
  const broken = openOrganisations({ database, evidence: failing, accounts, clock, communitySuffix })
  await assert.rejects(
    within((tx) => broken.addException(tx, theService, 'x@force.example.cjsm.test', null)),
    /evidence is away/,
  )
  assert.equal((await standing('x@force.example.cjsm.test'))!.standing, 'server-organisation')
})

test('many addresses are looked up at once, and an answer is kept for two seconds', async () => {
  monotonicMs += 10_000
  const addresses = ['a1@firm.cjsm.test', 'b@force.example.cjsm.test', 'c@example.org']
  const standings = async () => [...(await standingOf(addresses)).values()].map((one) => one.standing)
  assert.deepEqual(await standings(), ['unknown', 'server-organisation', 'outside'])
  await newHolder('a1@firm.cjsm.test')
  monotonicMs += 1_900
  assert.equal((await standingOf(addresses)).get('a1@firm.cjsm.test')!.standing, 'unknown')
  monotonicMs += 200
  assert.equal((await standingOf(addresses)).get('a1@firm.cjsm.test')!.standing, 'member')
})

test('the suffix that pushes a domain over 253 octets is refused, and one of 253 taken (RFC 1035 §2.3.4)', async () => {
  const homeOf = (octets: number) =>
    `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(octets - 192 - 10 - 8)}.example`
  const organisation = await newOrganisation()
  const added = await within((tx) => organisations.addServerDomain(tx, theService, organisation, homeOf(253)))
  assert.equal(added.kind === 'added' && added.domain.length, 253)
  assert.equal(
    reasonOf(await within((tx) => organisations.addServerDomain(tx, theService, organisation, homeOf(254)))),
    'domain-is-malformed',
  )
})

test('domains are refused that are malformed, taken, or outside the community (G01, T00)', async () => {
  const organisation = await newOrganisation()
  const mailbox = (domain: string) =>
    within((tx) => organisations.addMailboxDomain(tx, theService, organisation, domain)).then(reasonOf)
  for (const domain of ['firm.example', 'cjsm.test', 'evilcjsm.test'])
    assert.equal(await mailbox(domain), 'domain-is-outside-the-community', domain)
  for (const domain of [
    '.cjsm.test',
    'Upper.cjsm.test',
    '-a.cjsm.test',
    'a b.cjsm.test',
    `${'a'.repeat(64)}.cjsm.test`,
    'ü.cjsm.test',
    'a..cjsm.test',
  ])
    assert.equal(await mailbox(domain), 'domain-is-malformed', domain)
  for (const domain of ['firm.cjsm.test', 'force.example.cjsm.test'])
    assert.equal(await mailbox(domain), 'domain-is-taken', domain)
  assert.equal(await mailbox('good.cjsm.test'), null)
  assert.equal(
    reasonOf(await within((tx) => organisations.addServerDomain(tx, theService, organisation, 'force.example'))),
    'domain-is-taken',
  )
  assert.deepEqual((await organisations.list()).find((one) => one.id === organisation)!.mailboxDomains, ['good.cjsm.test'])
})

test('organisations have a name of their own and a kind; adoption is told, for five seconds from memory (G06, G07)', async () => {
  const create = (more: Partial<NewOrganisation>) =>
    within((tx) =>
      organisations.create(tx, theService, { name: 'N', kind: 'police', adopter: false, parent: null, ...more }),
    ).then(reasonOf)
  assert.equal(await create({ name: ' Firm ' }), 'organisation-exists')
  for (const name of ['', '  ', 'x'.repeat(201)]) assert.equal(await create({ name }), 'organisation-name-is-malformed')
  assert.equal(await create({ name: 'x'.repeat(200) }), null)
  for (const kind of ['', 'P', 'a', 'police force', 'a'.repeat(41)])
    assert.equal(await create({ kind }), 'organisation-kind-is-malformed')
  const found = (await organisations.find(force))!
  assert.deepEqual([found.name, found.adopter], ['Force', true])
  await database.run(sql`update organisation set adopter = false where id = ${force}`)
  monotonicMs += 4_900
  assert.equal((await organisations.find(force))!.adopter, true)
  monotonicMs += 200
  assert.equal((await organisations.find(force))!.adopter, false)
  assert.equal(await organisations.find(newId(1)), null)
})

test('every change is recorded with what it says (T03)', async () => {
  const organisation = await newOrganisation({ name: 'Recorded' })
  await within((tx) => organisations.addServerDomain(tx, theService, organisation, 'recorded.example'))
  await within((tx) => organisations.addMailboxDomain(tx, theService, organisation, 'merged.cjsm.test', 'the merger'))
  await within((tx) => organisations.change(tx, theService, organisation, { state: 'suspended' }, 'the inquiry'))
  await within((tx) => organisations.addException(tx, theService, 'a@recorded.example.cjsm.test', null))
  const rows = await database.rows<{ id: string }>(sql`select id from evidence_record`)
  const records = await Promise.all(rows.map(async ({ id }) => (await evidence.read(id))!))
  const said = records.map(({ leaf, openings }) => `${leaf.event} ${JSON.stringify(openings![0]!.detail)}`)
  for (const [event, word] of [
    ['OrganisationCreated', 'Recorded'],
    ['DomainAdded', 'recorded.example.cjsm.test'],
    ['DomainAdded', 'the merger'],
    ['OrganisationChanged', 'the inquiry'],
    ['AddressMappingChanged', 'a@recorded.example.cjsm.test'],
  ] as const)
    assert.equal(said.filter((one) => one.startsWith(event) && one.includes(`"${word}"`)).length, 1, event)
})

test('the key of an address that is none is null', () => {
  assert.deepEqual([keyOf('A@B.test'), keyOf('no'), keyOf('')], ['a@b.test', null, null])
})
