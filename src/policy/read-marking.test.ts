// Markings by position and form, in a line, a subject, marking fields and a banner. G04–G07, RFC 7444.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Header, parseHeader } from '#mail/header.ts'
import type { Marking } from '#policy/marking.ts'
import { readBannerMarkings, readMarkingHeader, readMarkingLine, readSubjectMarking } from '#policy/read-marking.ts'
import { shippedSchemes as schemes } from '#policy/schemes.ts'

const runs = { seed: 11, numRuns: Number(process.env.CJSM_FUZZ_RUNS ?? 2_000) }

function brief(marking: Marking | null | undefined): string | null {
  if (marking === null || marking === undefined) return null
  const parts = [marking.scheme, marking.level ?? '', ...marking.descriptors, ...marking.caveats]
  return `${parts.filter((part) => part !== '').join(' ')}${marking.bare ? ' bare' : ''}`
}

function headerOf(...lines: string[]): Header {
  return parseHeader(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`))
}

const lines: [string, string | null][] = [
  ['RESTRICTED', 'GPMS RESTRICTED bare'],
  ['RESTRICTED - COMMERCIAL', 'GPMS RESTRICTED COMMERCIAL'],
  ['RESTRICTED - Commercial', 'GPMS RESTRICTED COMMERCIAL bare'],
  ['UK EYES ONLY, UK RESTRICTED', 'GPMS RESTRICTED UK EYES ONLY'],
  ['RESTRICTED - J. Smith EYES ONLY', 'GPMS RESTRICTED J. SMITH EYES ONLY'],
  ['PRIVATE', 'GPMS PRIVATE bare'],
  ['CONFIDENTIAL', 'GPMS CONFIDENTIAL bare'],
  ['CONFIDENTIAL - PRIVATE', 'GPMS CONFIDENTIAL PRIVATE bare'],
  ['CONFIDENTIAL - MEDICAL', 'GPMS CONFIDENTIAL MEDICAL'],
  ['UK CONFIDENTIAL', 'GPMS CONFIDENTIAL'],
  ['OFFICIAL: SENSITIVE', 'GSC OFFICIAL-SENSITIVE bare'],
  ['SECRET - HMG USE ONLY', 'GSC SECRET HMG USE ONLY'],
  ['T O P  S E C R E T', 'GPMS TOP SECRET bare'],
  ['Secret', null],
  ['SECRET SANTA', null],
  ['COMPANY CONFIDENTIAL', null],
  ['PRIVATE AND CONFIDENTIAL', null],
  ['RESTRICTED VISITS', null],
  ['HMG USE ONLY', null],
  ['FOR YOUR EYES ONLY', null],
  ['', null],
]

for (const [line, expected] of lines) {
  test(`the line "${line}" reads as ${expected ?? 'no marking'} (G05)`, () => {
    assert.equal(brief(readMarkingLine(line, { schemes, standsAlone: true })), expected)
  })
}

test('a line of 201 characters is no marking, one of 200 is (G05)', () => {
  const options = { schemes, standsAlone: true }
  assert.equal(readMarkingLine(`SECRET${' '.repeat(194)}`, options)?.level, 'SECRET')
  assert.equal(readMarkingLine(`SECRET${' '.repeat(195)}`, options), null)
})

test('a marking that starts a line ends before a dash, colon or bar, and nowhere else (G05)', () => {
  const read = (line: string) => brief(readMarkingLine(line, { schemes, standsAlone: false }))
  assert.equal(read('RESTRICTED - STAFF - rota'), 'GPMS RESTRICTED STAFF')
  assert.equal(read('RESTRICTED: Staff rota'), 'GPMS RESTRICTED bare')
  assert.equal(read('SECRET-keeping'), null)
  assert.equal(read('SECRET keeping'), null)
})

test('a marking keeps what was written, brackets and all (G06)', () => {
  assert.equal(readSubjectMarking('Re: x - OFFICIAL [SENSITIVE]', schemes)?.marking.written, 'OFFICIAL [SENSITIVE]')
  assert.equal(readMarkingLine('  *** Restricted ***', { schemes, standsAlone: true }), null)
  assert.equal(readMarkingLine('  *** RESTRICTED ***', { schemes, standsAlone: true })?.written, '*** RESTRICTED ***')
})

const subjects: [string, string | null, boolean?][] = [
  ['RESTRICTED - COMMERCIAL: lease of the custody suite', 'GPMS RESTRICTED COMMERCIAL', false],
  ['Re: disclosure [RESTRICTED]', 'GPMS RESTRICTED bare', true],
  ['[EXTERNAL] Fw: [RESTRICTED] x', 'GPMS RESTRICTED bare', true],
  ['RESTRICTED - Re: x', 'GPMS RESTRICTED bare', false],
  ['x [RESTRICTED] (fwd)', 'GPMS RESTRICTED bare', true],
  ['x [SECRET] [ref 7]', 'GPMS SECRET bare', false],
  ['[SECRET - OPERATION HAWK] x', 'GPMS SECRET bare', false],
  ['Plan [SEC=OFFICIAL:Sensitive, ACCESS=Legal-Privilege]', 'GSC OFFICIAL-SENSITIVE Legal-Privilege', false],
  ['PROTECT: plan - SECRET', 'GPMS SECRET bare', false],
  ['PRIVATE - CONFIDENTIAL', 'GPMS PRIVATE bare', false],
  ['Company - CONFIDENTIAL', null],
  ['The password hint is: SECRET', null],
  ['R v Jones - SECRET (witness)', null],
  ['Exhibit 4 [SECRET] photographs', null],
]

for (const [subject, expected, inherited] of subjects) {
  test(`the subject "${subject}" reads as ${expected ?? 'no marking'} (G05, G07)`, () => {
    const read = readSubjectMarking(subject, schemes)
    assert.equal(brief(read?.marking), expected)
    assert.equal(read?.inherited, inherited)
  })
}

test('of several marking fields the highest counts, X-Protective-Marking where they are equal (G05, RFC 7444)', () => {
  const sio = 'SIO-Label: marking="SECRET"'
  assert.deepEqual(readMarkingHeader(headerOf('X-Protective-Marking: PROTECT', sio), schemes)?.carrier, 'sio-label')
  assert.deepEqual(readMarkingHeader(headerOf(sio, 'X-Protective-Marking: SEC=SECRET'), schemes)?.carrier, 'x-protective-marking')
  assert.equal(readMarkingHeader(headerOf('X-Protective-Marking: COMPANY INTERNAL', 'Subject: SECRET'), schemes), null)
})

const banners: [string, string, string | null][] = [
  ['a first line', 'SECRET\n\nText', 'first-line SECRET'],
  ['a last line', 'Text\n\nSECRET\n\n', 'last-line SECRET'],
  ['two lines, the higher second', 'UK EYES ONLY\nSECRET\n\nText', 'first-line SECRET'],
  ['a second line below ordinary text', 'Dear John\nSECRET\nText', null],
  ['a quoted first line', '> SECRET\n\nText', null],
  ['a quoted last line', 'Text\n\n> SECRET', null],
  ['an own last line above quoted text', 'Text\n\nSECRET\n\n> one\n> two', 'last-line SECRET'],
  ['an original below, as Outlook puts it', 'Text\n\nFrom: a\nSent: b\n\nSECRET\n', 'last-line SECRET inherited'],
  [
    'an own banner above a lower original',
    'SECRET\n\nText\n\nFrom: a\nSent: b\n\nPROTECT\n',
    'first-line SECRET, last-line PROTECT inherited',
  ],
  ['the end of a wrapped paragraph', `${'the whole of it was to be kept entirely '.repeat(2)}\nSECRET`, null],
  ['nothing', '', null],
]

for (const [name, text, expected] of banners) {
  test(`the banner of ${name} is ${expected ?? 'none'} (G05, G07)`, () => {
    const shown = readBannerMarkings(text, schemes).map(
      ({ where, marking, inherited }) => `${where} ${marking.level}${inherited ? ' inherited' : ''}`,
    )
    assert.equal(shown.join(', ') || null, expected)
  })
}

// Text that comes near to a marking: words, signs and line ends of markings in any order.
const near = fc
  .array(
    fc.constantFrom(
      'SECRET',
      'TOP',
      'RESTRICTED',
      'EYES ONLY',
      'UK',
      '-',
      ' - ',
      ':',
      '[',
      ']',
      '(',
      '*',
      '//',
      ',',
      'Re: ',
      'SEC=',
      '\\',
      '"',
      '\r\n',
      '> ',
      ' ',
      'x',
      '=?',
      '\u200b',
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''))
const strange = fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), near)

test('no input makes a reader throw, and what is written is short and from the input (G04)', () => {
  const property = fc.property(strange, (text) => {
    const line = text.replace(/[\r\n]+/g, ' ')
    const header = headerOf(`X-Protective-Marking: ${line}`, `SIO-Label: marking="${line}"`, `SIO-Label: ${line}`)
    const read = [
      readMarkingLine(text, { schemes, standsAlone: true }),
      readMarkingLine(text, { schemes, standsAlone: false }),
      readSubjectMarking(text, schemes)?.marking,
      readMarkingHeader(header, schemes)?.marking,
      ...readBannerMarkings(text, schemes).map(({ marking }) => marking),
    ]
    for (const marking of read) assert.ok((marking?.written.length ?? 0) <= 200)
  })
  fc.assert(property, runs)
})

const floods = [
  '-',
  '_',
  ' ',
  '\n',
  'From: x\n',
  'on aaaaaaaa\n',
  'SECRET - ',
  '[',
  'Re:',
  '=?utf-8?q?',
  'A ',
  'EYES ONLY ',
  '*',
  '>\n',
  '-- ',
  'on aaaaaaa wrote:\n',
  '\u200b',
  'a.',
  'ﷺ',
  '\\,',
  'SEC=',
]

for (const flood of floods) {
  test(`ten megabytes of ${JSON.stringify(flood)} cost no more than their ends do (G04)`, () => {
    const text = flood.repeat(10_000_000 / flood.length)
    const started = performance.now()
    readSubjectMarking(text, schemes)
    readBannerMarkings(text, schemes)
    assert.ok(performance.now() - started < 1_000)
  })
}
