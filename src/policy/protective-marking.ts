// The X-Protective-Marking field of the (Australian) Email Protective Marking Standard, any version: `VER=…, NS=…, SEC=…`; read
// and written. G06.
import { decodeWords, encodeWords } from '#mail/words.ts'
import { markingOf, readForm } from '#policy/form.ts'
import { maxMarkingCharacters, maxMarkingFieldOctets, maxMarkingItems, maxTags } from '#policy/limits.ts'
import { higherMarking, type Marking } from '#policy/marking.ts'
import type { Phrase, Scheme } from '#policy/schemes.ts'

type Tag = readonly [name: string, value: string]

const tagNames = new Set(['VER', 'NS', 'SEC', 'CAVEAT', 'EXPIRES', 'DOWNTO', 'ACCESS', 'NOTE', 'ORIGIN'])
const schemeNote = 'scheme:'

/** The marking in a field's value, by tags or written plainly (`RESTRICTED - COMMERCIAL`); null where no scheme knows it. */
export function readProtectiveMarking(value: string, schemes: readonly Scheme[]): Marking | null {
  const text = decodeWords(value.slice(0, maxMarkingFieldOctets)).trim()
  const tags = readTags(text)
  if (tags.length > 0) return readTagged(tags, schemes, text)
  const options = { enclosed: true, field: true }
  return readForm(text, schemes, { ...options, standsAlone: true }) ?? readForm(text, schemes, { ...options, standsAlone: false })
}

/** The marking in `[SEC=…]`, the standard's suffix of a subject; null for other text. */
export function readSubjectTags(text: string, schemes: readonly Scheme[]): Marking | null {
  const tags = readTags(text)
  return tags.some(([name]) => name === 'SEC') ? readTagged(tags, schemes, text) : null
}

/** The value of the X-Protective-Marking that we write: ASCII on one line, unfolded; `namespace` is the service's own (NS). */
export function writeProtectiveMarking(marking: Marking, namespace: string): string {
  const tags: Tag[] = [
    ['VER', '2018.4'],
    ['NS', namespace],
  ]
  if (marking.level !== null) tags.push(['SEC', marking.level])
  for (const caveat of marking.caveats) tags.push(['CAVEAT', `${isNational(caveat) ? 'RI' : 'SH'}:${caveat}`])
  for (const descriptor of marking.descriptors) tags.push(['ACCESS', descriptor])
  // SECRET is in two schemes, and a caveat alone in any: the standard has no tag for it, and a note harms nobody.
  tags.push(['NOTE', `${schemeNote}${marking.scheme}`])
  return encodeWords(tags.map(([name, value]) => `${name}=${escapeValue(value)}`).join(', '))
}

/**
 * The known tags, names in upper case; empty for a value that is not made of tags. A backslash keeps the comma behind it in the
 * value.
 */
function readTags(text: string): Tag[] {
  const tags: Tag[] = []
  for (const part of splitTags(text.slice(0, maxMarkingFieldOctets))) {
    const equals = part.indexOf('=')
    const name = part.slice(0, Math.max(equals, 0)).trim().toUpperCase()
    if (tagNames.has(name)) tags.push([name, unescapeValue(part.slice(equals + 1).trim())])
  }
  return tags
}

function splitTags(text: string): string[] {
  const parts: string[] = []
  let start = 0
  for (let at = 0; at < text.length && parts.length < maxTags; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === ',' || text[at] === ';') {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  return [...parts, text.slice(start)].slice(0, maxTags)
}

function readTagged(tags: readonly Tag[], schemes: readonly Scheme[], written: string): Marking | null {
  const noted = valuesOf(tags, 'NOTE')
    .find((note) => note.startsWith(schemeNote))
    ?.slice(schemeNote.length)
  const scheme = schemes.find((each) => each.id === noted)
  const ordered = scheme === undefined ? schemes : [scheme, ...schemes.filter((each) => each !== scheme)]
  const levels = valuesOf(tags, 'SEC')
    .map((value) => readForm(value, ordered, { standsAlone: true, enclosed: true, field: true }))
    .filter((marking) => marking !== null)
  const bySec = levels.length === 0 ? null : levels.reduce(higherMarking)
  const used = schemes.find((each) => each.id === bySec?.scheme) ?? ordered[0]
  if (used === undefined) return null
  const caveats = valuesOf(tags, 'CAVEAT').map((value) => nameIn(used.caveats, value.replace(/^[A-Za-z]{1,4}:/, '')))
  const access = valuesOf(tags, 'ACCESS').map((value) => nameIn(used.descriptors, value))
  if (bySec === null && caveats.length === 0 && access.length === 0) return null
  const level = used.levels.find((each) => each.name === bySec?.level) ?? null
  const descriptors = distinct([...(bySec?.descriptors ?? []), ...access])
  return markingOf(
    used,
    { level, descriptors, caveats: distinct([...(bySec?.caveats ?? []), ...caveats]), bare: false },
    written.slice(0, maxMarkingCharacters),
  )
}

function valuesOf(tags: readonly Tag[], name: string): string[] {
  return tags.filter(([each, value]) => each === name && value !== '').map(([, value]) => value)
}

/** The scheme's name for what was written, or what was written. */
function nameIn(list: readonly Phrase[], written: string): string {
  const words = written.toUpperCase().match(/[\p{L}\p{N}]+/gu) ?? []
  const phrase = list.find(
    (each) => each.words.length === words.length && each.words.every((word, index) => word === words[index]),
  )
  return phrase?.name ?? written.slice(0, maxMarkingCharacters)
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].slice(0, maxMarkingItems)
}

function isNational(caveat: string): boolean {
  return /^(?:UK|UK\/US|FIVE|CANUKUS) EYES ONLY$/.test(caveat)
}

/** A value without the quotes around it and the backslashes that escape. */
function unescapeValue(value: string): string {
  const inner = value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
  return inner.replace(/\\(.)/gsu, '$1')
}

/** Nothing in a value ends it or the line. */
function escapeValue(value: string): string {
  return value
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .replace(/[\\,;"]/g, '\\$&')
}
