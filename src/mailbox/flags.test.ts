// STORE against RFC 3501 §6.4.6 and RFC 7162 §3.1: what flags may be, what a change does, and which modseq it gives.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { BadCommand } from '#base/faults.ts'
import { canonicalFlags } from '#mailbox/flags.ts'
import { openGround } from '#mailbox/ground.test-support.ts'
import { maxFlagOctets, maxKeywords } from '#mailbox/limits.ts'
import { testDatabase } from '#test/support/database.ts'

// Registered before the database's own, so that it is there until the last listener has gone.
after(() => ground.close())
const { database } = await testDatabase()
const ground = await openGround(database)
const { mailboxes } = ground

async function inboxWith(...flags: readonly string[][]) {
  const who = await ground.newReader()
  for (const one of flags) await ground.deliver([{ who, flags: one }], 'Subject: a\n\nb\n')
  return { who, inbox: await ground.mailboxId(who, 'INBOX'), modseq: (await mailboxes.status(who, 'INBOX'))!.highestModseq }
}
/** A STORE that is not refused. */
async function stored(...given: Parameters<typeof mailboxes.store>) {
  const entries = await mailboxes.store(...given)
  assert.ok(!('kind' in entries))
  return entries
}
const keywords = (count: number) => Array.from({ length: count }, (_, index) => `k${index}`)

test('system flags get their canonical case, keywords stay as given, none stands twice, and \\Recent never (RFC 3501 §2.3.2)', () => {
  assert.deepEqual(canonicalFlags(['\\seen', '\\SEEN', '$Forwarded', '$forwarded', '\\recent', 'Work']), [
    '\\Seen',
    '$Forwarded',
    'Work',
  ])
})

test('a flag at its limits is taken, one past them is BadCommand', () => {
  assert.equal(canonicalFlags(['x'.repeat(maxFlagOctets)]).length, 1)
  assert.equal(canonicalFlags(['\\Seen', ...keywords(maxKeywords)]).length, maxKeywords + 1)
  for (const wrong of [
    ['x'.repeat(maxFlagOctets + 1)],
    keywords(maxKeywords + 1),
    ['\\Other'],
    ['a b'],
    ['a]'],
    [''],
    ['é'],
    ['a\n'],
  ]) {
    assert.throws(() => canonicalFlags(wrong), BadCommand)
  }
})

test('no flags make canonicalFlags throw anything but BadCommand, and what it gives it gives again', () => {
  const runs = Number(process.env.CJSM_FUZZ_RUNS ?? 2000)
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('\\Seen', '\\SEEN', 'a'))),
      (flags) => {
        try {
          const once = canonicalFlags(flags)
          assert.deepEqual(canonicalFlags(once), once)
          assert.deepEqual(once.join(' ').split(' ').filter(Boolean), once)
        } catch (fault) {
          assert.ok(fault instanceof BadCommand)
        }
      },
    ),
    { seed: 7162, numRuns: runs },
  )
})

test('STORE adds, removes and replaces, gives all named copies at one modseq, and one without a change keeps its own (RFC 7162 §3.1)', async () => {
  const { who, inbox, modseq } = await inboxWith(['\\Seen'], [], ['Work'])
  const added = await stored(who, inbox, [1, 2, 9], { mode: 'add', flags: ['\\seen'] })
  assert.deepEqual(added, [
    { uid: 1, flags: ['\\Seen'], modseq: modseq - 2n },
    { uid: 2, flags: ['\\Seen'], modseq: modseq + 1n },
  ])
  const removed = await stored(who, inbox, [1, 2, 3], { mode: 'remove', flags: ['\\Seen', 'WORK'] })
  assert.deepEqual(
    removed.map((entry) => [entry.uid, entry.flags, entry.modseq]),
    [
      [1, [], modseq + 2n],
      [2, [], modseq + 2n],
      [3, [], modseq + 2n],
    ],
  )
  const replaced = await stored(who, inbox, [1, 2], { mode: 'replace', flags: ['\\Flagged', 'x', '\\Recent'] })
  assert.deepEqual(replaced[1]!.flags, ['\\Flagged', 'x'])
  const again = await mailboxes.store(who, inbox, [1, 2], { mode: 'replace', flags: ['X', '\\flagged'] })
  assert.deepEqual(again, replaced)
  assert.deepEqual((await mailboxes.select(who, 'INBOX'))!.copies.slice(0, 2), replaced)
  assert.equal((await mailboxes.status(who, 'INBOX'))!.highestModseq, modseq + 3n)
})

test('\\Seen counts in STATUS UNSEEN at once, and no STORE is recorded', async () => {
  const { who, inbox } = await inboxWith([], [], [])
  await mailboxes.store(who, inbox, [1, 3], { mode: 'add', flags: ['\\Seen'] })
  assert.equal((await mailboxes.status(who, 'INBOX'))!.unseen, 1)
  assert.deepEqual(await ground.records(who), [])
})

test('a copy with as many keywords as it may have gets no more, nor do those named with it, but every system flag (RFC 5530 LIMIT)', async () => {
  const { who, inbox, modseq } = await inboxWith(keywords(maxKeywords), [])
  const refusal = await mailboxes.store(who, inbox, [1, 2], { mode: 'add', flags: ['one-more', '\\Flagged'] })
  assert.equal('kind' in refusal && refusal.reason, 'too-many-keywords')
  assert.equal((await mailboxes.status(who, 'INBOX'))!.highestModseq, modseq)
  const system = ['\\Seen', '\\Deleted']
  const [marked] = await stored(who, inbox, [1], { mode: 'add', flags: ['k0', ...system] })
  assert.deepEqual(marked!.flags, [...keywords(maxKeywords), ...system])
  assert.deepEqual((await mailboxes.select(who, 'INBOX'))!.copies[1]!.flags, [])
})

test('flags of another holder are out of reach (T06)', async () => {
  const { who, inbox } = await inboxWith([])
  const other = await ground.newReader()
  assert.deepEqual(await mailboxes.store(other, inbox, [1], { mode: 'add', flags: ['\\Seen'] }), [])
  assert.deepEqual((await mailboxes.select(who, 'INBOX'))!.copies[0]!.flags, [])
})

test('flags that two set at once are both set, each at a modseq of its own', async () => {
  const { who, inbox } = await inboxWith([])
  const entries = await Promise.all(keywords(6).map((flag) => stored(who, inbox, [1], { mode: 'add', flags: [flag] })))
  assert.deepEqual((await mailboxes.select(who, 'INBOX'))!.copies[0]!.flags.toSorted(), keywords(6))
  assert.equal(new Set(entries.map(([entry]) => entry!.modseq)).size, 6)
})
