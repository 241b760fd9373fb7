// The parts of an Office or OpenDocument file that the rules need, kept while its zip goes by: as much of each as is wanted.
// ECMA-376-2, OASIS ODF 1.3 part 2. G05.
import type { OctetReader } from '#mail/archive/octet-reader.ts'
import { type Budget, type Ends, passOver, readEnds } from '#mail/documents/budget.ts'
import { maxPartsRead, partHeadOctets, partTailOctets, sheetHeadOctets, sheetTailOctets } from '#mail/documents/limits.ts'
import type { DocumentKind } from '#mail/documents/place.ts'
import { xmlText } from '#mail/documents/xml.ts'

const beginning = { head: partHeadOctets, tail: 0 }
const bothEnds = { head: partHeadOctets, tail: partTailOctets }

/** Which parts are kept, and how much of them; part names are compared without letter case (ECMA-376-2 §6.2.2.3). */
const wanted: readonly (readonly [RegExp, { head: number; tail: number }])[] = [
  [/^\[content_types\]\.xml$/, { head: 0, tail: 0 }],
  [/^docprops\/(?:core|app|custom)\.xml$/, beginning],
  [/^docmetadata\/labelinfo\.xml$/, beginning],
  [/^word\/(?:document|header|footer)\d{0,9}\.xml$/, beginning],
  [/^xl\/worksheets\/sheet1\.xml$/, bothEnds],
  [/^xl\/(?:worksheets|chartsheets)\/[^/]{1,100}\.xml$/, { head: sheetHeadOctets, tail: sheetTailOctets }],
  [/^xl\/sharedstrings\.xml$/, beginning],
  [/^ppt\/presentation\.xml$/, beginning],
  [/^ppt\/(?:slides|slidemasters|slidelayouts|handoutmasters|notesmasters)\/[^/]{1,100}\.xml$/, beginning],
  [/^mimetype$/, { head: 100, tail: 0 }],
  [/^(?:content|meta|meta-inf\/manifest)\.xml$/, beginning],
  // The page styles stand behind all others.
  [/^styles\.xml$/, bothEnds],
]

/** What was kept of one document. */
export class Package {
  private readonly parts = new Map<string, Ends>()

  /** Reads an entry to its end and keeps it where it is a part that is wanted; says whether it is one. */
  async take(name: string, octets: OctetReader, budget: Budget): Promise<boolean> {
    const key = name.replace(/^\//, '').toLowerCase()
    const keep = wanted.find(([pattern]) => pattern.test(key))?.[1]
    if (keep === undefined || this.parts.size >= maxPartsRead || this.parts.has(key)) return false
    if (keep.head === 0) await passOver(octets, budget)
    this.parts.set(key, await readEnds(octets, keep, budget))
    return true
  }

  /** Whether what goes by is the parts of one document, not files of an archive. */
  get isPackage(): boolean {
    return this.has(/^\[content_types\]/) || this.kind === 'odf'
  }

  /** Which kind of document these are the parts of; null for none, or not enough of one. */
  get kind(): DocumentKind | null {
    if (this.has(/^mimetype$/) && this.head('mimetype').startsWith('application/vnd.oasis.opendocument.')) return 'odf'
    if (!this.has(/^\[content_types\]/)) return this.has(/^meta-inf\/manifest/) && this.has(/^content\.xml$/) ? 'odf' : null
    if (this.has(/^word\//)) return 'word'
    if (this.has(/^xl\//)) return 'spreadsheet'
    return this.has(/^ppt\//) ? 'presentation' : null
  }

  /** The names of the parts that match, in the order of their numbers. */
  named(pattern: RegExp): string[] {
    return [...this.parts.keys()].filter((name) => pattern.test(name)).sort((one, other) => numberIn(one) - numberIn(other))
  }

  /** The beginning of a part as text; empty where there is none. */
  head(name: string): string {
    return xmlText(this.parts.get(name)?.head ?? Buffer.alloc(0))
  }

  /** The beginning of a part and, of a longer one, its end from the first tag on: two texts, since what a cut opened never closes. */
  ends(name: string): string[] {
    const tail = this.parts.get(name)?.tail.toString('utf8') ?? ''
    return [this.head(name), tail.slice(Math.max(0, tail.indexOf('<')))]
  }

  /** Gives what is held back to the budget. */
  letGo(budget: Budget): void {
    for (const { head, tail } of this.parts.values()) budget.heldOctets += head.length + tail.length
    this.parts.clear()
  }

  private has(pattern: RegExp): boolean {
    return [...this.parts.keys()].some((name) => pattern.test(name))
  }
}

function numberIn(name: string): number {
  return Number(/(\d{1,9})\.xml$/.exec(name)?.[1] ?? 0)
}
