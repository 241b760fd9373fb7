// First and last lines, own and inherited. G05, G07.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bannerEdges, originalStart, quotesLineByLine } from '#policy/banner-lines.ts'

const originals = [
  '-----Original Message-----',
  '----- Forwarded message from PC Lowe -----',
  '---------- Forwarded message ---------',
  'Begin forwarded message:',
  '________________________________\nFrom: PC Lowe <lowe@force.example>\nSent: 4 March 2012',
  'From: PC Lowe\nSent: 4 March 2012',
  'From: PC Lowe\r\nDate: 4 March 2012',
  '*From:* PC Lowe\n*To:* Hart\n*Cc:* Ash\n*Subject:* Bail',
  'On 4 March 2012 at 10:01, PC Lowe wrote:\n\nText',
  'On 4 March 2012 at 10:01, PC Lowe of the Custody Unit\n<lowe@force.example> wrote:\n\nText',
]

for (const original of originals) {
  test(`below ${JSON.stringify(original)} the last line is an original's (G07)`, () => {
    const [first, own, below] = bannerEdges(`Thanks.\n\nHart\n\n${original}\n\nBody\n\nRESTRICTED\n`)
    assert.deepEqual([first?.lines[0], own?.lines[0], below?.lines[0]], ['Thanks.', 'Hart', 'RESTRICTED'])
    assert.deepEqual([own?.inherited, below?.inherited], [false, true])
  })
}

const ownLines = [
  '________________________________\nHart\nSolicitor\n020 7946 0001',
  'I am away:\n\nFrom: Monday 9 February\nTo: Friday 13 February\n\nHart',
  'From: my note of Monday\nHart',
]
for (const own of ownLines) {
  test(`no original begins in ${JSON.stringify(own)} (G07, G16)`, () =>
    assert.equal(originalStart(`Thanks.\n\n${own}`), own.length + 9))
}

test('an attribution above quoted lines does not make what follows them an original’s (G07)', () => {
  const [, own, below] = bannerEdges('On 4 March, PC Lowe wrote:\n> Hello\n\nThanks.\n\nRESTRICTED\n')
  assert.deepEqual([own?.lines[0], below?.lines.length], ['RESTRICTED', 0])
})

test('blank lines and lines of signs are passed over; at most two lines are an edge (G05)', () => {
  const [first] = bannerEdges('\r\n =====\r\n\r\nA\r\n-----\r\nB\r\nC\r\n')
  assert.deepEqual(first?.lines, ['A', 'B'])
})

test('quoting is recognised near either end of a long text (G07)', () => {
  assert.equal(quotesLineByLine(`text\n > quoted\n${'x'.repeat(10)}`), true)
  assert.equal(quotesLineByLine(`${'x\n'.repeat(100_000)}> quoted\n`), true)
  assert.equal(quotesLineByLine('a > b\nc'), false)
})
