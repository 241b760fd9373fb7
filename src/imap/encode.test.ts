// Strings, flags and dates as responses write them. RFC 3501 §9.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { astring, dateTime, flagList, mailboxName, nstring, string } from '#imap/encode.ts'
import { Decoder } from '#imap/grammar.ts'
import { imapLimits } from '#imap/limits.ts'

test('a string is quoted where it may be, and a literal of UTF-8 where not (RFC 3501 §4.3)', () => {
  assert.equal(string('plain text'), '"plain text"')
  assert.equal(string('say "x\\y"'), '"say \\"x\\\\y\\""')
  assert.equal(string(''), '""')
  assert.equal(string('é'), '{2}\r\n\xc3\xa9')
  assert.equal(string('a\r\nb'), '{4}\r\na\r\nb')
  assert.equal(string('a\0b'), '{3}\r\na b')
  assert.equal(string('a'.repeat(1001)).slice(0, 8), '{1001}\r\n')
  assert.equal(nstring(null), 'NIL')
})

test('an astring is an atom where that cannot be taken for something else', () => {
  assert.equal(astring('INBOX'), 'INBOX')
  assert.equal(astring('nil'), '"nil"')
  assert.equal(astring('a b'), '"a b"')
  assert.equal(astring('a]'), '"a]"')
  assert.equal(mailboxName('Entwürfe'), 'Entw&APw-rfe')
})

test('what is written is read back as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      fc.pre(text.isWellFormed() && !text.includes('\0'))
      const read = (octets: string) => new Decoder(Buffer.from(octets, 'latin1'), imapLimits).text()
      assert.equal(read(string(text)), text)
      assert.equal(read(astring(text)), text)
    }),
    { numRuns: 2_000, seed: 3501 },
  )
})

test('a flag that the grammar does not allow is left out', () => {
  assert.equal(flagList(['\\Seen', '$Forwarded']), '(\\Seen $Forwarded)')
  assert.equal(flagList(['\\Seen', 'a) b', 'é', '']), '(\\Seen)')
  assert.equal(flagList([]), '()')
})

test('an internal date has its day padded and its zone written (RFC 3501 §9, date-time)', () => {
  assert.equal(dateTime(Date.UTC(1996, 6, 7, 9, 44, 25)), '" 7-Jul-1996 09:44:25 +0000"')
  assert.equal(dateTime(Date.UTC(2026, 10, 21)), '"21-Nov-2026 00:00:00 +0000"')
  assert.equal(dateTime(Number.MAX_SAFE_INTEGER), '"31-Dec-9999 23:59:59 +0000"')
})
