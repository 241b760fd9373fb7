// The first lines of a text file or HTML page that is attached. G05.
import { decodeText } from '#mail/decode.ts'
import { htmlHeadOctets, maxLines, maxLineCharacters, textHeadOctets } from '#mail/documents/limits.ts'
import type { Place } from '#mail/documents/place.ts'
import { textOfHtml } from '#mail/html.ts'

/** The first lines of a text file, by its mark, its charset or as UTF-8, and of an HTML page what is seen of it. */
export function textPlaces(octets: Buffer, isHtml: boolean, path: readonly string[], charset: string | null = null): Place[] {
  const head = octets.subarray(0, isHtml ? htmlHeadOctets : textHeadOctets)
  const marked = markedCharset(head)
  const text = decodeText(head, marked ?? charset).replace(/^\ufeff/, '')
  const lines = (isHtml ? textOfHtml(text) : text)
    .split(/\r\n|[\r\n\f]/, maxLines)
    .map((line) => line.trim().slice(0, maxLineCharacters))
    .filter((line) => line !== '')
  return [{ where: 'first page', path, lines, isUnpaged: true }]
}

function markedCharset(octets: Buffer): string | null {
  if (octets[0] === 0xff && octets[1] === 0xfe) return 'utf-16le'
  if (octets[0] === 0xfe && octets[1] === 0xff) return 'utf-16be'
  return octets[0] === 0xef && octets[1] === 0xbb ? 'utf-8' : null
}
