// A session's view: sequence numbers change only by what was told. RFC 3501 §7.4.1, §5.5.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Changes, CopyEntry } from '#imap/doors.ts'
import { View } from '#imap/view.ts'

const entry = (uid: number, modseq: bigint, ...flags: string[]): CopyEntry => ({ uid, flags, modseq })
const changes = (o: Partial<Changes>): Changes => ({
  changed: [],
  expunged: [],
  highestModseq: 9n,
  uidNext: 20,
  gone: false,
  ...o,
})
const newView = () => new View([entry(3, 1n), entry(5, 1n, '\\Seen'), entry(8, 1n)], 1n, 9)

test('expunges wait while they must not be told, and numbers stay (RFC 3501 §7.4.1)', () => {
  const view = newView()
  assert.deepEqual(view.take(changes({ expunged: [3, 5] }), false), [])
  assert.equal(view.owesExpunges, true)
  assert.equal(view.sequenceNumber(8), 3)
  assert.deepEqual(view.take(changes({ changed: [entry(12, 5n)] }), false), ['* 4 EXISTS\r\n* 0 RECENT\r\n'])
  assert.deepEqual(view.take(changes({}), true), ['* 2 EXPUNGE\r\n', '* 1 EXPUNGE\r\n'])
  assert.equal(view.owesExpunges, false)
  assert.equal(view.sequenceNumber(8), 1)
})

test('a flag change is told once, and one that this session made is not told again', () => {
  const view = newView()
  const told = view.take(changes({ changed: [entry(8, 2n, '\\Flagged')] }), true)
  assert.deepEqual(told, ['* 3 FETCH (UID 8 FLAGS (\\Flagged))\r\n'])
  assert.deepEqual(view.take(changes({ changed: [entry(8, 2n, '\\Flagged')] }), true), [])
  view.note(entry(3, 3n, '\\Deleted'))
  assert.deepEqual(view.take(changes({ changed: [entry(3, 3n, '\\Deleted')] }), true), [])
  assert.deepEqual(view.flags(3), ['\\Deleted'])
})

test('an arrival that was expunged at once is not told at all', () => {
  const view = newView()
  assert.deepEqual(view.take(changes({ changed: [entry(12, 5n)], expunged: [12] }), true), [])
})

test('expunging many at once keeps the numbers right, from the highest down', () => {
  const view = new View(
    Array.from({ length: 1000 }, (_, n) => entry(n + 1, 1n)),
    1n,
    1001,
  )
  const told = view.expunge(Array.from({ length: 500 }, (_, n) => n * 2 + 1))
  assert.equal(told.length, 500)
  assert.equal(told[0], '* 999 EXPUNGE\r\n')
  assert.equal(told.at(-1), '* 1 EXPUNGE\r\n')
  assert.deepEqual(view.uids.slice(0, 3), [2, 4, 6])
})
