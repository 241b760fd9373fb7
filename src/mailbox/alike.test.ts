// Copies that a mail program filed apart are found from the message, and the message from them: by what their headers say, and within a time. G05
import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { type AlikeMeans, findAlike } from '#mailbox/alike.ts'
import { openGround } from '#mailbox/ground.test-support.ts'
import { alikeAfterMs, alikeBeforeMs } from '#mailbox/limits.ts'
import type { Reader } from '#mailbox/means.ts'
import type { MessagePlace } from '#mailbox/seals.ts'
import { sql } from '#store/sql.ts'
import { testDatabase } from '#test/support/database.ts'

after(() => ground.close())
const { database } = await testDatabase()
const startMs = Date.UTC(2026, 2, 9, 12)
let atMs = startMs
const ground = await openGround(database, { now: () => atMs, monotonic: () => performance.now() })
const people = new Map<string, Reader>()
const means: AlikeMeans = {
  ...ground.means,
  accounts: {
    ...ground.means.accounts,
    holdersAt: (keys) =>
      Promise.resolve(
        new Map(
          keys.flatMap((key) => {
            const reader = people.get(key)
            return reader === undefined ? [] : [[key, { holder: reader.holder, state: 'active', organisation: '' }] as const]
          }),
        ),
      ),
  },
}

let sender: Reader
let recipient: Reader
let hidden: Reader
beforeEach(async () => {
  atMs = startMs
  sender = await ground.newReader()
  recipient = await ground.newReader()
  hidden = await ground.newReader()
  people.clear()
  people.set('orla@firm.cjsm.test', sender)
  people.set('priya@cps.cjsm.test', recipient)
})

const message = ({ id = '<a@firm.cjsm.test>', date = 'Mon, 09 Mar 2026 12:00:00 +0000', from = 'orla@firm.cjsm.test' } = {}) =>
  [
    `From: ${from}`,
    'To: Priya <priya@cps.cjsm.test>',
    `Date: ${date}`,
    ...(id === '' ? [] : [`Message-ID: ${id}`]),
    '',
    'x',
    '',
  ].join('\n')
/** Puts a message into mailboxes at a time, and gives its place. */
async function put(to: readonly { who: Reader; mailbox?: string }[], raw: string, afterMs = 0): Promise<MessagePlace> {
  atMs = startMs + afterMs
  const [placed] = await ground.deliver(to, raw)
  const [row] = await database.rows<MessagePlace>(
    sql`select month, message from copy where holder = ${placed!.holder} and mailbox = ${placed!.mailbox} and uid = ${placed!.uid}`,
  )
  return row!
}
const ids = async (of: MessagePlace) => (await findAlike(means, of)).map((one) => one.message).sort()

test('what its sender’s program filed is found from what was delivered, and what was delivered, to whom no header names too, from that', async () => {
  const delivered = await put([{ who: recipient }, { who: hidden }], message())
  const filed = await put([{ who: sender, mailbox: 'Sent' }], `X-Mozilla-Status: 0001\n${message()}`, 2000)
  const moved = await put([{ who: hidden, mailbox: 'Archive' }], message(), 60_000)
  assert.deepEqual(await ids(delivered), [filed.message, moved.message])
  assert.deepEqual(await ids(filed), [delivered.message], 'whom no header names is found by the delivered message only')
})

test('another Message-ID, date or author is another message, and without a Message-ID nothing is alike', async () => {
  const delivered = await put([{ who: recipient }], message())
  await put([{ who: sender, mailbox: 'Sent' }], message({ id: '<b@firm.cjsm.test>' }))
  await put([{ who: sender, mailbox: 'Sent' }], message({ date: 'Mon, 09 Mar 2026 12:00:01 +0000' }))
  await put([{ who: sender, mailbox: 'Sent' }], message({ from: 'priya@cps.cjsm.test' }))
  assert.deepEqual(await ids(delivered), [])
  const bare = await put([{ who: recipient }], message({ id: '' }))
  await put([{ who: sender, mailbox: 'Sent' }], message({ id: '' }))
  assert.deepEqual(await ids(bare), [])
})

test('it is looked for from a day before to thirty days after, whatever date a program gave it', async () => {
  const delivered = await put([{ who: recipient }], message())
  const file = (afterMs: number) => put([{ who: sender, mailbox: 'Sent' }], message(), afterMs)
  await file(-alikeBeforeMs - 1)
  const first = await file(-alikeBeforeMs)
  const last = await file(alikeAfterMs - 1)
  await file(alikeAfterMs)
  assert.deepEqual(await ids(delivered), [first.message, last.message])
})

test('a damaged one hides none of the others', async () => {
  const delivered = await put([{ who: recipient }], message())
  const filed: string[] = []
  for (let n = 0; n < 5; n++) filed.push((await put([{ who: sender, mailbox: 'Sent' }], message(), n)).message)
  await database.run(sql`update message set summary = '\\x00' where id = ${filed[2]}`)
  assert.deepEqual(await ids(delivered), filed.toSpliced(2, 1))
})
