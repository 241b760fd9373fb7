// The headers, footers and first page of a Word document. ECMA-376-1 §17. G05.
import { Lines } from '#mail/documents/lines.ts'
import type { Package } from '#mail/documents/package.ts'
import type { Place } from '#mail/documents/place.ts'
import { scanXml } from '#mail/documents/xml.ts'

/** The places of a Word document, its properties apart. */
export function wordPlaces(parts: Package, path: readonly string[]): Place[] {
  const places: Place[] = []
  for (const name of parts.named(/^word\/(?:header|footer)/)) {
    const where = name.startsWith('word/header') ? 'header' : 'footer'
    places.push({ where, path, lines: wordLines(parts.head(name), false) })
  }
  for (const name of parts.named(/^word\/document/)) {
    places.push({ where: 'first page', path, lines: wordLines(parts.head(name), true) })
  }
  return places
}

/** The lines of a part: what is shown, without deleted text and field codes; `firstPage` ends at the first page break. */
export function wordLines(xml: string, firstPage: boolean): string[] {
  const lines = new Lines()
  let inText = 0
  let hidden = 0
  let ended = false
  scanXml(xml, {
    open(name, attribute) {
      // A program that knows the new form of a drawing does not show the old one.
      if (name === 'Fallback') hidden++
      if (ended || hidden > 0) return
      if (name === 't') inText++
      else if (name === 'p') lines.beginParagraph()
      else if (name === 'tr') lines.beginRow()
      else if (name === 'tab' || name === 'ptab') lines.add('\t')
      else if (name === 'cr') lines.endLine()
      else if (name === 'noBreakHyphen') lines.add('-')
      else if (name === 'textpath') addWatermark(lines, attribute('string'))
      else if (name === 'br') {
        if (firstPage && attribute('type') === 'page') ended = lines.lines.length > 0
        lines.endLine()
      } else if (name === 'lastRenderedPageBreak') ended = firstPage && lines.lines.length > 0
    },
    text(text) {
      if (inText > 0 && hidden === 0 && !ended) lines.add(text)
    },
    close(name) {
      if (name === 'Fallback') hidden--
      if (ended || hidden > 0) return
      if (name === 't') inText = Math.max(0, inText - 1)
      else if (name === 'p') lines.endParagraph()
      else if (name === 'tr') lines.endRow()
    },
  })
  lines.endLine()
  return lines.lines
}

/** A watermark stands in a header as the text of a shape. */
function addWatermark(lines: Lines, text: string | null): void {
  if (text === null) return
  lines.beginParagraph()
  lines.add(text)
  lines.endParagraph()
}
