// Automated mail through the door: refused by its header without a permit, within one as often as it says. T08
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import type { DemoPerson } from '#cli/demonstration.ts'
import type { NewPermit } from '#community/permits.ts'
import { newId } from '#base/ids.ts'
import { theService } from '#keys/epoch.ts'
import { sql } from '#store/sql.ts'
import { allRecords, messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { testService } from '#test/support/service.ts'

const service = await testService()
const { domains } = service
const doors = await openTestDoors(service)
after(async () => {
  await doors.close()
  await service.close()
})
const [priya, miriam, ada] = ['prosecutor', 'solicitor', 'sole practitioner'].map(service.person) as [
  DemoPerson,
  DemoPerson,
  DemoPerson,
]

async function sent(to: readonly DemoPerson[], ...fields: string[]): Promise<string> {
  const unique = randomBytes(8).toString('hex')
  const raw = messageOf(
    `From: ${priya.address}`,
    `Message-ID: <${unique}@x.example>`,
    'Subject: list',
    ...fields,
    '',
    'Tel. 020 7946 0000',
  )
  const reply = await doors.submit(
    priya,
    to.map((one) => one.address),
    raw,
  )
  return reply.kind === 'accepted' ? 'accepted' : `${reply.clause} ${reply.reason}`
}
async function grant(permit: Partial<NewPermit>) {
  const { account } = await doors.signIn(priya)
  const whole: NewPermit = {
    account,
    purpose: 'court lists',
    recipients: [miriam.address],
    organisations: [],
    perHour: 2,
    computer: null,
    grantedBy: 'the Ministry',
    expiresMs: Date.now() + 1e6,
    ...permit,
  }
  return domains.database.transaction((tx) => domains.permits.grant(tx, theService, whole))
}
const bulk = 'Precedence: bulk'

test('automated mail is refused without a permit, and a person’s own mail never asks for one (T08)', async () => {
  assert.equal(await sent([miriam], bulk), 'T08 automated-mail-without-permit')
  assert.equal(await sent([miriam], 'Auto-Submitted: auto-generated'), 'T08 automated-mail-without-permit')
  assert.equal(await sent([miriam], 'List-Id: <x.example>'), 'T08 automated-mail-without-permit')
  assert.equal(await sent([miriam]), 'accepted')
  assert.equal(await sent([miriam], 'Auto-Submitted: auto-replied', 'In-Reply-To: <x@y.example>'), 'accepted')
})

test('an automatic reply to many needs a permit like any automated mail (T08)', async () => {
  const reply = ['Auto-Submitted: auto-replied', 'In-Reply-To: <x@y.example>']
  assert.equal(await sent([miriam, ada, miriam, ada], ...reply), 'T08 automated-mail-without-permit')
  assert.equal(await sent([miriam, ada, miriam], ...reply), 'accepted')
})

test('a permit lets through what it names, as often an hour as it says, until it is revoked (T08)', async () => {
  const granted = await grant({})
  assert.equal(granted.kind, 'granted')
  assert.equal(await sent([miriam, ada], bulk), 'T08 automated-mail-beyond-its-permit')
  assert.deepEqual(
    [await sent([miriam], bulk), await sent([miriam], bulk), await sent([miriam], bulk)],
    ['accepted', 'accepted', 'T08 automated-mail-over-its-rate'],
  )
  const id = (granted as { id: string }).id
  const revoke = () => domains.database.transaction((tx) => domains.permits.revoke(tx, theService, id))
  assert.deepEqual([await revoke(), await revoke()], [true, false])
  assert.equal(await sent([miriam], bulk), 'T08 automated-mail-without-permit')
  const events = (await allRecords(service)).map(({ leaf }) => leaf.event).filter((event) => event.startsWith('Permit'))
  assert.deepEqual(events, ['PermitGranted', 'PermitRevoked'])
})

test('a permit for an organisation covers its people; one that has ended covers nobody (T08)', async () => {
  const organisation = (await domains.organisations.list()).find((one) => one.name === ada.organisation)!.id
  await grant({ recipients: [], organisations: [organisation] })
  assert.equal(await sent([ada], bulk), 'accepted')
  assert.equal(await sent([miriam], bulk), 'T08 automated-mail-beyond-its-permit')
  await domains.database.transaction((tx) => tx.run(sql`update permit set expires_ms = 1`))
  assert.equal(await sent([ada], bulk), 'T08 automated-mail-without-permit')
})

test('a permit of a machine with a device password of its own covers what is sent with that, and nothing else (T08)', async () => {
  await domains.database.transaction((tx) => tx.run(sql`update permit set expires_ms = 1`))
  const { computer } = await doors.signIn(priya)
  const other = await grant({ computer: newId(Date.now()) })
  assert.equal(await sent([miriam], bulk), 'T08 automated-mail-from-another-computer')
  assert.equal(await sent([ada], bulk), 'T08 automated-mail-beyond-its-permit')
  await grant({ computer })
  assert.equal(await sent([miriam], bulk), 'accepted')
  assert.equal(other.kind, 'granted')
})

test('a permit without purpose, recipients, rate or end is refused (T08)', async () => {
  for (const wrong of [{ purpose: ' ' }, { recipients: [] }, { perHour: 0 }, { expiresMs: 1 }, { grantedBy: '' }])
    assert.equal(((await grant(wrong)) as { reason?: string }).reason, 'permit-is-malformed')
})
