// Limits of smtp/ that stand in no dialogue, at their value and one past it. docs/limits.md
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BadCommand } from '#base/faults.ts'
import { bdat } from '#smtp/commands/bdat.ts'
import { ehlo } from '#smtp/commands/ehlo.ts'
import { maxHeloOctets, maxPieceOctets, smtpLimits } from '#smtp/limits.ts'
import type { Session } from '#smtp/session.ts'
import { MemorySpool } from '#smtp/doors.test-support.ts'

test('a client names itself in 255 octets (RFC 5321 §4.5.3.1.2), and not in more', () => {
  assert.equal(ehlo.parse('x'.repeat(maxHeloOctets)), 'x'.repeat(maxHeloOctets))
  assert.throws(() => ehlo.parse('x'.repeat(maxHeloOctets + 1)), BadCommand)
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
