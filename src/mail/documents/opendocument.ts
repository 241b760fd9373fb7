// The headers, footers, first page and properties of OpenDocument texts, sheets and presentations. OASIS ODF 1.3 part 3. G05.
import { Lines } from '#mail/documents/lines.ts'
import type { Package } from '#mail/documents/package.ts'
import { CannotRead, type Place } from '#mail/documents/place.ts'
import { propertiesIn, propertyPlaces } from '#mail/documents/properties.ts'
import { scanXml } from '#mail/documents/xml.ts'

/** The places of an OpenDocument file; throws CannotRead where it is encrypted. */
export function openDocumentPlaces(parts: Package, path: readonly string[]): Place[] {
  let isEncrypted = false
  scanXml(parts.head('meta-inf/manifest.xml'), {
    open(name) {
      isEncrypted ||= name === 'encryption-data'
    },
  })
  if (isEncrypted) throw new CannotRead('encrypted')
  const content = parts.head('content.xml')
  return [
    ...parts.ends('styles.xml').flatMap((xml) => pageEdges(xml, path)),
    ...pageEdges(content, path),
    { where: 'first page', path, lines: firstPage(content), isUnpaged: /<office:spreadsheet[\s>]/.test(content) },
    ...propertyPlaces(path, propertiesIn(parts.head('meta.xml'))),
  ]
}

/** `style:header`, `-left` and `-first` of the page styles, and what presentations declare for all slides. */
function pageEdges(xml: string, path: readonly string[]): Place[] {
  const places: Place[] = []
  let where: 'header' | 'footer' | null = null
  let lines = new Lines()
  scanXml(xml, {
    open(name) {
      const edge = edgeNamed(name)
      if (edge !== null) {
        where = edge
        lines = new Lines()
      } else if (where !== null) openIn(lines, name)
    },
    text(text) {
      if (where !== null) lines.add(text)
    },
    close(name) {
      if (where !== null && edgeNamed(name) !== null) {
        lines.endLine()
        places.push({ where, path, lines: lines.lines })
        where = null
      } else if (where !== null) closeIn(lines, name)
    },
  })
  return places
}

function edgeNamed(name: string): 'header' | 'footer' | null {
  const match = /^(header|footer)(?:-left|-first|-decl)?$/.exec(name)
  return match === null ? null : (match[1] as 'header' | 'footer')
}

/** The text of the body up to the second sheet or slide; what a page break parts cannot be told without laying it out. */
function firstPage(xml: string): string[] {
  const lines = new Lines()
  let inBody = false
  let pages = 0
  let skipped = 0
  scanXml(xml, {
    open(name) {
      if (name === 'body') inBody = true
      if (!inBody) return
      if (hidden.has(name)) skipped++
      if (name === 'page' || (name === 'table' && pages > 0)) pages++
      if (skipped === 0 && pages < 2) openIn(lines, name)
    },
    text(text) {
      if (inBody && skipped === 0 && pages < 2) lines.add(text)
    },
    close(name) {
      if (!inBody) return
      if (hidden.has(name)) skipped--
      if (skipped === 0 && pages < 2) closeIn(lines, name)
    },
  })
  lines.endLine()
  return lines.lines
}

const hidden = new Set(['tracked-changes', 'annotation', 'notes', 'forms', 'sequence-decls', 'header-decl', 'footer-decl'])

function openIn(lines: Lines, name: string): void {
  if (name === 'p' || name === 'h') lines.beginParagraph()
  else if (name === 'table-row') lines.beginRow()
  else if (name === 'tab') lines.add('\t')
  else if (name === 's') lines.add(' ')
  else if (name === 'line-break') lines.endLine()
}

function closeIn(lines: Lines, name: string): void {
  if (name === 'p' || name === 'h') lines.endParagraph()
  else if (name === 'table-row') lines.endRow()
  // What stands at the left, the centre and the right of a sheet's header.
  else if (name.startsWith('region-')) lines.endLine()
}
