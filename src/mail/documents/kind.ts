// What kind of document octets are: by their leading octets first, by the name only where those say nothing. G05.
import { archiveKindOf, isClosedArchive, leadOctets } from '#mail/archive/archive.ts'
import type { DocumentKind } from '#mail/documents/place.ts'

const byExtension = new Map<string, DocumentKind>(
  (
    [
      ['text', 'txt text csv tsv md log'],
      ['html', 'html htm xhtml'],
      ['message', 'eml'],
    ] as const
  ).flatMap(([kind, extensions]) => extensions.split(' ').map((extension) => [extension, kind] as const)),
)
/** Declared types of attachments without an extension. */
const byType = new Map<string, DocumentKind>([
  ['text/plain', 'text'],
  ['text/csv', 'text'],
  ['text/html', 'html'],
  ['message/rfc822', 'message'],
  ['message/global', 'message'],
])
const compoundMagic = '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'

/** The kind of a document by its first 512 octets, `zip` for each that is one (Office's too); null for what no reader here knows. */
export function kindOf(name: string, type: string, leading: Buffer): DocumentKind | null {
  const archive = archiveKindOf(leading)
  if (archive !== null) return archive
  const start = leading.toString('latin1', 0, leadOctets)
  if (start.startsWith(compoundMagic)) return 'compound'
  if (isClosedArchive(leading)) return 'closed'
  // Readers take a PDF's first line anywhere near the beginning, and RTF behind blanks.
  if (start.includes('%PDF-')) return 'pdf'
  if (/^(?:\xef\xbb\xbf)?\s{0,20}\{\\rtf/.test(start)) return 'rtf'
  // Whatever it is called: such a part that stands encoded is a message to those who read it.
  if (byType.get(type) === 'message') return 'message'
  const extension = /\.([A-Za-z0-9]{1,8})\s{0,4}$/.exec(name.slice(-20))?.[1]?.toLowerCase() ?? ''
  return byExtension.get(extension) ?? byType.get(type) ?? null
}
