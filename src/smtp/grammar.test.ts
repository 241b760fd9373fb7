// The grammar of commands: nothing but BadCommand is thrown, whatever comes, and every prefix of the good ones is read or refused.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BadCommand } from '#base/faults.ts'
import { parseCommandLine } from '#smtp/command-line.ts'
import { commands } from '#smtp/commands.ts'
import { HeaderGauge } from '#smtp/header-gauge.ts'
import { decodeUtf8Address, decodeXtext } from '#smtp/xtext.ts'
import { grammarRuns } from '#test/support/fuzz.ts'

const runs = grammarRuns
const words = [
  'MAIL FROM:',
  'RCPT TO:',
  'BDAT',
  'AUTH PLAIN',
  'EHLO',
  '<',
  '>',
  '"',
  '\\',
  '@',
  ' ',
  '=',
  '+2B',
  '+',
  ';',
  ',',
  'SIZE=1',
  'NOTIFY=NEVER',
  'ORCPT=utf-8;',
  '\\x{110000}',
  'ann',
  '.test',
  'ø',
  '\u202e',
  '9',
  'LAST',
  '\0',
]
const line = fc.oneof(
  fc.array(fc.constantFrom(...words), { maxLength: 14 }).map((parts) => Buffer.from(parts.join(''))),
  fc.uint8Array({ maxLength: 60 }).map((octets) => Buffer.from(octets)),
)

test('no line makes a parser throw anything but BadCommand', () => {
  fc.assert(
    fc.property(line, (octets) => {
      try {
        const { verb, argument } = parseCommandLine(octets)
        commands.get(verb)?.prepare(argument)
      } catch (fault) {
        assert.ok(fault instanceof BadCommand, String(fault))
      }
    }),
    { seed: 7, numRuns: runs },
  )
})

test('a line is a verb in upper case and what stands behind it', () => {
  assert.deepEqual(parseCommandLine(Buffer.from('mail FROM:<a@b>  ')), { verb: 'MAIL', argument: 'FROM:<a@b>' })
  assert.deepEqual(parseCommandLine(Buffer.from('')), { verb: '', argument: '' })
})

test('xtext stands for printable ASCII, each octet in one way or as +XX (RFC 3461 §4)', () => {
  assert.equal(decodeXtext('a+2Bb+3D+20'), 'a+b= ')
  for (const text of ['a+2b', 'a+', '+2', 'a=b', 'a b', '+0D', '+7F', '+C3+B8', 'ø'])
    assert.throws(() => decodeXtext(text), BadCommand)
  assert.equal(decodeUtf8Address('b\\x{F8}b@ø.test'), 'bøb@ø.test')
  for (const text of ['\\x{0A}', '\\x{202E}', 'a b', '\\x{110000}']) assert.throws(() => decodeUtf8Address(text), BadCommand)
})

test('the header is measured to its blank line, however it was split (RFC 5322 §2.1)', () => {
  for (const [text, octets] of [
    ['A: 1\r\nB: 2\r\n\r\nbody', 14],
    ['\r\nbody', 2],
    ['A: 1\r\n no blank line', 20],
  ] as const) {
    for (const size of [1, 2, 3, 100]) {
      for (const [limit, tooLarge] of [
        [octets, false],
        [octets - 1, true],
      ] as const) {
        const gauge = new HeaderGauge(limit)
        for (let at = 0; at < text.length; at += size) gauge.push(Buffer.from(text.slice(at, at + size)))
        assert.equal(gauge.tooLarge, tooLarge, JSON.stringify([text, size, limit]))
      }
    }
  }
})
