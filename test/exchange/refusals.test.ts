// Refusals beside good ones: recipients of every kind in one envelope, and headers that strangers make up, over a real socket. G01, G02, G03, G20, RFC 5321 §4.2.5
import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { DemoPerson } from '#cli/demonstration.ts'
import type { HolderState } from '#identity/accounts.ts'
import { theService } from '#keys/epoch.ts'
import { sql } from '#store/sql.ts'
import { openTestDoors } from '#test/support/acceptance.ts'
import { testService } from '#test/support/service.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'

const service = await testService()
const { database, accounts } = service.domains
const doors = await openTestDoors(service)
after(() => doors.close())
const [priya, miriam, ada, gareth, constance] = ['prosecutor', 'solicitor', 'sole practitioner', 'clerk', 'barrister'].map(
  service.person,
) as [DemoPerson, DemoPerson, DemoPerson, DemoPerson, DemoPerson]
const plenty = 100_000_000
beforeEach(() => database.run(sql`update holder set quota_octets = ${plenty}, own_state = 'active'`))

/** Standings and quotas are kept for two seconds at RCPT. */
const keptMs = 2_100
async function accountOf(person: DemoPerson): Promise<string> {
  return (await accounts.list({ userName: person.userName }))[0]!.id
}
async function setState(person: DemoPerson, state: HolderState) {
  const id = await accountOf(person)
  await database.transaction((tx) => accounts.setState(tx, theService, id, state, { clause: 'G02', reason: 'test' }))
}
const setQuota = async (person: DemoPerson, octets: number) =>
  database.run(sql`update holder set quota_octets = ${octets} where id = ${await accountOf(person)}`)
/** Sends one message on a connection of its own. */
async function submit(to: readonly string[], header: string, body = 'x\r\n', from = priya.address) {
  const client = await openSmtpClient(service.faces.submissions.port, priya)
  try {
    return await client.submit({ from, to, octets: Buffer.from(`${header}\r\n${body}`, 'latin1') })
  } finally {
    client.close()
  }
}
const usual = (word: string) => `From: ${priya.address}\r\nTo: ${miriam.address}\r\nSubject: ${word}\r\n`
const count = async (person: DemoPerson, word: string) => (await doors.read(person)).filter((text) => text.includes(word)).length

test('RCPT answers each recipient for itself: unknown 550 5.1.1, removed 550 5.1.6, over quota 452 4.2.2, good 250; outside is judged with the message, 550 5.7.1; the good get it', async () => {
  await setState(gareth, 'removed')
  await setQuota(ada, 1)
  await database.run(sql`update mailbox set octets = octets + 1 where holder = ${await accountOf(ada)} and special_use = 'inbox'`)
  const client = await openSmtpClient(service.faces.submissions.port, priya)
  const to = ['nobody@hollis-penn.cjsm.test', gareth.address, 'friend@example.org', ada.address, miriam.address]
  // One at a time: a client that meets a 4xx gives the rest up.
  const replies: string[] = []
  for (const one of to) {
    const { recipients, reply } = await client.submit({
      from: priya.address,
      to: [one],
      octets: Buffer.from(`${usual('each')}\r\nx\r\n`),
    })
    replies.push(`${recipients[0]!.text.slice(0, 15)} ${reply.code}`)
  }
  assert.deepEqual(replies, [
    '550 5.1.1 [G01] 550',
    '550 5.1.6 [G02] 550',
    '250 2.1.5 Recip 550',
    '452 4.2.2 [G20] 452',
    '250 2.1.5 Recip 250',
  ])
  const among = await client.submit({
    from: priya.address,
    to: [to[0]!, to[1]!, to[2]!, constance.address, miriam.address],
    octets: Buffer.from(`${usual('among')}\r\nx\r\n`),
  })
  client.close()
  assert.deepEqual(
    among.recipients.map((one) => one.code),
    [550, 550, 250, 250, 250],
  )
  assert.match(among.reply.text, /^250 2\.0\.0 Delivered to 2, refused for 1;/)
  assert.deepEqual([await count(miriam, 'each'), await count(miriam, 'among'), await count(constance, 'among')], [1, 1, 1])
  await database.run(sql`update mailbox set octets = octets - 1 where holder = ${await accountOf(ada)} and special_use = 'inbox'`)
})

