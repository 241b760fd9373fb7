// Where in a document a marking may stand, and what stands there: what the readers of this folder return. G05.
import type { ArchiveKind } from '#mail/archive/archive.ts'

export type DocumentKind =
  | 'word'
  | 'spreadsheet'
  | 'presentation'
  | 'odf'
  | 'rtf'
  | 'pdf'
  | 'text'
  | 'html'
  | 'message'
  | ArchiveKind
  | 'compound'
  /** An archive of a kind that is not looked into. */
  | 'closed'

export type Where =
  | 'file name'
  | 'archive entry'
  | 'header'
  | 'footer'
  | 'first page'
  | 'properties'
  | 'label metadata'
  | 'nested message'

export interface Place {
  readonly where: Where
  /** File names from the outermost in: `['annex.zip', 'a/report.docx']`. */
  readonly path: readonly string[]
  /** In a header or footer, and between the cells of a row, a tab parts what stands side by side. */
  readonly lines: readonly string[]
  /** Of a list or a text without pages: only what it begins with can be its banner. */
  readonly isUnpaged?: boolean
  /** Which property or label it is. */
  readonly property?: string
  /** Of a nested message: its header's octets; `lines` is empty, and `texts` are its own texts in each alternative. */
  readonly header?: Buffer
  readonly texts?: readonly string[]
}

/** Why a document could not be looked through. */
export type Unread = 'encrypted' | 'too large' | 'too deep' | 'damaged' | 'closed'

export interface Extraction {
  /** Null where it is no document of a known kind. */
  readonly kind: DocumentKind | null
  readonly places: readonly Place[]
  readonly verdict: 'read' | 'not a document' | Unread
  /** What was not read, in it or in what it holds; its `verdict` is the first of these. */
  readonly unread: readonly { readonly path: readonly string[]; readonly why: Unread }[]
}

/** A limit or an obstacle that ends the reading of one document; what was found before stays. */
export class CannotRead extends Error {
  override name = 'CannotRead'
  readonly why: Unread
  constructor(why: Unread) {
    super(`the document is ${why}`)
    this.why = why
  }
}
