// Modified UTF-7: round trips, and what is refused. RFC 3501 §5.1.3.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BadCommand } from '#base/faults.ts'
import { decodeUtf7, encodeUtf7 } from '#imap/utf7.ts'

const numRuns = Number(process.env.CJSM_FUZZ_RUNS ?? 2_000)

test('names are written as in the example of RFC 3501 §5.1.3', () => {
  assert.equal(encodeUtf7('~peter/mail/台北/日本語'), '~peter/mail/&U,BTFw-/&ZeVnLIqe-')
  assert.equal(decodeUtf7('~peter/mail/&U,BTFw-/&ZeVnLIqe-'), '~peter/mail/台北/日本語')
  assert.equal(encodeUtf7('Q&A'), 'Q&-A')
  assert.equal(decodeUtf7('Q&-&-A'), 'Q&&A')
})

test('every well-formed text comes back as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      fc.pre(text.isWellFormed())
      const wire = encodeUtf7(text)
      assert.match(wire, /^[\x20-\x7e]*$/)
      assert.equal(decodeUtf7(wire), text)
    }),
    { numRuns, seed: 3501 },
  )
})

test('decoding is strict: one text has one form, and nothing but BadCommand is thrown (RFC 3501 §5.1.3)', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'&-,+/AUQ2e~a\u00e9') }), (wire) => {
      try {
        assert.equal(encodeUtf7(decodeUtf7(wire)), wire)
      } catch (fault) {
        if (!(fault instanceof BadCommand)) throw fault
      }
    }),
    { numRuns, seed: 3501 },
  )
})

const refusedNames: [title: string, wire: string][] = [
  ['8-bit octets', 'caf\u00e9'],
  ['controls', 'a\tb'],
  ['a shift that does not end', 'a&AOk'],
  ['a lone ampersand', 'a&b'],
  ['a shift of what stands for itself', '&AGEAYg-'],
  ['an odd number of octets', '&AAAA-'],
  ['padding bits that are not zero', '&AOl-'],
  ['a slash in base64', '&U/BTFw-'],
  ['half a surrogate pair', '&2D0-'],
  ['two shifts side by side', '&AOk-&AOk-'],
]
for (const [title, wire] of refusedNames) {
  test(`a mailbox name with ${title} is refused (RFC 3501 §5.1.3)`, () => {
    assert.throws(() => decodeUtf7(wire), BadCommand)
  })
}