test('a mailbox that turns out to be full after DATA is 452 4.2.2 when it stands alone; beside good ones it is 250, and the submitter is told (G20)', async () => {
  await wait(keptMs)
  const room = await database.rows<{ used: number }>(
    sql`select sum(octets)::bigint as used from mailbox where holder = ${await accountOf(ada)}`,
  )
  await setQuota(ada, room[0]!.used + 100)
  const alone = await submit([ada.address], usual('full-alone'))
  assert.deepEqual([alone.recipients[0]!.code, alone.reply.code], [250, 452])
  assert.match(alone.reply.text, /^452 4\.2\.2 \[G20\] .*is full/)
  const beside = await submit([ada.address, miriam.address], usual('full-beside'))
  assert.match(beside.reply.text, /^250 2\.0\.0 Delivered to 1, refused for 1;/)
  assert.deepEqual([await count(ada, 'full-'), await count(miriam, 'full-')], [0, 1])
  const notice = (await doors.read(priya)).at(-1)!
  assert.match(notice, /Action: failed\r\nStatus: [45]\.2\.2/)
  assert.match(notice.replace(/\s+/g, ' '), /See https:\/\/mail\.cjsm\.test\/rules#G20/)
  await setQuota(ada, plenty)
  assert.equal((await submit([ada.address], usual('full-alone'))).reply.code, 250)
})

test('one who is suspended receives like any other, and no reply tells the sender (G02)', async () => {
  const before = await submit([constance.address], usual('active'))
  await setState(constance, 'suspended')
  await wait(keptMs)
  const while_ = await submit([constance.address], usual('suspended'))
  const plain = ({ recipients, reply }: typeof before) =>
    [...recipients, reply].map((one) => one.text.replace(/[0-9a-f-]{36}/, ''))
  assert.deepEqual(plain(while_), plain(before))
  await setState(constance, 'active')
  assert.deepEqual([await count(constance, 'Subject: active'), await count(constance, 'Subject: suspended')], [1, 1])
})

const me = priya.address
const hostile: readonly (readonly [string, string, RegExp])[] = [
  ['From of somebody else', `From: ${miriam.address}\r\n`, /^550 5\.7\.1 \[G03\]/],
  ['somebody else’s address beside a name that is ours', `From: "${me}" <${miriam.address}>\r\n`, /^550 5\.7\.1 \[G03\]/],
  ['two From fields', `From: ${me}\r\nFrom: ${miriam.address}\r\n`, /^550 5\.7\.1 \[G03\]/],
  ['two From fields that say the same', `From: ${me}\r\nFrom: ${me}\r\n`, /^550 5\.7\.1 \[G03\]/],
  ['two addresses in From', `From: ${me}, ${miriam.address}\r\n`, /^550 5\.7\.1 \[G03\]/],
  ['From in group syntax', `From: us: ${me};\r\n`, /^550 5\.7\.1 \[G03\]/],
  ['From in an empty group', 'From: undisclosed:;\r\n', /^550 5\.7\.1 \[G03\]/],
  ['no From at all', `To: ${miriam.address}\r\n`, /^550 5\.7\.1 \[G03\]/],
  ['a quoted local part that holds an address', `From: "a@evil x"@${me.split('@')[1]}\r\n`, /^550 5\.7\.1 \[G03\]/],
  ['a quoted local part that looks like ours', `From: "${me} x"@evil.example\r\n`, /^550 5\.7\.1 \[G03\]/],
  ['an encoded word as the address', `From: =?utf-8?q?${me.replace('@', '=40')}?=\r\n`, /^550 5\.7\.1 \[G03\]/],
  ['an encoded word in the local part', `From: <=?utf-8?q?priya?=@evil.example>\r\n`, /^550 5\.7\.1 \[G03\]/],
  ['an address in a comment', `From: (${me}) ${miriam.address}\r\n`, /^550 5\.7\.1 \[G03\]/],
  ['two routes', `From: <@evil.example:${miriam.address}>\r\n`, /^550 5\.7\.1 \[G03\]/],
  ['8-bit octets in the local part', `From: <pri\xffya@${me.split('@')[1]}>\r\n`, /^550 5\.7\.1 \[G03\]/],
  ['a UTF-8 local part', `From: <\xc3\xa9@${me.split('@')[1]}>\r\n`, /^550 5\.7\.1 \[G03\]/],
  ['Sender of somebody else', `From: ${me}\r\nSender: ${miriam.address}\r\n`, /^550 5\.7\.1 \[G03\]/],
  ['a field called __proto__', `From: ${me}\r\n__proto__: polluted\r\nconstructor: x\r\ntoString: y\r\n`, /^250/],
  ['a field name of 70,000 characters', `From: ${me}\r\n${'X'.repeat(70_000)}: y\r\n`, /^(250|55[0-4]) /],
  ['100,000 fields', `From: ${me}\r\n${'X: y\r\n'.repeat(100_000)}`, /^55[0-4] 5\./],
  ['a subject of 10 MB', `From: ${me}\r\nSubject: ${'x'.repeat(900)}${'\r\n yyyyyyyyy'.repeat(900_000)}\r\n`, /^55[0-4] 5\./],
]

test('headers that strangers make up are refused in a word, or taken as they are, and mail goes on (G03, RFC 5322 §3.6.2)', async () => {
  for (const [name, header, says] of hostile) {
    const { reply } = await submit([miriam.address], `${header}X-Case: ${name.replace(/[^a-z]/g, '-')}-hostile\r\n`)
    assert.match(reply.text.slice(0, 200), says, name)
  }
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
  const [proto] = (await doors.read(miriam)).filter((text) => text.includes('__proto__'))
  assert.match(proto!, /\r\n__proto__: polluted\r\nconstructor: x\r\ntoString: y\r\n/)
  assert.equal(
    await count(miriam, '-hostile'),
    hostile.filter(([name]) => name.includes('__proto__')).length + (await count(miriam, 'XXXX')),
  )
  assert.equal((await submit([miriam.address], usual('after'))).reply.code, 250)
})

test('addresses that strangers make up are refused at MAIL and RCPT, and a good one beside them is served (RFC 5321 §4.1.2, RFC 6531)', async () => {
  const client = await openSmtpClient(service.faces.submissions.port, priya)
  const octets = Buffer.from(`${usual('beside')}\r\nx\r\n`)
  for (const [to, says] of [
    ['"a@evil x"@hollis-penn.cjsm.test', /^550 5\.1\.1 /],
    ['"miriam.hollis@hollis-penn.cjsm.test"@evil.example', /^250 2\.1\.5 /], // outside: judged with the message
    ['=?utf-8?q?miriam?=@hollis-penn.cjsm.test', /^550 5\.1\.1 /],
    ['__proto__@hollis-penn.cjsm.test', /^550 5\.1\.1 /],
    ['miriam@[127.0.0.1]', /^250 2\.1\.5 /],
    ['é@hollis-penn.cjsm.test', /^(553 5\.6\.7|501) /],
    [`${'a'.repeat(65)}@hollis-penn.cjsm.test`, /^501 5\.1\.3 /],
  ] as const) {
    const { recipients, reply } = await client.submit({ from: me, to: [to, miriam.address], octets })
    assert.match(recipients[0]!.text, says, to)
    assert.equal(reply.code, 250, to)
  }
  for (const from of [miriam.address, `"${me}"@evil.example`, 'x@é.example', '__proto__@cjsm.test'])
    assert.match((await client.submit({ from, to: [miriam.address], octets })).reply.text, /^5\d\d /, from)
  client.close()
})
