// The first slide of a presentation, and what stands at the top and the bottom of slides and their masters. ECMA-376-1 §19. G05.
import { Lines } from '#mail/documents/lines.ts'
import type { Package } from '#mail/documents/package.ts'
import type { Place, Where } from '#mail/documents/place.ts'
import { scanXml } from '#mail/documents/xml.ts'

/** How much of a slide's height is its top, and its bottom: where a marking stands on every slide. */
const edge = 0.15
const usualHeight = 6_858_000

interface Shape {
  readonly where: Where
  readonly lines: readonly string[]
}

/** The places of a presentation, its properties apart. */
export function presentationPlaces(parts: Package, path: readonly string[]): Place[] {
  const height = slideHeight(parts.head('ppt/presentation.xml'))
  const places: Place[] = []
  const slides = parts.named(/^ppt\/slides\//)
  const masters = parts.named(/^ppt\/[a-z]+(?:masters|layouts)\//)
  for (const name of [...slides, ...masters]) {
    for (const { where, lines } of shapesIn(parts.head(name), height)) {
      if (lines.length > 0 && (where !== 'first page' || name === slides[0])) places.push({ where, path, lines })
    }
  }
  return places
}

function slideHeight(xml: string): number {
  let height = usualHeight
  scanXml(xml, {
    open(name, attribute) {
      if (name === 'sldSz') height = Number(attribute('cy') ?? usualHeight)
    },
  })
  return height > 0 ? height : usualHeight
}

function shapesIn(xml: string, height: number): Shape[] {
  const shapes: Shape[] = []
  let lines = new Lines()
  let where: Where = 'first page'
  let inText = false
  let depth = 0
  scanXml(xml, {
    open(name, attribute) {
      if (name === 'sp' && depth++ === 0) {
        lines = new Lines()
        where = 'first page'
      }
      if (name === 'ph') where = wherePlaceholder(attribute('type')) ?? where
      else if (name === 'off' && where === 'first page') where = whereAt(Number(attribute('y') ?? Number.NaN) / height)
      else if (name === 'p') lines.beginParagraph()
      else if (name === 'br') lines.endLine()
      else if (name === 'tr') lines.beginRow()
      inText = name === 't'
    },
    text(text) {
      if (inText) lines.add(text)
    },
    close(name) {
      inText = false
      if (name === 'p') lines.endParagraph()
      else if (name === 'tr') lines.endRow()
      else if (name === 'sp' && --depth === 0) shapes.push({ where, lines: lines.lines })
    },
  })
  return shapes
}

function wherePlaceholder(type: string | null): Where | null {
  if (type === 'ftr') return 'footer'
  return type === 'hdr' ? 'header' : null
}

/** A shape of one line at the top may be a title: a title is a line of the page, and a marking there reads as one. */
function whereAt(share: number): Where {
  if (share < edge) return 'header'
  return share > 1 - edge ? 'footer' : 'first page'
}
