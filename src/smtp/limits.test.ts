// Limits of smtp/ that stand in no dialogue, at their value and one past it. docs/limits.md
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BadCommand } from '#base/faults.ts'
import { bdat } from '#smtp/commands/bdat.ts'
import { ehlo, helo } from '#smtp/commands/ehlo.ts'
import { maxHeloOctets, maxPieceOctets, smtpLimits } from '#smtp/limits.ts'
import type { Session } from '#smtp/session.ts'
import { MemorySpool } from '#smtp/doors.test-support.ts'

test('255 octets are kept of a client’s name (RFC 5321 §4.5.3.1.2), and no more', () => {
  assert.equal(ehlo.parse('x'.repeat(maxHeloOctets)), 'x'.repeat(maxHeloOctets))
  assert.equal(ehlo.parse('x'.repeat(maxHeloOctets + 1)), 'x'.repeat(maxHeloOctets))
})

test('a client’s name refuses nothing, and is kept without what a trace field cannot hold (RFC 5321 §4.1.4)', () => {
  for (const [said, kept] of [
    ['desk.firm.test', 'desk.firm.test'],
    ['[IPv6:fe80::1%en0]', '[IPv6:fe80::1-en0]'],
    ['Priyas MacBook', 'Priyas-MacBook'],
    ['büro-pc', 'b-ro-pc'],
    ['priya’s-mac.local', 'priya-s-mac.local'],
    ['x (by mail.cjsm.test); \u202e\ud83d\ude00', 'x-by-mail.cjsm.test-'],
  ] as const)
    assert.deepEqual([ehlo.parse(said), helo.parse(said)], [kept, kept])
  assert.throws(() => ehlo.parse(''), BadCommand)
})

test('content is asked for 64 KiB at a time at most, however much a BDAT announces', async () => {
  const asked: number[] = []
  const session = {
    limits: smtpLimits,
    doors: { newSpool: () => new MemorySpool() },
    wire: {
      async readPiece(octets: number) {
        asked.push(octets)
        return Buffer.alloc(octets, 'a\r\n')
      },
    },
    envelope: { recipients: [{}] },
    intake: null,
  } as unknown as Session
  await bdat.run(session, { octets: 2 * maxPieceOctets + 2, last: false })
  assert.deepEqual(asked, [maxPieceOctets, maxPieceOctets, 2])
})
