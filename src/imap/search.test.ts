// SEARCH over a real TLS port. RFC 3501 §6.4.4.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, message, nested, plain, startFace } from '#test/support/imap-face.ts'

const searches: [keys: string, found: number[]][] = [
  ['ALL', [1, 2, 3]],
  ['UNSEEN', [1, 3]],
  ['NOT UNSEEN', [2]],
  ['KEYWORD $case', [1]],
  ['UNKEYWORD $Case SEEN', [2]],
  ['2:3', [2, 3]],
  ['UID 3:*', [3]],
  ['NOT 2:3', [1]],
  ['NEW', []],
  ['OLD', [1, 2, 3]],
  ['FROM ada', [1, 2]],
  ['FROM "byron <ada@"', [1, 2]],
  ['TO {7}\r\nj\u00c3\u00bcrgen', [1, 2]],
  ['CHARSET UTF-8 SUBJECT {8}\r\nMEI\u00c3\u009fNER', [1, 2]],
  ['SUBJECT outer', [3]],
  ['OR SUBJECT outer KEYWORD $Case', [1, 3]],
  ['OR BODY bundle SUBJECT outer', [1, 2, 3]],
  ['NOT TEXT bundle', [3]],
  ['TEXT x-case UNSEEN', [1]],
  ['BODY x-case', []],
  ['HEADER X-Case 42', [1, 2]],
  ['HEADER X-Case ""', [1, 2]],
  ['HEADER MIME-Version 1 LARGER 100', [3]],
  ['HEADER Message-ID one@', [1, 2]],
  ['HEADER Subject ""', [1, 2, 3]],
  ['(OR (FROM ada SEEN) (SUBJECT outer)) NOT DELETED', [2, 3]],
  [`LARGER ${plain.length - 1} SMALLER ${plain.length + 1}`, [1, 2]],
  ['SENTON 14-Jan-2026', [1, 2]],
  ['SENTBEFORE 14-Jan-2026', []],
  ['SENTSINCE 1-Jan-2026', [1, 2]],
  ['ON 15-Jan-2026', [1, 2, 3]],
  ['SINCE 16-Jan-2026', []],
  ['BEFORE 16-Jan-2026', [1, 2, 3]],
  ['BCC x', []],
]

test('SEARCH finds what its keys say (RFC 3501 §6.4.4)', async () => {
  const face = await startFace()
  face.doors.deliver('INBOX', plain, ['$Case'])
  face.doors.deliver('INBOX', plain, ['\\Seen'])
  face.doors.deliver('INBOX', nested)
  const client = await face.signIn('INBOX')
  for (const [keys, found] of searches) {
    const { untagged, reply } = await ask(client, Buffer.from(`SEARCH ${keys.replace(/\{(\d+)\}/, '{$1+}')}`, 'latin1'))
    assert.match(reply, /^OK /, keys)
    assert.deepEqual(untagged, [`* SEARCH${found.map((number) => ` ${number}`).join('')}`], keys)
  }
  assert.match((await ask(client, 'SEARCH CHARSET KOI8-R SUBJECT x')).reply, /^NO \[BADCHARSET \(US-ASCII UTF-8\)\]/)
  assert.ok(face.doors.handedOver.length > 0, 'a field that no summary holds is a hand-over')
})

test('a run of white space is one space, so that a folded field is found (RFC 5322 §2.2.3)', async () => {
  const face = await startFace()
  face.doors.deliver('INBOX', message('Subject: one two', '\tthree', 'X-Case: 4', '   2', '', 'text'))
  const client = await face.signIn('INBOX')
  for (const keys of ['SUBJECT "two three"', 'SUBJECT "two  three"', 'HEADER X-Case "4 2"'])
    assert.deepEqual((await ask(client, `SEARCH ${keys}`)).untagged, ['* SEARCH 1'], keys)
  assert.deepEqual((await ask(client, 'SEARCH SUBJECT twothree')).untagged, ['* SEARCH'])
})

test('SEARCH answers headers and flags without content', async () => {
  const face = await startFace()
  face.doors.deliver('INBOX', plain)
  const client = await face.signIn('INBOX')
  await ask(client, 'SEARCH UNSEEN FROM ada TO bob SENTSINCE 1-Jan-2026 LARGER 10')
  assert.deepEqual(face.doors.handedOver, [])
})
