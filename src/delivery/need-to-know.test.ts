// The check before sending knows whom its sender knows, and the record keeps that they sent it all the same. G11, T07
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DemoPerson } from '#cli/demonstration.ts'
import { openDirectory } from '#community/directory.ts'
import { newNeedToKnow } from '#delivery/need-to-know.ts'
import { newDraftWriter } from '#delivery/write-drafts.ts'
import { type DraftOrigin, openDrafts } from '#mailbox/drafts.ts'
import { newRoomOf } from '#mailbox/quota.ts'
import { openUploads } from '#mailbox/uploads.ts'
import { allRecords, messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { testHostName, testService } from '#test/support/service.ts'

const service = await testService()
const doors = await openTestDoors(service)
const { domains } = service
const [priya, miriam, ada] = ['prosecutor', 'solicitor', 'sole practitioner'].map(service.person) as [
  DemoPerson,
  DemoPerson,
  DemoPerson,
]
const drafts = openDrafts(domains)
const directory = openDirectory(domains)
const limits = { recipients: 20, organisations: 5, monitored: [] }
const writer = newDraftWriter({
  ...domains,
  acceptance: doors.acceptance,
  drafts,
  mailboxes: doors.mailboxes,
  uploads: openUploads(domains),
  directory,
  roomOf: newRoomOf(domains),
  newSpool: doors.newSpool,
  hasRoom: () => true,
  recordHeld: () => null,
  hostName: testHostName,
  lookInside: doors.lookInside,
  countExpansion: doors.countExpansion,
  needToKnow: newNeedToKnow({ ...domains, mailboxes: doors.mailboxes, directory, limits }),
})

async function write(from: DemoPerson, to: string, origin: Partial<DraftOrigin> = {}) {
  const who = await doors.signIn(from)
  const reader = { holder: who.account, computer: who.computer, address: who.address }
  const fields = { to, cc: '', bcc: '', subject: 'a', text: 'b', marking: null }
  const made = await drafts.create(reader, { kind: 'new', references: [], minimum: null, ...origin }, fields)
  assert.ok(made.kind === 'created')
  const judge = async () => (await writer.judge(who, made.id))!.warnings.map(({ clause, reason }) => `${clause} ${reason}`)
  const send = async () => {
    const shown = await writer.shownOf(who, (await writer.judge(who, made.id))!)
    return writer.send(who, made.id, made.version, shown, '192.0.2.1', 'TLSv1.3')
  }
  const marks = async () => (await writer.judge(who, made.id))!.recipients.map((one) => one.marks)
  return { judge, marks, send }
}

test('who was not written to is new once; the record keeps that the warning was answered (G11)', async () => {
  const first = await write(priya, miriam.address)
  assert.deepEqual(await first.judge(), ['G11 recipient-is-new'])
  assert.equal((await first.send()).kind, 'sent')
  const answered = (await allRecords(service)).filter(({ leaf }) => leaf.event === 'WarningsAnswered')
  assert.deepEqual(
    answered.map(({ openings }) => openings[0]!.detail.warnings),
    [['G11 recipient-is-new']],
  )

  const second = await write(priya, miriam.address)
  assert.deepEqual(await second.judge(), [])
  assert.equal((await second.send()).kind, 'sent')
  assert.equal((await allRecords(service)).filter(({ leaf }) => leaf.event === 'WarningsAnswered').length, 1)
  // And who wrote to somebody is not new to them.
  assert.deepEqual(await (await write(miriam, priya.address)).judge(), [])
})

test('an answer that reaches who did not have the original says so (T07)', async () => {
  const got = (await doors.read(miriam)).at(-1)!
  const messageId = /^Message-ID: (<.*>)\r$/im.exec(got)![1]!
  const answer = { kind: 'reply', references: [messageId] } as const
  assert.deepEqual(await (await write(miriam, priya.address, answer)).judge(), [])
  const wider = await (await write(miriam, `${priya.address}, ${ada.address}`, answer)).judge()
  assert.deepEqual(wider, ['G11 recipient-is-new', 'T07 answer-is-wider'])
})

test('an address with the name of somebody in another organisation may be mistaken (G11)', async () => {
  const warnings = await (await write(ada, 'miriam.hollis@terncourt.cjsm.test')).judge()
  assert.deepEqual(warnings, ['G11 recipient-looks-like-another', 'G11 recipient-is-new'])
})

test('who is away, and who is not in the directory, is told of before sending; neither is from then on (G11)', async () => {
  const [miriamId, adaId] = await Promise.all([miriam, ada].map(async (one) => (await doors.signIn(one)).account))
  const nowMs = domains.clock.now()
  const notice = { fromMs: nowMs - 1_000, untilMs: nowMs + 3_600_000, text: 'Ask Ada.' }
  await domains.database.transaction((tx) => domains.away.setNotice(tx, miriamId!, miriamId!, notice))
  const listed = (isListed: boolean) =>
    domains.database.transaction((tx) => domains.accounts.setListed(tx, adaId!, adaId!, isListed, 'asked for it'))
  assert.deepEqual([await listed(false), await listed(false)], [true, false])
  const check = await write(priya, `${miriam.address}, ${ada.address}`)
  assert.deepEqual(
    (await check.judge()).filter((one) => one !== 'G11 recipient-is-new'),
    ['G11 recipient-is-away', 'G11 recipient-is-ex-directory'],
  )
  assert.deepEqual(await directory.find(ada.name), [])
  assert.deepEqual(await directory.find(ada.address.slice(0, 6)), [])
  assert.equal((await directory.at([ada.address])).size, 1)
  await domains.database.transaction((tx) => domains.away.setNotice(tx, miriamId!, miriamId!, null))
  await listed(true)
  assert.deepEqual(
    (await check.judge()).filter((one) => one !== 'G11 recipient-is-new'),
    [],
  )
  assert.equal((await directory.find(ada.name)).length, 1)
  const events = (await allRecords(service)).map(({ leaf }) => leaf.event)
  assert.equal(events.filter((event) => event === 'AwayNoticeChanged' || event === 'DirectoryListingChanged').length, 4)
})

test('an address one typing mistake from a member’s may be mistaken, also beside the right one and for a member (G11)', async () => {
  const typo = 'miriam.holis@hollis-penn.cjsm.test'
  assert.deepEqual(await (await write(ada, typo)).judge(), ['G11 recipient-looks-like-another', 'G11 recipient-is-new'])
  const both = await (await write(priya, `${miriam.address}, ${typo}`)).marks()
  assert.deepEqual(both, [[], [`Looks like ${miriam.address}`, 'New to you']])
  // Who asked not to be in the directory is not told by a near address.
  const { account } = await doors.signIn(miriam)
  const listed = (isListed: boolean) =>
    domains.database.transaction((tx) => domains.accounts.setListed(tx, account, account, isListed, 'asked for it'))
  await listed(false)
  assert.deepEqual(await (await write(ada, typo)).judge(), ['G11 recipient-is-new'])
  await listed(true)
})

test('what was filed is found again: who did not have it is told of, and who wrote it is known (T07)', async () => {
  const written = messageOf(
    `From: ${ada.address}`,
    `To: ${miriam.address}`,
    'Message-ID: <filed@x.test>',
    'Subject: filed',
    '',
    'text',
  )
  assert.equal((await doors.submit(ada, [miriam.address], written)).kind, 'accepted')
  const who = await doors.signIn(miriam)
  const reader = { holder: who.account, computer: who.computer, address: who.address }
  await doors.mailboxes.createMailbox(reader, 'Cases')
  const { status, copies } = (await doors.mailboxes.select(reader, 'INBOX'))!
  await doors.mailboxes.move(reader, status.id, [copies.at(-1)!.uid], 'Cases')
  const answer = { kind: 'reply', references: ['<filed@x.test>'] } as const
  assert.deepEqual(await (await write(miriam, ada.address, answer)).judge(), [])
  assert.deepEqual(await (await write(miriam, `${ada.address}, ${priya.address}`, answer)).judge(), ['T07 answer-is-wider'])
})
