// Reads in a document what may bear a marking, wherever it is nested: archives, Office, OpenDocument, RTF, PDF, text, messages. G05.
import { archiveEntries, type ArchiveKind, leadOctets } from '#mail/archive/archive.ts'
import { type OctetReader, readerOf } from '#mail/archive/octet-reader.ts'
import { BadCommand } from '#base/faults.ts'
import { decodeTransfer } from '#mail/decode.ts'
import { type Budget, newBudget, passOver, readWhole, spend } from '#mail/documents/budget.ts'
import { isEncryptedDocument } from '#mail/documents/compound.ts'
import { kindOf } from '#mail/documents/kind.ts'
import { maxNameCharacters, maxPlaces } from '#mail/documents/limits.ts'
import { charsetOf, fileName, isEncodedMessage, messagePlaces, unnamedMessage } from '#mail/documents/message.ts'
import { openDocumentPlaces } from '#mail/documents/opendocument.ts'
import { Package } from '#mail/documents/package.ts'
import { CannotRead, type DocumentKind, type Extraction, type Place, type Unread } from '#mail/documents/place.ts'
import { presentationPlaces } from '#mail/documents/presentation.ts'
import { labelPlaces, propertiesIn, propertyPlaces } from '#mail/documents/properties.ts'
import { rtfPlaces } from '#mail/documents/rtf.ts'
import { spreadsheetPlaces } from '#mail/documents/spreadsheet.ts'
import { textPlaces } from '#mail/documents/text.ts'
import { wordPlaces } from '#mail/documents/word.ts'
import { maxArchiveDepth } from '#mail/limits.ts'

/** A file with the names of what it is in, its own last. */
export interface DocumentFile {
  readonly path: readonly string[]
  /** The declared media type in lower case, or empty. */
  readonly type: string
  readonly charset: string | null
  readonly octets: Buffer
}

interface State {
  readonly budget: Budget
  readonly places: Place[]
  readonly unread: { path: readonly string[]; why: Unread }[]
}

/** Everything that may bear a marking in a file and in what it holds; never throws. The octets of a PDF are gone afterwards. */
export async function extract(file: DocumentFile): Promise<Extraction> {
  const state: State = { budget: newBudget(), places: [], unread: [] }
  const kind = await readFile(file, 1, state)
  const verdict = state.unread[0]?.why ?? (kind === null ? 'not a document' : 'read')
  return { kind, places: state.places.slice(0, maxPlaces), verdict, unread: state.unread }
}

/** Reads one file and all that is in it; what cannot be read is noted, and what was found before stays. */
async function readFile(file: DocumentFile, depth: number, state: State): Promise<DocumentKind | null> {
  const kind = kindOf(file.path.at(-1) ?? '', file.type, file.octets.subarray(0, leadOctets))
  try {
    if (kind === 'zip' || kind === 'tar' || kind === 'gzip' || kind === 'zstd') return await readArchive(kind, file, depth, state)
    if (kind !== null) await readDocument(kind, file, depth, state)
  } catch (error) {
    const why = error instanceof CannotRead ? error.why : 'damaged'
    if (state.unread.length < maxPlaces) state.unread.push({ path: file.path, why })
  }
  return kind
}

async function readDocument(kind: DocumentKind, file: DocumentFile, depth: number, state: State): Promise<void> {
  const { octets, path, charset } = file
  switch (kind) {
    case 'rtf':
      note(state, rtfPlaces(octets, path))
      break
    case 'text':
    case 'html':
      note(state, textPlaces(octets, kind === 'html', path, charset))
      break
    case 'pdf': {
      // Loaded when it is needed: the PDF reader takes a tenth of a second and 25 MiB.
      const { pdfPlaces } = await import('#mail/documents/pdf.ts')
      note(state, await pdfPlaces(octets, path))
      break
    }
    case 'message':
      await readMessage(file, depth, state)
      break
    case 'compound':
      if (isEncryptedDocument(octets)) throw new CannotRead('encrypted')
      break
    case 'closed':
      throw new CannotRead('closed')
    default:
      break
  }
}

