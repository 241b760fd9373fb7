import assert from 'node:assert/strict'
import { test } from 'node:test'
import { imapEnvelopeOf } from '#mail/envelope.ts'
import { parseHeader } from '#mail/header.ts'

const read = (text: string) => imapEnvelopeOf(parseHeader(Buffer.from(text)))
const address = (name: string | null, mailbox: string | null, host: string | null) => ({ name, adl: null, mailbox, host })

test('RFC 3501 §7.4.2: the envelope holds the fields as written, unfolded, encoded words kept', () => {
  const envelope = read(
    [
      'Date: Sat, 21 Nov 2026\r\n 10:00:00 +0000\r\nSubject: =?utf-8?q?a?=\r\n =?utf-8?q?b?= \r\n',
      'From: "Ann" <ann@x.test>\r\nTo: b@x.test\r\nTo: c@x.test\r\n',
      'Message-ID: <1@x>\r\nIn-Reply-To: <0@x>\r\n\r\n',
    ].join(''),
  )
  assert.deepEqual(envelope, {
    date: 'Sat, 21 Nov 2026 10:00:00 +0000',
    subject: '=?utf-8?q?a?= =?utf-8?q?b?=',
    from: [address('Ann', 'ann', 'x.test')],
    sender: [address('Ann', 'ann', 'x.test')],
    replyTo: [address('Ann', 'ann', 'x.test')],
    to: [address(null, 'b', 'x.test'), address(null, 'c', 'x.test')],
    cc: [],
    bcc: [],
    inReplyTo: '<0@x>',
    messageId: '<1@x>',
  })
})

test('RFC 3501 §7.4.2: a group starts with a null host and ends with a null mailbox', () => {
  assert.deepEqual(read('To: Team: a@x.test;\r\n\r\n').to, [
    address(null, 'Team', null),
    address(null, 'a', 'x.test'),
    address(null, null, null),
  ])
})

test('RFC 3501 §7.4.2: Sender and Reply-To count where they hold an address, else From', () => {
  const envelope = read('From: a@x.test\r\nSender: b@x.test\r\nReply-To: \r\n\r\n')
  assert.equal(envelope.sender[0]!.mailbox, 'b')
  assert.equal(envelope.replyTo[0]!.mailbox, 'a')
})

test('RFC 3501 §7.4.2: local parts lose their quoting, and one without a domain has an empty host, not a null one', () => {
  assert.deepEqual(read('From: "a b"@x.test, root\r\n\r\n').from, [address(null, 'a b', 'x.test'), address(null, 'root', '')])
})

test('RFC 3501 §7.4.2: the last comment behind an address is its name, one before it is none; a source route is the at-domain-list', () => {
  const body = '(role) bob@x.test (Bob), (x) dan@x.test, (x) <e@x.test> (one) (two), (x) "Fay" <f@x.test> (y)'
  assert.deepEqual(
    read(`To: ${body}\r\n\r\n`).to.map(({ name }) => name),
    ['Bob', null, 'two', 'Fay'],
  )
  const routed = { ...address(null, 'cy', 'x.test'), adl: '@a.test,@b.test' }
  assert.deepEqual(read('Cc: <@a.test,@b.test:cy@x.test>, <@x.test>\r\n\r\n').cc, [routed, address(null, '', 'x.test')])
})

test('an empty header has an envelope of nothing', () => {
  const { date, subject, from, messageId } = read('')
  assert.deepEqual([date, subject, from, messageId], [null, null, [], null])
})
