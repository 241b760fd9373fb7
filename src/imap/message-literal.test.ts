// Line ends of an appended message, however it is cut into pieces. docs/flow.md, The life of a message: IMAP APPEND normalises.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LineEnds } from '#imap/message-literal.ts'

const numRuns = Number(process.env.CJSM_FUZZ_RUNS ?? 2_000)

test('every bare CR and bare LF becomes CRLF, at every cut, and nothing else changes', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('\r', '\n', 'a'), minLength: 1, maxLength: 12 }),
      fc.nat(),
      fc.nat(),
      (text, first, second) => {
        const cuts = [0, first % (text.length + 1), second % (text.length + 1)].sort((a, b) => a - b)
        const pieces = cuts.map((cut, index) => Buffer.from(text.slice(cut, cuts[index + 1] ?? text.length)))
        const lineEnds = new LineEnds()
        const made = pieces.map((piece, index) => (index < pieces.length - 1 ? lineEnds.next(piece) : lineEnds.last(piece)))
        assert.equal(Buffer.concat(made).toString(), text.replace(/\r\n|\r|\n/g, '\r\n'))
      },
    ),
    { numRuns, seed: 3501 },
  )
})

test('a piece without bare line ends is passed on without a copy', () => {
  const piece = Buffer.from('a\r\nb\r\n')
  assert.equal(new LineEnds().next(piece), piece)
})
