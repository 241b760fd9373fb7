// X-Protective-Marking, read and written. Email Protective Marking Standard, G06.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { composeField, fieldText, parseHeader } from '#mail/header.ts'
import { markingOf } from '#policy/form.ts'
import { readProtectiveMarking, readSubjectTags, writeProtectiveMarking } from '#policy/protective-marking.ts'
import { type Scheme, shippedSchemes } from '#policy/schemes.ts'

/** As it would travel: composed, folded, parsed. */
function throughHeader(value: string): string {
  const octets = Buffer.concat([composeField('X-Protective-Marking', value), Buffer.from('\r\n')])
  return fieldText(parseHeader(octets).fields[0]!)
}

test('a marking is written with version, name space, level, caveats and descriptors (G06)', () => {
  const marking = readProtectiveMarking('RESTRICTED - COMMERCIAL - UK EYES ONLY - J. Smith EYES ONLY', shippedSchemes)
  assert.ok(marking !== null)
  assert.equal(
    writeProtectiveMarking(marking, 'cjsm.test'),
    'VER=2018.4, NS=cjsm.test, SEC=RESTRICTED, CAVEAT=RI:UK EYES ONLY, CAVEAT=SH:J. SMITH EYES ONLY, ' +
      'ACCESS=COMMERCIAL, NOTE=scheme:GPMS',
  )
})

test('the standard’s own values are read, with escapes, quotes and unknown tags (G06)', () => {
  const read = (value: string) => {
    const marking = readProtectiveMarking(value, shippedSchemes)
    return marking && [marking.scheme, marking.level, ...marking.descriptors, ...marking.caveats].join(' | ')
  }
  assert.equal(
    read('VER=2018.4, NS=gov.au, SEC=OFFICIAL:Sensitive, ACCESS=Legal-Privilege'),
    'GSC | OFFICIAL-SENSITIVE | Legal-Privilege',
  )
  assert.equal(read('VER=2018.4, SEC="SECRET", CAVEAT=C:ONE\\, TWO, X=y, NOTE=a\\\\b'), 'GPMS | SECRET | ONE, TWO')
  assert.equal(read('SEC=PROTECT, SEC=SECRET'), 'GPMS | SECRET')
  assert.equal(read('VER=2018.4, NS=gov.au, SEC=PROTECTED'), null)
  assert.equal(read('COMPANY INTERNAL'), null)
  assert.equal(read(''), null)
})

test('a level in this field is the scheme’s, never a bare word of one’s own (G05)', () => {
  assert.equal(readProtectiveMarking('CONFIDENTIAL', shippedSchemes)?.bare, false)
  assert.equal(readProtectiveMarking('SEC=Confidential', shippedSchemes)?.bare, false)
})

test('a subject’s suffix needs SEC (G05)', () => {
  assert.equal(readSubjectTags('SEC=SECRET', shippedSchemes)?.level, 'SECRET')
  assert.equal(readSubjectTags('NOTE=SECRET', shippedSchemes), null)
})

function markingsOf(scheme: Scheme) {
  const free = fc
    .string({ unit: fc.constantFrom(...'ABCXYZé,;"\\= '), minLength: 1, maxLength: 12 })
    .map((text) => `OWN ${text.trim()}Q`)
  const names = (list: readonly { name: string }[]) => [...new Set(list.map((each) => each.name))]
  return fc
    .record({
      level: fc.option(fc.constantFrom(...scheme.levels)),
      descriptors: fc.uniqueArray(fc.oneof(fc.constantFrom(...names(scheme.descriptors)), free), { maxLength: 4 }),
      caveats: fc.uniqueArray(fc.oneof(fc.constantFrom(...names(scheme.caveats)), fc.constant('J. SMITH & CO EYES ONLY'), free), {
        maxLength: 4,
      }),
    })
    .filter((parts) => parts.level !== null || parts.descriptors.length + parts.caveats.length > 0)
    .map((parts) => markingOf(scheme, { ...parts, bare: false }, 'as it stood'))
}

test('what is written reads back as the same marking, whatever its names hold (G06)', () => {
  const property = fc.property(fc.oneof(...shippedSchemes.map(markingsOf)), (marking) => {
    const value = writeProtectiveMarking(marking, 'cjsm.test')
    assert.match(value, /^[\x20-\x7e]+$/)
    const read = readProtectiveMarking(throughHeader(value), shippedSchemes)
    assert.deepEqual({ ...read, written: 'as it stood' }, marking)
  })
  fc.assert(property, { seed: 3, numRuns: Number(process.env.CJSM_FUZZ_RUNS ?? 2_000) })
})

test('a line break in a name cannot start another field (G06)', () => {
  const marking = markingOf(
    shippedSchemes[0]!,
    { level: null, descriptors: ['A\r\nBcc: x@y.example'], caveats: [], bare: false },
    '',
  )
  assert.doesNotMatch(writeProtectiveMarking(marking, 'cjsm.test'), /[\r\n]/)
})
