// What heads a quotation or an original: its subject and its first line. G04, G05, G06.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findQuotedMarkings } from '#policy/quoted-markings.ts'
import { shippedSchemes } from '#policy/schemes.ts'

const found = (text: string) => findQuotedMarkings([text], shippedSchemes).map(({ carrier, line }) => `${carrier} ${line}`)

test('only the first quoted line is where a banner stands (G04)', () => {
  const levels = (text: string) => findQuotedMarkings([text], shippedSchemes).map(({ marking }) => marking.level)
  assert.deepEqual(levels('Yes.\r\n\r\nOn Monday, A wrote:\r\n> \r\n> ****\r\n> RESTRICTED\r\n> text'), ['RESTRICTED'])
  assert.deepEqual(levels('> Dear A,\r\n> RESTRICTED\r\n'), [])
  assert.deepEqual(levels('> \r\nRESTRICTED\r\n'), [])
  assert.deepEqual(levels('RESTRICTED\r\n'), [])
  assert.deepEqual(levels(`>${' >'.repeat(100_000)}`), [])
})

const heads: [who: string, text: string, found: string[]][] = [
  ['an answer below its attribution', 'No.\n\nOn Tue, Hart wrote:\n\n> SECRET\n>\n> The source.\n', ['original SECRET']],
  ['Apple Mail', 'Begin forwarded message:\n\n> From: Hart\n> Subject: SECRET - Hawk\n>\n> Text\n', ['original SECRET']],
  [
    'Outlook',
    'See.\n\nFrom: Hart\nSent: 4 March\nTo: Lowe\nSubject: RESTRICTED - LEGAL: disclosure\n\nPROTECT\n\nText\n',
    ['original RESTRICTED - LEGAL', 'original PROTECT'],
  ],
  [
    'Outlook in HTML, which has no blank lines, behind a rule',
    `${'_'.repeat(32)}\nFrom: Hart\nSent: 4 March\nTo: Lowe\nSubject: Hawk\nSECRET\nText\n`,
    ['original SECRET'],
  ],
  [
    'Thunderbird',
    '-------- Forwarded Message --------\nSubject: \tSECRET - Hawk\nDate: \tTue\nFrom: \tHart <h@a.test>\n\n\nSECRET\n\nText\n',
    ['original SECRET', 'original SECRET'],
  ],
  [
    'recipients that are wrapped',
    '-----Original Message-----\nFrom: Hart\nTo: Priya Raman; Orla\nFenwick; Miriam\nHollis\nSubject: RE: Hawk [SECRET]\n\nText\n',
    ['original SECRET'],
  ],
  ['HTML below an attribution', 'Thanks\nOn 4 March, Hart wrote:\nRESTRICTED\nText\n', ['original RESTRICTED']],
]
for (const [who, text, expected] of heads) {
  test(`the subject and the first line of an original head it: ${who} (G05, G06)`, () => {
    assert.deepEqual(found(text), expected)
    assert.deepEqual(found(text.replaceAll('\n', '\r\n')), expected)
  })
}

test('lines that are cited, or stand where no original certainly begins, are not its head (G04)', () => {
  assert.deepEqual(found('> SECRET\n>\n> The file.\n\nPlease resend without the heading.\n'), ['quoted SECRET'])
  assert.deepEqual(found('> Subject: Hawk [SECRET]\n> Text\n'), [])
  assert.deepEqual(found(`Text\n${'_'.repeat(32)}\nPRIVATE\nIntended for its addressee.\n`), [])
  assert.deepEqual(found('From: Hart\nSent: 4 March\nSubject: Secret Santa\n\nDear all,\nRESTRICTED\n'), [])
  assert.deepEqual(found('SECRET\n\nText\n'), [])
})

test('NOT PROTECTIVELY MARKED at the head of an original below the text is not carried: it opens nothing (G09, G15)', () => {
  assert.deepEqual(found('From: A\nSent: 4 March\nSubject: NOT PROTECTIVELY MARKED: x\n\nNOT PROTECTIVELY MARKED\n\nText\n'), [])
  assert.deepEqual(found('> NOT PROTECTIVELY MARKED\n'), ['quoted NOT PROTECTIVELY MARKED'])
})

test('a text of nothing but fields, rules or signs holds nothing up (G04)', () => {
  const started = performance.now()
  for (const line of ['From: a\nTo: b;\n', '> From: a\n', '> \n', 'On a wrote:\n', '-----Original Message-----\n', '\t*', ';@'])
    found(line.repeat((256 * 1024) / line.length))
  assert.ok(performance.now() - started < 1_000)
})
