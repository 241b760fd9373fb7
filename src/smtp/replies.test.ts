// Replies: their form, and what refusals, faults and acceptances say.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refused, Unavailable } from '#base/faults.ts'
import type { Accepted } from '#smtp/doors.ts'
import { formatReply, plainReply, reply, replyToAccepted, replyToFault, replyToRefusal } from '#smtp/replies.ts'

const say = (reason: string, about = 'It is so', remedy = 'Do this') =>
  formatReply(replyToRefusal(refused('G01', reason, about, remedy), { helpdesk: '0300 000', rulesUrl: 'https://m.test/rules' }))

test('a reply of several lines has a hyphen in all but the last, and its status in each (RFC 5321 §4.2.1, RFC 2034 §4)', () => {
  assert.equal(formatReply(reply(250, '2.0.0', 'one', 'two')), '250-2.0.0 one\r\n250 2.0.0 two\r\n')
  assert.equal(formatReply(plainReply(354, 'go')), '354 go\r\n')
})

test('lines have at most 512 octets with CRLF and break at spaces; a word that is longer is cut (RFC 5321 §4.5.3.1.5)', () => {
  const fits = 'x'.repeat(512 - '250 2.0.0 \r\n'.length)
  assert.equal(formatReply(reply(250, '2.0.0', fits)).length, 512)
  for (const text of [`${fits}x`, 'word '.repeat(300).trim(), `a ${fits}`]) {
    const lines = formatReply(reply(250, '2.0.0', text))
      .split('\r\n')
      .slice(0, -1)
    assert.ok(lines.length > 1)
    assert.ok(lines.every((line) => line.length <= 510 && /^250[- ]2\.0\.0 \S/.test(line)))
    assert.equal(
      lines
        .map((line) => line.slice(10))
        .join('')
        .replaceAll(' ', ''),
      text.replaceAll(' ', ''),
    )
  }
})

test('a reply is ASCII and one line stays one, whatever is in it', () => {
  assert.equal(
    say('x', 'organisation’s – “it”'),
    `550 5.7.1 [G01] organisation's - "it". Do this. Helpdesk: 0300 000. See https://m.test/rules#G01\r\n`,
  )
  assert.equal(
    say('x', 'bøb\r\n250 fine\u202e'),
    '550 5.7.1 [G01] b?b?250 fine?. Do this. Helpdesk: 0300 000. See https://m.test/rules#G01\r\n',
  )
})

for (const [reason, start] of [
  ['recipient-is-unknown', '550 5.1.1'],
  ['recipient-is-removed', '550 5.1.6'],
  ['release-is-not-declared', '550 5.7.1'],
  ['over-quota', '452 4.2.2'],
  ['sign-in-failed', '535 5.7.8'],
  ['computer-is-in-use', '454 4.7.0'],
  ['content-is-malicious', '550 5.7.1'],
  ['__proto__', '550 5.7.1'],
] as const) {
  test(`a refusal because ${reason} is answered ${start}, with clause, fact, remedy, Helpdesk and the rule’s page`, () => {
    assert.equal(say(reason), `${start} [G01] It is so. Do this. Helpdesk: 0300 000. See https://m.test/rules#G01\r\n`)
  })
}

test('a fault is answered 451 with a reference and never with its text', () => {
  assert.equal(formatReply(replyToFault(new Unavailable('scanner'), 'r1')).slice(0, 9), '451 4.7.1')
  assert.equal(formatReply(replyToFault(new Unavailable('database'), 'r1')).slice(0, 9), '451 4.3.0')
  const answer = formatReply(replyToFault(new Error('a secret'), 'r1'))
  assert.match(answer, /^451 4\.3\.0 .*Reference: r1/)
  assert.doesNotMatch(answer, /secret/)
})

const accepted: Accepted = { kind: 'accepted', receipt: 'r1', delivered: 2, queued: 0, held: 0, refused: 0, again: false }

test('an acceptance counts what is not zero and names the receipt', () => {
  const text = (change: Partial<Accepted>) => replyToAccepted({ ...accepted, ...change }).lines[0]
  assert.equal(text({}), 'Delivered to 2; receipt r1')
  assert.equal(text({ queued: 1, held: 2, refused: 3 }), 'Delivered to 2, queued for 1, held for 2, refused for 3; receipt r1')
  assert.equal(text({ delivered: 0, held: 1 }), 'Held for 1; receipt r1')
  assert.match(text({ again: true })!, /nothing was sent twice/)
})

test('what the sender is to know stands behind the receipt, a line each, citing its clause (G05, G06)', () => {
  const warning = { clause: 'G06', about: 'subject: PROTECT', remedy: 'Give the same marking everywhere.' }
  const written = formatReply(replyToAccepted({ ...accepted, warnings: [warning] }))
  assert.equal(
    written,
    '250-2.0.0 Delivered to 2; receipt r1\r\n250 2.0.0 Note [G06] subject: PROTECT. Give the same marking everywhere.\r\n',
  )
})