/** An archive's entries one by one, each read before the next; those of an Office document are its parts. */
async function readArchive(kind: ArchiveKind, file: DocumentFile, depth: number, state: State): Promise<DocumentKind> {
  if (depth > maxArchiveDepth) throw new CannotRead('too deep')
  const parts = new Package()
  try {
    for await (const { name, obstacle, octets } of archiveEntries(kind, readerOf(once(file.octets)))) {
      spend(state.budget, 'entries', 1)
      if (obstacle !== null) noteEntry(file, name, state, obstacle === 'encrypted' ? 'encrypted' : 'damaged')
      else if (kind === 'zip' && (await parts.take(name, octets, state.budget))) continue
      else if (parts.isPackage) await passOver(octets, state.budget)
      else await readEntry(name === '' ? expandedName(file.path.at(-1) ?? '') : name, file, octets, depth, state)
    }
  } catch (error) {
    // A limit or damage further on takes nothing from what was read before.
    if (!(error instanceof BadCommand || error instanceof CannotRead)) throw error
    state.unread.push({ path: file.path, why: error instanceof CannotRead ? error.why : 'damaged' })
  }
  const found = parts.kind
  try {
    readParts(parts, found, file.path, state)
  } finally {
    parts.letGo(state.budget)
  }
  return found ?? kind
}

function readParts(parts: Package, kind: DocumentKind | null, path: readonly string[], state: State): void {
  if (kind === 'odf') note(state, openDocumentPlaces(parts, path))
  if (kind === 'word') note(state, wordPlaces(parts, path))
  if (kind === 'spreadsheet') note(state, spreadsheetPlaces(parts, path))
  if (kind === 'presentation') note(state, presentationPlaces(parts, path))
  if (kind === null || kind === 'odf') return
  const properties = parts.named(/^docprops\//).flatMap((name) => propertiesIn(parts.head(name)))
  note(state, propertyPlaces(path, properties))
  note(state, labelPlaces(path, parts.head('docmetadata/labelinfo.xml')))
}

/** One entry: its name, and what it holds where that is a document. */
async function readEntry(name: string, archive: DocumentFile, octets: OctetReader, depth: number, state: State): Promise<void> {
  const path = [...archive.path, name.slice(-maxNameCharacters)]
  note(state, [{ where: 'archive entry', path, lines: name.slice(-maxNameCharacters).split(/[/\\]/) }])
  const lead = await octets.peek(leadOctets)
  const kind = kindOf(name, '', lead)
  if (kind === 'closed' && state.unread.length < maxPlaces) state.unread.push({ path, why: 'closed' })
  if (kind === null || kind === 'closed') return passOver(octets, state.budget)
  const whole = await readWhole(octets, state.budget)
  const { length } = whole
  await readFile({ path, type: '', charset: null, octets: whole }, depth + 1, state)
  state.budget.heldOctets += length
}

function noteEntry(archive: DocumentFile, name: string, state: State, why: Unread): void {
  const path = [...archive.path, name.slice(-maxNameCharacters)]
  note(state, [{ where: 'archive entry', path, lines: name.slice(-maxNameCharacters).split(/[/\\]/) }])
  if (state.unread.length < maxPlaces) state.unread.push({ path, why })
}

async function readMessage(file: DocumentFile, depth: number, state: State): Promise<void> {
  if (depth > maxArchiveDepth) throw new CannotRead('too deep')
  const { places, attached, obstacle } = messagePlaces(file.octets, file.path)
  note(state, places)
  for (const { part, path } of attached) {
    const isEncoded = isEncodedMessage(part)
    if (part.parts.length > 0 && !isEncoded) continue
    const name = fileName(part) ?? ''
    spend(state.budget, 'entries', 1)
    const octets = decodeTransfer(file.octets.subarray(part.bodyStart, part.bodyEnd), part.encoding)
    const own = [...file.path, ...path, name === '' && isEncoded ? unnamedMessage : name]
    if (name !== '') note(state, [{ where: 'file name', path: own, lines: [name] }])
    const { length } = octets
    spend(state.budget, 'heldOctets', length)
    await readFile({ path: own, type: `${part.type}/${part.subtype}`, charset: charsetOf(part), octets }, depth + 1, state)
    state.budget.heldOctets += length
  }
  if (obstacle !== null) throw new CannotRead(obstacle)
}

function note(state: State, places: readonly Place[]): void {
  for (const place of places) {
    const isEmpty = place.lines.length === 0 && place.header === undefined
    if (!isEmpty && state.places.length < maxPlaces) state.places.push(place)
  }
}

/** What a compressed file is called when it is expanded. */
function expandedName(name: string): string {
  return name.replace(/\.tgz$/i, '.tar').replace(/\.(?:gz|zst)$/i, '')
}

async function* once(octets: Buffer): AsyncGenerator<Buffer> {
  yield octets
}
