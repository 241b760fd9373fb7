// Messages by their Message-ID: the first that somebody got, wherever they moved it, and copies of a message that are messages of their own. G05, G16
import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { openGround } from '#mailbox/ground.test-support.ts'
import type { Reader } from '#mailbox/means.ts'
import { findAlike, nameOf } from '#mailbox/named.ts'
import type { MessagePlace } from '#mailbox/seals.ts'
import { sql } from '#store/sql.ts'
import { testDatabase } from '#test/support/database.ts'

after(() => ground.close())
const { database } = await testDatabase()
const ground = await openGround(database)
const { means, mailboxes } = ground

let sender: Reader
let recipient: Reader
let hidden: Reader
let count = 0
let id = ''
beforeEach(async () => {
  sender = await ground.newReader()
  recipient = await ground.newReader()
  hidden = await ground.newReader()
  id = `<${++count}@firm.cjsm.test>`
})

const message = ({ messageId = id, date = 'Mon, 09 Mar 2026 12:00:00 +0000', from = 'orla@firm.cjsm.test' } = {}) => {
  const named = messageId === '' ? [] : [`Message-ID: ${messageId}`]
  return [`From: ${from}`, 'To: Priya <priya@cps.cjsm.test>', `Date: ${date}`, ...named, '', 'x', ''].join('\n')
}
/** Puts a message into mailboxes, and gives its place. */
async function put(to: readonly { who: Reader; mailbox?: string }[], raw: string): Promise<MessagePlace> {
  const [placed] = await ground.deliver(to, raw)
  const [row] = await database.rows<MessagePlace>(
    sql`select month, message from copy where holder = ${placed!.holder} and mailbox = ${placed!.mailbox} and uid = ${placed!.uid}`,
  )
  return row!
}
const alike = async (of: MessagePlace) => (await findAlike(means, of)).map((one) => one.message).sort()
const filed = (raw = message()) => put([{ who: sender, mailbox: 'Sent' }], raw)
const placeOf = async (who: Reader, mailbox: string, uid: number) => ({ mailbox: await ground.mailboxId(who, mailbox), uid })

test('what a program filed is found from what was delivered, and that from it, whoever has them', async () => {
  const delivered = await put([{ who: recipient }, { who: hidden }], message())
  const inSent = await filed(`X-Mozilla-Status: 0001\n${message()}`)
  const dragged = await put([{ who: hidden, mailbox: 'Archive' }], message({ messageId: `${id} (as it was)` }))
  assert.deepEqual(await alike(delivered), [inSent.message, dragged.message])
  assert.deepEqual(await alike(inSent), [delivered.message, dragged.message])
})

test('another Message-ID, date or author is another message, and without a Message-ID nothing is alike', async () => {
  const delivered = await put([{ who: recipient }], message())
  await filed(message({ messageId: '<other@firm.cjsm.test>' }))
  await filed(message({ date: 'Mon, 09 Mar 2026 12:00:01 +0000' }))
  await filed(message({ from: 'priya@cps.cjsm.test' }))
  assert.deepEqual(await alike(delivered), [])
  const bare = await put([{ who: recipient }], message({ messageId: '' }))
  await filed(message({ messageId: '' }))
  assert.deepEqual(await alike(bare), [])
})

test('a damaged one hides none of the others', async () => {
  const delivered = await put([{ who: recipient }], message())
  const all: string[] = []
  for (let n = 0; n < 5; n++) all.push((await filed()).message)
  await database.run(sql`update message set summary = '\\x00' where id = ${all[2]}`)
  assert.deepEqual(await alike(delivered), all.toSpliced(2, 1).sort())
  await database.run(sql`update message set summary = '\\x00' where id = ${delivered.message}`)
  assert.deepEqual(await alike(delivered), [])
})

test('the first that somebody got by a name is found, in whatever mailbox; their drafts, what they sent, and others’ are not', async () => {
  assert.equal(await mailboxes.receivedAs(recipient, id), null)
  for (const mailbox of ['Sent', 'Drafts']) await put([{ who: recipient, mailbox }], message())
  await put([{ who: hidden }], message())
  assert.equal(await mailboxes.receivedAs(recipient, id), null)
  await put([{ who: recipient }], message())
  await put([{ who: recipient }], message({ from: 'another@firm.cjsm.test' }))
  assert.deepEqual(await mailboxes.receivedAs(recipient, id), await placeOf(recipient, 'INBOX', 1))
  await mailboxes.move(recipient, await ground.mailboxId(recipient, 'INBOX'), [1], 'Archive')
  assert.deepEqual(await mailboxes.receivedAs(recipient, id), await placeOf(recipient, 'Archive', 1))
  assert.deepEqual(await mailboxes.receivedAs(recipient, ` ${id} (comment)`), await placeOf(recipient, 'Archive', 1))
  const archive = await ground.mailboxId(recipient, 'Archive')
  await mailboxes.store(recipient, archive, [1], { mode: 'add', flags: ['\\Deleted'] })
  await mailboxes.expunge(recipient, archive, [1])
  assert.deepEqual(await mailboxes.receivedAs(recipient, id), await placeOf(recipient, 'INBOX', 2))
})

test('what stands beside a message says nothing of its Message-ID without the key, and is the same each time', async () => {
  const [first, again, other] = await Promise.all([id, id, `${id}x`.replace('<', '<y')].map((one) => nameOf(means.keys, one)))
  assert.ok(first!.equals(again!))
  assert.ok(!first!.equals(other!))
  assert.equal(first!.length, 16)
  await put([{ who: recipient }], message())
  const rows = await database.rows<{ row: string }>(sql`select message::text as row from message`)
  assert.ok(rows.some(({ row }) => row.includes(first!.toString('hex'))))
  assert.ok(rows.every(({ row }) => !row.includes('firm.cjsm.test') && !row.includes(Buffer.from(id).toString('hex'))))
  assert.equal(await nameOf(means.keys, null), null)
})
