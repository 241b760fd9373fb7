// SEARCH BODY and TEXT against RFC 3501 §6.4.4: substrings in any case, in what the encodings hide, without a hand-over.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openGround } from '#mailbox/ground.test-support.ts'
import { maxSearchedPartOctets } from '#mailbox/limits.ts'
import { testDatabase } from '#test/support/database.ts'

// Registered before the database's own, so that it is there until the last listener has gone.
after(() => ground.close())
const { database } = await testDatabase()
const ground = await openGround(database)

async function find(raw: string, scope: 'body' | 'text', text: string): Promise<boolean> {
  const who = await ground.newReader()
  await ground.deliver([{ who }], 'Subject: other\n\nnothing of that kind\n')
  await ground.deliver([{ who }], raw)
  const uids = await ground.mailboxes.searchText(who, await ground.mailboxId(who, 'INBOX'), [1, 2, 7], { scope, text })
  assert.deepEqual(await ground.records(who), [])
  assert.ok(!uids.includes(1) && uids.length < 2)
  return uids.length === 1
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
const mixed = `Subject: =?utf-8?B?${base64('Anhörung')}?=
X-Case: 12/345
Content-Type: multipart/mixed; boundary=b

preamble word
--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable
X-Part: partfield

The r=E9sum=E9 is atta=
ched
--b
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

${base64('<p title="attribute">Wit<b>ness</b> statement &amp; exhibit</p>')}
--b
Content-Type: application/octet-stream

binaryword
--b
Content-Type: message/rfc822

Subject: nested subject
From: a@example.test

nested body
--b--
`

test('BODY finds text parts whatever their encoding and charset, in any case, and nested messages', async () => {
  for (const text of [
    'attached',
    'RÉSUMÉ',
    'Witness statement & Exhibit',
    'nested BODY',
    'Nested subject',
    're\u0301sume\u0301',
  ]) {
    assert.equal(await find(mixed, 'body', text), true, text)
  }
})

test('BODY does not find header, markup, part headers, nor what is not text', async () => {
  for (const text of ['anhörung', '12/345', 'attribute', '<p', 'binaryword', 'partfield', 'absent']) {
    assert.equal(await find(mixed, 'body', text), false, text)
  }
})

test('TEXT finds the header too, with its encoded words read', async () => {
  for (const text of ['ANHÖRUNG', 'x-case: 12/345', 'attached']) assert.equal(await find(mixed, 'text', text), true, text)
})

test('the empty string is in every message', async () => {
  assert.equal(await find('Subject: a\n\n', 'body', 'x'), false)
  const who = await ground.newReader()
  await ground.deliver([{ who }], 'Subject: a\n\n')
  assert.deepEqual(
    await ground.mailboxes.searchText(who, await ground.mailboxId(who, 'INBOX'), [1], { scope: 'body', text: '' }),
    [1],
  )
})

test('a part is searched up to its limit and not beyond', async () => {
  const filler = `${'x'.repeat(1022)}\r\n`.repeat(1024).slice(0, maxSearchedPartOctets - 4)
  const raw = Buffer.from(`Subject: a\r\n\r\n${filler}last`)
  const beyond = Buffer.from(`Subject: a\r\n\r\n${filler}xlast`)
  const who = await ground.newReader()
  await ground.deliver([{ who }], raw)
  await ground.deliver([{ who }], beyond)
  const uids = await ground.mailboxes.searchText(who, await ground.mailboxId(who, 'INBOX'), [1, 2], {
    scope: 'body',
    text: 'last',
  })
  assert.deepEqual(uids, [1])
})

test('a run of white space is one space, over the ends of lines too, but not from one field to the next', async () => {
  const raw = 'Subject: one\n\ttwo\nX-Case: 42\n\nfirst  line\nsecond\n'
  assert.equal(await find(raw, 'text', 'one two'), true)
  assert.equal(await find(raw, 'body', 'first line second'), true)
  assert.equal(await find(raw, 'text', 'two x-case: 42'), false)
})
