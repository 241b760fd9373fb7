// The tree of mailboxes against RFC 3501 §5.1 and §6.3, RFC 6154, and what its rows give away.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openGround, someoneWaits } from '#mailbox/ground.test-support.ts'
import { maxMailboxNameOctets, maxMailboxes } from '#mailbox/limits.ts'
import type { Reader } from '#mailbox/means.ts'
import { createMissing, lockAndReadTree, writeMailboxes } from '#mailbox/tree.ts'
import { sql } from '#store/sql.ts'
import { testDatabase } from '#test/support/database.ts'

// Registered before the database's own, so that it is there until the last listener has gone.
after(() => ground.close())
const { database } = await testDatabase()
const ground = await openGround(database)

const namesOf = async (who: Reader) => (await ground.mailboxes.mailboxes(who)).map((one) => one.name)
const reasonOf = (value: unknown) => (value as { reason?: string } | null)?.reason
const message = 'Subject: a\n\nb\n'

test('a new holder has INBOX and five mailboxes with their special use (RFC 6154 §2), each with a UIDVALIDITY of its own', async () => {
  const who = await ground.newReader()
  const list = await ground.mailboxes.mailboxes(who)
  assert.deepEqual(
    list.map(({ name, specialUse, subscribed }) => [name, specialUse, subscribed]),
    [
      ['INBOX', null, true],
      ['Archive', '\\Archive', true],
      ['Drafts', '\\Drafts', true],
      ['Junk', '\\Junk', true],
      ['Sent', '\\Sent', true],
      ['Trash', '\\Trash', true],
    ],
  )
  const statuses = await Promise.all(list.map((one) => ground.mailboxes.status(who, one.name)))
  assert.equal(new Set(statuses.map((one) => one!.uidValidity)).size, list.length)
})

test('CREATE makes the names above, finds INBOX in any case and NFC for NFD (RFC 3501 §5.1, §6.3.3), and records it', async () => {
  const who = await ground.newReader()
  const made = await ground.mailboxes.createMailbox(who, 'Cases/2026/Re\u0301sume\u0301')
  assert.equal('name' in made && made.name, 'Cases/2026/Résumé')
  await ground.mailboxes.createMailbox(who, 'inbox/Court')
  const names = await namesOf(who)
  for (const name of ['Cases', 'Cases/2026', 'Cases/2026/Résumé', 'INBOX/Court']) assert.ok(names.includes(name), name)
  assert.equal((await ground.mailboxes.status(who, 'inBOX/Court'))?.messages, 0)
  assert.equal((await ground.mailboxes.status(who, 'Cases/2026/Re\u0301sume\u0301'))?.uidNext, 1)
  assert.equal(await ground.mailboxes.status(who, 'cases'), null)
  assert.equal(reasonOf(await ground.mailboxes.createMailbox(who, 'INBOX')), 'mailbox-exists')
  assert.equal(reasonOf(await ground.mailboxes.createMailbox(who, 'Cases')), 'mailbox-exists')
  const records = await ground.records(who)
  assert.deepEqual(
    records.map((record) => [record.event, (record.details[0]!.created as { name: string }[]).map((one) => one.name)]),
    [
      ['MailboxCreated', ['Cases', 'Cases/2026', 'Cases/2026/Résumé']],
      ['MailboxCreated', ['INBOX/Court']],
    ],
  )
})

test('a name is refused one past its limits and with characters that deceive, and no refusal quotes it', async () => {
  const who = await ground.newReader()
  const atLimit = 'x'.repeat(maxMailboxNameOctets)
  assert.equal(reasonOf(await ground.mailboxes.createMailbox(who, atLimit)), undefined)
  assert.equal(reasonOf(await ground.mailboxes.createMailbox(who, Array(20).fill('d').join('/'))), undefined)
  const wrong = [
    `${atLimit}x`,
    Array(21).fill('d').join('/'),
    '',
    '/',
    'a//b',
    'a/',
    'a\u202eb',
    'a\nb',
    'a*',
    'a%',
    'a/ /b',
    '\ud800',
  ]
  for (const name of wrong) {
    const refusal = await ground.mailboxes.createMailbox(who, name)
    assert.equal(reasonOf(refusal), 'mailbox-name-is-wrong', JSON.stringify(name))
    assert.ok(name.length < 3 || !JSON.stringify(refusal).includes(name))
  }
})

