// The SIO-Label field (RFC 7444), by its `marking` and by ESS security labels (RFC 2634 §3.2). SIO-Label-History says what was,
// and is not read. G06.
import { parseParameterised } from '#mail/parameters.ts'
import { decodeParameters } from '#mail/words.ts'
import { markingOf, readForm } from '#policy/form.ts'
import { maxEssCharacters, maxMarkingFieldOctets } from '#policy/limits.ts'
import { highestMarking, type Marking } from '#policy/marking.ts'
import type { Scheme } from '#policy/schemes.ts'

/** The higher of the marking shown and the label's classification; null where no scheme knows either. */
export function readSioLabel(value: string, schemes: readonly Scheme[]): Marking | null {
  const { parameters } = parseParameterised(`;${value.slice(0, maxMarkingFieldOctets)}`)
  const byName = new Map(decodeParameters(parameters).toReversed())
  const shown = readForm(byName.get('marking') ?? '', schemes, { standsAlone: true, enclosed: true, field: true })
  const label = byName.get('type') === ':ess' ? readEssLabel(byName.get('label') ?? '', schemes) : null
  return highestMarking([shown, label].filter((marking) => marking !== null))
}

/** An ESS label's level by the basic hierarchy, which is what the schemes' ranks are ten times of. */
function readEssLabel(base64: string, schemes: readonly Scheme[]): Marking | null {
  const classification = essClassification(Buffer.from(base64.slice(0, maxEssCharacters), 'base64'))
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
