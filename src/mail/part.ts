// One part of a message: what its header says of it (RFC 2045, 2183, 3282, 2557, 1864) and where its octets are.
import { isUtf8 } from 'node:buffer'
import { entriesIn, type ImapEnvelope, imapEnvelopeOf } from '#mail/envelope.ts'
import { type Field, fieldText, type Header } from '#mail/header.ts'
import { maxDelimiterOctets, maxLanguages } from '#mail/limits.ts'
import { type Parameter, parseParameterised, withoutComments } from '#mail/parameters.ts'
import { decodeParameters } from '#mail/words.ts'

export interface Part {
  /**
   * Lower case, as is `subtype`. What cannot be read as a type is text/plain (RFC 2045 §5.2), and so is a multipart without any
   * delimiter; what a limit keeps the scan from entering is application/octet-stream. So a multipart has parts, and a
   * message/rfc822 has exactly one.
   */
  type: string
  subtype: string
  /** Names in lower case, values as written, in their order; decodeParameters reads RFC 2231. */
  parameters: Parameter[]
  id: string | null
  description: string | null
  /** The token in upper case, 7BIT where there is none. */
  encoding: string
  disposition: { type: string; parameters: Parameter[] } | null
  language: string[]
  location: string | null
  md5: string | null
  /**
   * Octet offsets in the whole message: [headerStart, bodyStart) is the header with its blank line, [bodyStart, bodyEnd) the
   * body.
   */
  headerStart: number
  bodyStart: number
  bodyEnd: number
  /** Line ends in the body; the one before a delimiter belongs to the delimiter (RFC 2046 §5.1.1). */
  lines: number
  /** A multipart's parts; for message/rfc822 and message/global (RFC 6532) the nested message. */
  parts: Part[]
  /** Of the nested message, on message/rfc822 and message/global only. */
  envelope: ImapEnvelope | null
}

/** A part whose header has not been read yet. */
export function newPart(headerStart: number): Part {
  return {
    type: 'text',
    subtype: 'plain',
    parameters: [],
    id: null,
    description: null,
    encoding: '7BIT',
    disposition: null,
    language: [],
    location: null,
    md5: null,
    headerStart,
    bodyStart: headerStart,
    bodyEnd: headerStart,
    lines: 0,
    parts: [],
    envelope: null,
  }
}

/**
 * Fills in what the header says; `inDigest` makes message/rfc822 the default (RFC 2046 §5.1.5). Returns false where a limit cut
 * a list.
 */
export function describePart(part: Part, header: Header, inDigest: boolean): boolean {
  if (inDigest) setType(part, 'message', 'rfc822')
  let whole = true
  const seen = new Set<string>()
  for (const field of header.fields) {
    // The first field of a name counts, as in the readers that people use.
    if (!field.key.startsWith('content-') || seen.has(field.key)) continue
    seen.add(field.key)
    whole = describeBy(part, field) && whole
  }
  return whole
}

/**
 * What stands after `--` in the delimiters of a multipart, its octets read as Latin-1, or null where it has no usable boundary.
 */
export function boundaryOf(part: Part, header: Header): string | null {
  if (part.type !== 'multipart') return null
  const boundary = decodeParameters(part.parameters)
    .find(([name]) => name === 'boundary')?.[1]
    .trimEnd()
  const field = header.fields.find((candidate) => candidate.key === 'content-type')
  if (boundary === undefined || boundary === '' || field === undefined) return null
  const octets = Buffer.from(boundary, isUtf8(field.body) ? 'utf8' : 'latin1')
  return octets.length + 4 <= maxDelimiterOctets ? octets.toString('latin1') : null
}

/** Whether the part holds a nested message. */
export function isMessage(part: Part): boolean {
  return part.type === 'message' && (part.subtype === 'rfc822' || part.subtype === 'global')
}

/** Makes a part that is not entered an opaque one, so that no reader expects parts in it. */
export function makeOpaque(part: Part): void {
  setType(part, 'application', 'octet-stream')
}

/** What RFC 2045 §5.2 recommends for a body whose type says nothing that can be used. */
export function makePlain(part: Part): void {
  setType(part, 'text', 'plain')
}

/** Gives the holder of a nested message its envelope; returns how many entries its lists have. */
export function addEnvelope(holder: Part, header: Header): number {
  holder.envelope = imapEnvelopeOf(header)
  return entriesIn(holder.envelope)
}

function setType(part: Part, type: string, subtype: string): void {
  part.type = type
  part.subtype = subtype
  part.parameters = []
}

function describeBy(part: Part, field: Field): boolean {
  const text = fieldText(field).trim()
  switch (field.key) {
    case 'content-type':
      return readType(part, text)
    case 'content-disposition':
      return readDisposition(part, text)
    case 'content-language':
      return readLanguage(part, text)
    case 'content-transfer-encoding':
      part.encoding = withoutComments(text).trim().toUpperCase() || '7BIT'
      break
    case 'content-id':
      part.id = text
      break
    case 'content-description':
      part.description = text
      break
    case 'content-location':
      part.location = text
      break
    case 'content-md5':
      part.md5 = text
  }
  return true
}

function readType(part: Part, text: string): boolean {
  const { value, parameters, whole } = parseParameterised(text)
  const match = /^([\w!#$%&'*+.^`{|}~-]+)\/([\w!#$%&'*+.^`{|}~-]+)$/.exec(value)
  if (match === null) makePlain(part)
  else {
    setType(part, match[1]!, match[2]!)
    part.parameters = parameters
  }
  return whole
}

function readDisposition(part: Part, text: string): boolean {
  const { value, parameters, whole } = parseParameterised(text)
  if (value !== '') part.disposition = { type: value, parameters }
  return whole
}

function readLanguage(part: Part, text: string): boolean {
  const tags = withoutComments(text).split(',', maxLanguages + 1)
  part.language = tags
    .slice(0, maxLanguages)
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
  return tags.length <= maxLanguages
}
