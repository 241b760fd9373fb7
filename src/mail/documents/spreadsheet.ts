// The headers and footers of a workbook's sheets, and the first rows of its first sheet. ECMA-376-1 §18.3.1.46 and §18.4. G05.
import { Lines } from '#mail/documents/lines.ts'
import { maxLineCharacters, maxLines, maxSharedStrings } from '#mail/documents/limits.ts'
import type { Package } from '#mail/documents/package.ts'
import type { Place } from '#mail/documents/place.ts'
import { scanXml } from '#mail/documents/xml.ts'

/** The places of a workbook, its properties apart. */
export function spreadsheetPlaces(parts: Package, path: readonly string[]): Place[] {
  const places: Place[] = []
  const sheets = parts.named(/^xl\/(?:worksheets|chartsheets)\//)
  for (const name of sheets) {
    // Headers and footers stand behind all cells.
    places.push(...parts.ends(name).flatMap((xml) => pageSettings(xml, path)))
    if (name === sheets[0]) {
      const strings = sharedStrings(parts.head('xl/sharedstrings.xml'))
      places.push({ where: 'first page', path, lines: firstRows(parts.head(name), strings), isUnpaged: true })
    }
  }
  return places
}

function pageSettings(xml: string, path: readonly string[]): Place[] {
  const found: Place[] = []
  let where: 'header' | 'footer' | null = null
  scanXml(xml, {
    open(name) {
      where = /^(?:odd|even|first)(Header|Footer)$/.exec(name)?.[1]?.toLowerCase() === 'header' ? 'header' : where
      if (/^(?:odd|even|first)Footer$/.test(name)) where = 'footer'
    },
    text(text) {
      if (where !== null) found.push({ where, path, lines: sections(text) })
    },
    close() {
      where = null
    },
  })
  return found
}

/** `&L…&C…&R…` are what stands left, centre and right; other codes set fonts, sizes, colours, page numbers and dates. */
function sections(text: string): string[] {
  return text
    .slice(0, 2000)
    .split(/&[LCR]/)
    .flatMap((section) =>
      section
        .replace(/&(?:"[^"]*"|\d{1,3}|K(?:[0-9A-Fa-f]{6}|\d\d[+-]\d{3})|[A-JM-QS-Za-z])/g, '')
        .replace(/&&/g, '&')
        .split(/\r?\n/),
    )
    .map((line) => line.trim().slice(0, maxLineCharacters))
    .filter((line) => line !== '')
}

function sharedStrings(xml: string): string[] {
  const strings: string[] = []
  let current = ''
  let inText = false
  let inReading = false
  scanXml(xml, {
    open(name) {
      if (name === 'si') current = ''
      if (name === 'rPh') inReading = true
      inText = name === 't'
    },
    text(text) {
      if (inText && !inReading && current.length < maxLineCharacters) current += text.slice(0, maxLineCharacters)
    },
    close(name) {
      inText = false
      if (name === 'rPh') inReading = false
      if (name === 'si' && strings.length < maxSharedStrings) strings.push(current)
    },
  })
  return strings
}

/** Each row is a line, a tab between its cells. */
function firstRows(xml: string, strings: readonly string[]): string[] {
  const lines = new Lines()
  let type: string | null = null
  let value = ''
  let inValue = false
  let rows = 0
  scanXml(xml, {
    open(name, attribute) {
      if (rows > maxLines) return
      if (name === 'c') {
        type = attribute('t')
        value = ''
      }
      inValue = name === 'v' || name === 't'
    },
    text(text) {
      if (inValue && rows <= maxLines && value.length < maxLineCharacters) value += text.slice(0, maxLineCharacters)
    },
    close(name) {
      inValue = false
      if (rows > maxLines) return
      if (name === 'c') lines.add(`\t${type === 's' ? (strings[Number(value)] ?? '') : value}`)
      if (name === 'row') {
        lines.endLine()
        rows++
      }
    },
  })
  return lines.lines
}
