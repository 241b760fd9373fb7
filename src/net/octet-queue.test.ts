// The queue gives the same lines however the octets were split, in linear time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OctetQueue } from '#net/octet-queue.ts'

const alphabet = fc.constantFrom('\r', '\n', 'a', '.')

function linesOf(pieces: string[], allowBareLf: boolean): string[] {
  const queue = new OctetQueue()
  const lines: string[] = []
  for (const piece of pieces) {
    queue.push(Buffer.from(piece))
    for (let line = queue.takeLine(allowBareLf); line !== null; line = queue.takeLine(allowBareLf)) lines.push(line.toString())
  }
  return lines
}

test('lines end at CRLF alone, or at LF where allowed, whatever the packets were (RFC 5321 §2.3.8)', () => {
  const input = fc.array(
    fc.array(alphabet, { maxLength: 6 }).map((octets) => octets.join('')),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(input, (pieces) => {
      const whole = pieces.join('')
      assert.deepEqual(linesOf(pieces, false), whole.split('\r\n').slice(0, -1))
      assert.deepEqual(linesOf(pieces, true), whole.split(/\r?\n/).slice(0, -1))
    }),
    { seed: 7, numRuns: 2000 },
  )
})

test('one octet a packet gives the same line, and many pieces are joined', () => {
  const text = `${'x'.repeat(5000)}\r\nnext\r\n`
  assert.deepEqual(linesOf([...text], false), ['x'.repeat(5000), 'next'])
})

test('what is put back comes first, also into the middle of a line', () => {
  const queue = new OctetQueue()
  queue.push(Buffer.from('world\r\nmore'))
  assert.equal(queue.takeSome(3)?.toString(), 'wor')
  queue.unread(Buffer.from('hello wor'))
  assert.equal(queue.takeLine(false)?.toString(), 'hello world')
  assert.equal(queue.takeLine(false), null)
  queue.unread(Buffer.from('\r\n'))
  assert.equal(queue.takeLine(false)?.toString(), '')
  assert.equal(queue.octets, 4)
})

test('dropping what was looked through keeps a last CR, so that its LF still ends the line', () => {
  const queue = new OctetQueue()
  queue.push(Buffer.from('too long\r'))
  assert.equal(queue.takeLine(false), null)
  queue.dropScanned()
  assert.equal(queue.octets, 1)
  queue.push(Buffer.from('\nnext\r\n'))
  assert.equal(queue.takeLine(false)?.toString(), '')
  assert.equal(queue.takeLine(false)?.toString(), 'next')
})
