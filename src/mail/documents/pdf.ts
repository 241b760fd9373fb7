// What stands at the top and the bottom of a PDF's first and last page, on its first page, and in its properties. ISO 32000-2,
// XMP. G05.
import { getDocument, type PDFDocumentProxy } from 'unpdf/pdfjs'
import { maxLineCharacters, maxLines, maxPageItems, maxPropertyCharacters, maxXmpCharacters } from '#mail/documents/limits.ts'
import { CannotRead, type Place, type Where } from '#mail/documents/place.ts'
import { propertiesIn, type Property, propertyPlaces } from '#mail/documents/properties.ts'

/** How much of a page's height is its top, and its bottom. */
const edge = 0.12
/** What stands further apart than so many letters' heights on one line stands side by side. */
const gapInHeights = 2

interface Piece {
  readonly text: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** The places of a PDF, which this takes over (its octets are gone afterwards); throws CannotRead. */
export async function pdfPlaces(octets: Buffer, path: readonly string[]): Promise<Place[]> {
  const task = getDocument({
    data: new Uint8Array(octets.buffer, octets.byteOffset, octets.length),
    // Warnings would quote the document.
    verbosity: 0,
    useSystemFonts: false,
    disableFontFace: true,
    isOffscreenCanvasSupported: false,
  })
  try {
    return await placesOf(await task.promise, path)
  } catch (error) {
    if (error instanceof CannotRead) throw error
    throw new CannotRead(error instanceof Error && error.name === 'PasswordException' ? 'encrypted' : 'damaged')
  } finally {
    await task.destroy()
  }
}

async function placesOf(document: PDFDocumentProxy, path: readonly string[]): Promise<Place[]> {
  const places: Place[] = propertyPlaces(path, await propertiesOf(document))
  for (const number of new Set([1, document.numPages])) {
    const page = await document.getPage(number)
    const [, bottom, , top] = page.view as [number, number, number, number]
    const lines = linesOf(await piecesOf(page.streamTextContent()), bottom, top)
    for (const where of ['header', 'footer', 'first page'] as const) {
      const found = lines.filter((line) => line.where === where).map((line) => line.text)
      if (found.length > 0 && (number === 1 || where !== 'first page'))
        places.push({ where, path, lines: found.slice(0, maxLines) })
    }
  }
  return places
}

async function propertiesOf(document: PDFDocumentProxy): Promise<Property[]> {
  const { info, metadata } = await document.getMetadata()
  const found: Property[] = []
  for (const [name, value] of Object.entries(info as Record<string, unknown>)) {
    if (typeof value === 'string') found.push([name, value])
    // What the file adds of its own to the Info dictionary stands here.
    else if (name === 'Custom' && typeof value === 'object' && value !== null) {
      for (const [own, text] of Object.entries(value)) if (typeof text === 'string') found.push([own, text])
    }
  }
  const xmp = metadata?.getRaw()
  if (typeof xmp === 'string') found.push(...propertiesIn(xmp.slice(0, maxXmpCharacters)))
  return found.map(([name, value]) => [name, value.slice(0, maxPropertyCharacters)])
}

/** The pieces of a page, of very many the first ones; the rest is let go by, since the reader does not survive being stopped. */
async function piecesOf(stream: ReadableStream): Promise<Piece[]> {
  const pieces: Piece[] = []
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return pieces
    for (const item of value.items) {
      if (typeof item.str !== 'string' || item.str.trim() === '' || pieces.length === maxPageItems) continue
      const [, , c, d, x, y] = item.transform
      pieces.push({ text: item.str.slice(0, maxLineCharacters), x, y, width: item.width, height: Math.hypot(c, d) || 1 })
    }
  }
}

/** Pieces of one height are a line, from left to right; where they stand apart, a tab parts them. */
function linesOf(pieces: readonly Piece[], bottom: number, top: number): { where: Where; text: string }[] {
  const inOrder = [...pieces].sort((one, other) => other.y - one.y || one.x - other.x)
  const rows: Piece[][] = []
  for (const piece of inOrder) {
    const row = rows.at(-1)
    if (row !== undefined && row[0]!.y - piece.y < piece.height / 2) row.push(piece)
    else rows.push([piece])
  }
  return rows.map((row) => ({ where: whereAt((row[0]!.y - bottom) / (top - bottom || 1)), text: textOf(row) }))
}

function whereAt(share: number): Where {
  if (share > 1 - edge) return 'header'
  return share < edge ? 'footer' : 'first page'
}

/** What looks like a page number, a date or a version beside a marking; in two cells of a form there is none. */
const isNumbered = /\d/

function textOf(row: readonly Piece[]): string {
  const pieces = piecesIn(row)
  const areApart = pieces.length > 2 || pieces.some((piece) => isNumbered.test(piece))
  return pieces.join(areApart ? '\t' : ' ').slice(0, maxLineCharacters)
}

/** What stands side by side in a row. */
function piecesIn(row: readonly Piece[]): string[] {
  let text = ''
  let end = Number.NEGATIVE_INFINITY
  for (const piece of [...row].sort((one, other) => one.x - other.x)) {
    const gap = piece.x - end
    if (text !== '') text += gap > gapInHeights * piece.height ? '\t' : gap > piece.height / 8 ? ' ' : ''
    text += piece.text
    end = piece.x + piece.width
    if (text.length >= maxLineCharacters) break
  }
  return text
    .split('\t')
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '')
}