test('RENAME takes the mailboxes below along and keeps UIDs and UIDVALIDITY (RFC 3501 §6.3.5)', async () => {
  const who = await ground.newReader()
  await ground.mailboxes.createMailbox(who, 'a/b/c')
  await ground.mailboxes.createMailbox(who, 'ab')
  await ground.deliver([{ who, mailbox: 'a/b/c' }], message)
  const was = await ground.mailboxes.status(who, 'a/b/c')
  assert.equal(await ground.mailboxes.renameMailbox(who, 'a', 'x/y'), null)
  assert.deepEqual(
    (await namesOf(who)).filter((name) => /^[abx]/.test(name)),
    ['ab', 'x', 'x/y', 'x/y/b', 'x/y/b/c'],
  )
  assert.deepEqual(await ground.mailboxes.status(who, 'x/y/b/c'), was)
  assert.equal(await ground.mailboxes.status(who, 'a/b/c'), null)
  const record = (await ground.records(who)).at(-1)!
  assert.equal(record.event, 'MailboxRenamed')
  assert.deepEqual((record.details[0]!.renamed as { from: string; to: string }[]).map(({ from, to }) => `${from} ${to}`).sort(), [
    'a x/y',
    'a/b x/y/b',
    'a/b/c x/y/b/c',
  ])
})

test('RENAME is refused onto an existing name, below itself, from nothing, and where a name below would be too long', async () => {
  const who = await ground.newReader()
  await ground.mailboxes.createMailbox(who, `a/${'b'.repeat(200)}`)
  await ground.mailboxes.createMailbox(who, 'c')
  const rename = async (from: string, to: string) => reasonOf(await ground.mailboxes.renameMailbox(who, from, to))
  assert.equal(await rename('a', 'c'), 'mailbox-exists')
  assert.equal(await rename('a', 'a/d'), 'mailbox-name-is-wrong')
  assert.equal(await rename('nothing', 'd'), 'mailbox-does-not-exist')
  assert.equal(await rename('a', 'd'.repeat(60)), 'mailbox-name-is-wrong')
  assert.equal(await rename('c', 'inbox'), 'mailbox-exists')
  assert.equal((await namesOf(who)).filter((name) => name.startsWith('d')).length, 0)
})

test('RENAME of INBOX moves its messages and leaves it empty (RFC 3501 §6.3.5)', async () => {
  const who = await ground.newReader()
  await ground.deliver([{ who, flags: ['\\Seen'] }], message)
  await ground.deliver([{ who }], message)
  assert.equal(await ground.mailboxes.renameMailbox(who, 'INBOX', 'INBOX/Old'), null)
  assert.equal((await ground.mailboxes.status(who, 'INBOX'))!.messages, 0)
  const old = await ground.mailboxes.select(who, 'INBOX/Old')
  assert.deepEqual(
    old!.copies.map(({ uid, flags }) => [uid, flags]),
    [
      [1, ['\\Seen']],
      [2, []],
    ],
  )
  assert.deepEqual(
    (await ground.records(who)).map((record) => record.event),
    ['MailboxCreated', 'MailboxMove'],
  )
})

test('DELETE removes messages that nobody else has, keeps those that somebody has, and refuses INBOX and what has mailboxes below it', async () => {
  const [who, other] = [await ground.newReader(), await ground.newReader()]
  await ground.mailboxes.createMailbox(who, 'a/b')
  const own = await ground.deliver([{ who, mailbox: 'a/b' }], message)
  await ground.deliver([{ who, mailbox: 'a/b' }, { who: other }], message)
  assert.equal(reasonOf(await ground.mailboxes.deleteMailbox(who, 'inbox')), 'mailbox-is-needed')
  assert.equal(reasonOf(await ground.mailboxes.deleteMailbox(who, 'a')), 'mailbox-is-needed')
  assert.equal(reasonOf(await ground.mailboxes.deleteMailbox(who, 'b')), 'mailbox-does-not-exist')
  assert.equal('name' in (await ground.mailboxes.deleteMailbox(who, 'a/b')), true)
  assert.equal(await ground.mailboxes.status(who, 'a/b'), null)
  const left = await database.rows(sql`
    select copies from message where (month, id) in (select month, message from copy where holder = ${other.holder})`)
  assert.deepEqual(left, [{ copies: 1 }])
  const { gone, uidNext } = await ground.mailboxes.changesSince(who, own[0]!.mailbox, 1n, 1)
  assert.deepEqual([gone, uidNext], [true, 1])
  assert.deepEqual(
    (await ground.records(who)).slice(-2).map((record) => record.event),
    ['MailboxExpunge', 'MailboxDeleted'],
  )
  await ground.mailboxes.deleteMailbox(who, 'Sent')
  const again = await ground.mailboxes.createMailbox(who, 'Sent')
  assert.equal('specialUse' in again && again.specialUse, '\\Sent')
})

test('SUBSCRIBE and UNSUBSCRIBE set what LSUB shows (RFC 3501 §6.3.6, §6.3.7)', async () => {
  const who = await ground.newReader()
  assert.equal(await ground.mailboxes.subscribe(who, 'Junk', false), null)
  assert.equal((await ground.mailboxes.mailboxes(who)).find((one) => one.name === 'Junk')!.subscribed, false)
  assert.equal(reasonOf(await ground.mailboxes.subscribe(who, 'nothing', true)), 'mailbox-does-not-exist')
  assert.equal(await ground.mailboxes.subscribe(who, 'nothing', false), null)
})

