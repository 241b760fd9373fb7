// The readers of markings at their limits and one past them: a marking stands at an edge, so what is beyond a window is not looked at. docs/limits.md, G04–G06
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Header, parseHeader } from '#mail/header.ts'
import {
  maxBracketGroups,
  maxContactCharacters,
  maxMarkingFieldOctets,
  maxMarkingFields,
  maxMarkingItems,
  maxNameWords,
  maxTags,
  maxTailSeparators,
  maxTexts,
  originalWindowCharacters,
} from '#policy/limits.ts'
import { findMarkings } from '#policy/find-markings.ts'
import { quotesLineByLine } from '#policy/banner-lines.ts'
import { readProtectiveMarking } from '#policy/protective-marking.ts'
import { readMarkingHeader, readSubjectMarking } from '#policy/read-marking.ts'
import { readForm } from '#policy/form.ts'
import { shippedSchemes } from '#policy/schemes.ts'
import { refuse, withContact } from '#policy/verdict.ts'

const header = (...lines: string[]): Header => parseHeader(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`))
const field = (value: string) =>
  readMarkingHeader(header(`X-Protective-Marking: ${value}`), shippedSchemes)?.marking.level ?? null
const subject = (text: string) => readSubjectMarking(text, shippedSchemes)?.marking.level ?? null
const times = (count: number, text: string) => Array.from({ length: count }, () => text)

/** Does what the limit says with so much, and tells whether it was read. */
const readers: readonly [limit: number, what: string, isRead: (much: number) => boolean][] = [
  [
    maxMarkingFieldOctets,
    'octets of a marking field',
    (much) => field(`${'NOTE=x,'.padEnd(much - 11, ' ')} SEC=SECRET`) === 'SECRET',
  ],
  [
    maxMarkingFields,
    'fields of one name',
    (much) =>
      readMarkingHeader(header(...times(much - 1, 'SIO-Label: x'), 'SIO-Label: marking="SECRET"'), shippedSchemes) !== null,
  ],
  [
    maxTags,
    'tags of one X-Protective-Marking',
    (much) => readProtectiveMarking(`${times(much - 1, 'X=y').join(',')},SEC=SECRET`, shippedSchemes) !== null,
  ],
  [
    originalWindowCharacters,
    'characters before a quoted line',
    (much) => quotesLineByLine(`${'x'.repeat(much - 2)}\n>${'y\n'.repeat(5000)}`),
  ],
  [
    maxTexts,
    'alternatives of a body',
    (much) => findMarkings(header('Subject: x'), [...times(much - 1, 'x'), 'SECRET'], shippedSchemes).length > 0,
  ],
  [
    maxBracketGroups,
    'groups in brackets before a marking',
    (much) => subject(`${'[x] '.repeat(much - 1)}[SECRET] plan`) === 'SECRET',
  ],
  [
    maxTailSeparators,
    'dashes in the tail of a subject',
    (much) => subject(`plan - SECRET${' - UK EYES ONLY'.repeat(much - 1)}`) === 'SECRET',
  ],
  [
    maxNameWords,
    'words of a name',
    (much) =>
      readForm(`RESTRICTED - ${times(much, 'Smith').join(' ')} EYES ONLY`, shippedSchemes, {
        standsAlone: true,
        enclosed: true,
        field: true,
      })?.caveats.length === 1,
  ],
]

for (const [limit, what, isRead] of readers) {
  test(`${limit} ${what} are read, and no more`, () => {
    assert.equal(isRead(limit), true)
    assert.equal(isRead(limit + 1), false)
  })
}

test('a marking has up to 12 descriptors and caveats; further ones are left out', () => {
  const read = (much: number) => {
    const value = `SEC=SECRET, ${Array.from({ length: much }, (_, n) => `CAVEAT=SH:Number ${n}`).join(', ')}`
    return readProtectiveMarking(value, shippedSchemes)?.caveats.length
  }
  assert.equal(read(maxMarkingItems), maxMarkingItems)
  assert.equal(read(maxMarkingItems + 1), maxMarkingItems)
})

test('the Helpdesk’s contact is shown whole to 60 characters, and cut there', () => {
  const shown = (much: number) => {
    const verdict = withContact(refuse('G01', 'x', 'a', 'Do this.'), 'h'.repeat(much))
    return verdict.kind === 'refused' && verdict.remedy.replace('Do this. Helpdesk: ', '')
  }
  assert.equal(shown(maxContactCharacters), 'h'.repeat(maxContactCharacters))
  assert.equal(shown(maxContactCharacters + 1), `${'h'.repeat(maxContactCharacters - 1)}…`)
})
