// The SIO-Label field (RFC 7444), by its `marking` and by ESS security labels (RFC 2634 §3.2), read and written; and
// SIO-Label-History, which says what was, and is written only. G06.
import { parseParameterised } from '#mail/parameters.ts'
import { decodeParameters } from '#mail/words.ts'
import { markingOf, readForm } from '#policy/form.ts'
import { maxMarkingFieldOctets, maxParameterOctets } from '#policy/limits.ts'
import { highestMarking, type Marking, markingWords } from '#policy/marking.ts'
import type { Scheme } from '#policy/schemes.ts'

/** What was done to a label (RFC 7444 §4). */
export interface LabelChange {
  /** The label before; null where there was none. */
  readonly before: string | null
  readonly after: Marking
  readonly by: string
  readonly at: string
  readonly comment: string
}

/** The higher of the marking shown and the label's classification; null where no scheme knows either. */
export function readSioLabel(value: string, schemes: readonly Scheme[]): Marking | null {
  const { parameters } = parseParameterised(`;${value.slice(0, maxMarkingFieldOctets)}`)
  const byName = new Map(decodeParameters(parameters).toReversed())
  const shown = readForm(byName.get('marking') ?? '', schemes, { standsAlone: true, enclosed: true, field: true })
  const label = byName.get('type') === ':ess' ? readEssLabel(byName.get('label') ?? '', schemes) : null
  return highestMarking([shown, label].filter((marking) => marking !== null))
}

/** The value of the SIO-Label that we write: the marking in words, and an ESS label where its hierarchy has that level. */
export function writeSioLabel(marking: Marking): string {
  const ess = essLabels.get(marking.scheme === 'GPMS' ? (marking.rank ?? -1) : -1)
  const label = ess === undefined ? '' : `; type=":ess"; label="${ess}"`
  return `${parameter('marking', markingWords(marking))}${label}`
}

/** The value of a SIO-Label-History that says how a label came to be (RFC 7444 §4). */
export function writeLabelHistory({ before, after, by, at, comment }: LabelChange): string {
  return [
    ...(before === null ? [] : [parameter('marking', before)]),
    parameter('new-marking', markingWords(after)),
    `change=${before === null ? 'add' : 'replace'}`,
    parameter('changed-by', by),
    parameter('changed-at', at),
    parameter('changed-comment', comment),
  ].join('; ')
}

/** Labels of the policy 1.1 (RFC 2634 §3.2): unclassified and restricted, by a level's rank. */
const essLabels: ReadonlyMap<number, string> = new Map([
  [10, 'MQYCAQEGASk='],
  [20, 'MQYCAQIGASk='],
])

/** A quoted string, or pieces of UTF-8 as RFC 2231 §3 and §4 have them. */
function parameter(name: string, value: string): string {
  const plain = value.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').toWellFormed()
  if (/^[ -~]*$/.test(plain) && plain.length <= maxParameterOctets && !plain.includes('=?'))
    return `${name}="${plain.replace(/["\\]/g, '\\$&')}"`
  const pieces: string[] = []
  for (const char of plain) {
    const encoded = encodeURIComponent(char).replace(/['()*!~]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)
    if (pieces.length === 0 || pieces.at(-1)!.length + encoded.length > maxParameterOctets) pieces.push('')
    pieces[pieces.length - 1] += encoded
  }
  return pieces.map((piece, index) => `${name}*${index}*=${index === 0 ? "utf-8''" : ''}${piece}`).join('; ')
}

/** An ESS label's level by the basic hierarchy, which is what the schemes' ranks are ten times of. */
function readEssLabel(base64: string, schemes: readonly Scheme[]): Marking | null {
  const classification = essClassification(Buffer.from(base64, 'base64'))
  for (const scheme of schemes) {
    const level = scheme.levels.find((each) => each.rank === classification * 10)
    if (level !== undefined) return markingOf(scheme, { level, descriptors: [], caveats: [], bare: false }, `ESS ${level.name}`)
  }
  return null
}

/** The INTEGER in the DER of an ESSSecurityLabel, which is a SET; -1 where there is none. */
function essClassification(der: Buffer): number {
  if (der[0] !== 0x31) return -1
  for (let at = contentAt(der, 0); at + 2 < der.length; ) {
    const content = contentAt(der, at)
    const length = (der[content - 1] ?? 0) & 0x7f
    if (der[at] === 0x02) return length === 1 ? (der[content] ?? -1) : -1
    if (content !== at + 2) return -1
    at = content + length
  }
  return -1
}

/** Where an element's content starts: after a tag and a length of one to three octets. */
function contentAt(der: Buffer, at: number): number {
  const length = der[at + 1] ?? 0
  return at + 2 + (length > 0x80 ? Math.min(length & 0x7f, 2) : 0)
}