test('no one sees, renames or deletes a mailbox of another holder (T06)', async () => {
  const [who, other] = [await ground.newReader(), await ground.newReader()]
  await ground.mailboxes.createMailbox(who, 'mine')
  const id = await ground.mailboxId(who, 'mine')
  assert.equal(await ground.mailboxes.select(other, 'mine'), null)
  assert.equal(reasonOf(await ground.mailboxes.deleteMailbox(other, 'mine')), 'mailbox-does-not-exist')
  assert.equal((await ground.mailboxes.changesSince(other, id, 0n, 1)).gone, true)
})

test('names are not readable in the rows, and a row whose name was put into another does not open (G20)', async () => {
  const who = await ground.newReader()
  await ground.mailboxes.createMailbox(who, 'Operation Canary')
  const rows = await database.rows<{ all: string }>(sql`select mailbox::text as all from mailbox where holder = ${who.holder}`)
  const text = rows.map((row) => row.all).join('\n')
  for (const form of ['utf8', 'utf16le', 'base64', 'hex'] as const) {
    const canary = form === 'base64' || form === 'hex' ? Buffer.from('Canary').toString(form) : 'Canary'
    assert.ok(!text.includes(Buffer.from(canary, 'utf8').toString('hex')) && !text.includes(canary), form)
  }
  await database.run(sql`
    update mailbox set sealed_name = (select sealed_name from mailbox where holder = ${who.holder} and special_use = 'inbox')
     where holder = ${who.holder} and special_use = 'junk'`)
  await assert.rejects(ground.mailboxes.mailboxes(who), { name: 'SealBroken' })
})

test('two who create the same mailbox at once make one, and one is refused', async () => {
  const who = await ground.newReader()
  const results = await Promise.all([1, 2, 3].map(() => ground.mailboxes.createMailbox(who, 'new/one')))
  assert.deepEqual(results.map(reasonOf).sort(), ['mailbox-exists', 'mailbox-exists', undefined])
  assert.equal((await namesOf(who)).filter((name) => name.startsWith('new')).length, 2)
})

test('one who creates below a mailbox and one who deletes it at once leave no mailbox without the one above', async () => {
  const who = await ground.newReader()
  for (let round = 0; round < 5; round++) {
    await ground.mailboxes.createMailbox(who, 'above')
    await Promise.all([ground.mailboxes.createMailbox(who, `above/${round}`), ground.mailboxes.deleteMailbox(who, 'above')])
    const names = await namesOf(who)
    assert.ok(names.includes('above'))
    await ground.mailboxes.deleteMailbox(who, `above/${round}`)
  }
})

test('a holder has as many mailboxes as the limit says, counting those above a new one, and not one more', async () => {
  const who = await ground.newReader()
  const { keys, clock } = ground.means
  const names = Array.from({ length: maxMailboxes - (await namesOf(who)).length - 2 }, (_, index) => `m${index}`)
  await database.transaction(async (tx) => {
    const { mailboxes } = await lockAndReadTree(keys, tx, who.holder)
    await writeMailboxes(tx, keys, clock, who.holder, mailboxes, names)
  })
  assert.equal(reasonOf(await ground.mailboxes.createMailbox(who, 'a/b/c')), 'over-quota')
  assert.equal(reasonOf(await ground.mailboxes.createMailbox(who, 'a/b')), undefined)
  assert.equal(reasonOf(await ground.mailboxes.createMailbox(who, 'm0/c')), 'over-quota')
  assert.equal((await namesOf(who)).length, maxMailboxes)
})

test('what another is just making is found by one who waits for it', async () => {
  const who = await ground.newReader()
  let deleted: Promise<unknown> = Promise.resolve('not asked')
  await database.transaction(async (tx) => {
    const tree = await lockAndReadTree(ground.means.keys, tx, who.holder)
    await createMissing(ground.means, tx, who, tree, ['late'])
    deleted = ground.mailboxes.deleteMailbox(who, 'late')
    await someoneWaits(database)
  })
  assert.equal(reasonOf(await deleted), undefined)
  assert.ok(!(await namesOf(who)).includes('late'))
})

test('without a record there is no act: a fault in evidence leaves mailboxes as they were', async () => {
  const who = await ground.newReader()
  await ground.mailboxes.createMailbox(who, 'a/b')
  const rowsBefore = await namesOf(who)
  ground.evidenceFails.now = true
  try {
    await assert.rejects(ground.mailboxes.createMailbox(who, 'new'), /evidence is away/)
    await assert.rejects(ground.mailboxes.renameMailbox(who, 'a', 'z'), /evidence is away/)
    await assert.rejects(ground.mailboxes.deleteMailbox(who, 'a/b'), /evidence is away/)
  } finally {
    ground.evidenceFails.now = false
  }
  assert.deepEqual(await namesOf(who), rowsBefore)
})
