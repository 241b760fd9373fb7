// A tolerant scanner of XML for Office's and PDF's parts: names, attributes, text. It knows no DTD and expands no entity but the
// five of XML itself and numbers, so nothing can grow; its depth is nobody's memory. W3C XML 1.0 §4.6. G05.
import { maxAttributes } from '#mail/documents/limits.ts'

/** What the scanner tells; names are without their prefix. An empty element is opened and closed. */
export interface XmlListener {
  open?(name: string, attribute: (name: string) => string | null): void
  close?(name: string): void
  text?(text: string): void
}

const entities = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

/** Scans as far as the text goes, whether it is well formed or cut off; linear, and throws only what the listener throws. */
export function scanXml(xml: string, listener: XmlListener): void {
  for (let at = 0; at < xml.length; ) {
    const open = xml.indexOf('<', at)
    if (open !== at) listener.text?.(decodeEntities(xml.slice(at, open < 0 ? xml.length : open)))
    if (open < 0) return
    at = scanMarkup(xml, open, listener)
  }
}

/** XML octets as text: UTF-16 by its mark or its pattern, else UTF-8. */
export function xmlText(octets: Buffer): string {
  if (octets[0] === 0xff && octets[1] === 0xfe) return octets.toString('utf16le', 2)
  if (octets[0] === 0xfe && octets[1] === 0xff) return new TextDecoder('utf-16be').decode(octets)
  if (octets[0] === 0x3c && octets[1] === 0) return octets.toString('utf16le')
  return octets.toString('utf8', octets[0] === 0xef && octets[1] === 0xbb ? 3 : 0)
}

/** The five entities of XML and character numbers; any other stays as it is written. */
export function decodeEntities(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|([a-z]{2,4}));/g, (whole, hex, decimal, name) => {
    if (name !== undefined) return entities.get(name) ?? whole
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return code === 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? '\ufffd' : String.fromCodePoint(code)
  })
}

/** Reads what starts with `<`; returns the index after it. */
function scanMarkup(xml: string, open: number, listener: XmlListener): number {
  if (xml.startsWith('<!--', open)) return after(xml, '-->', open + 4)
  if (xml.startsWith('<![CDATA[', open)) {
    const end = xml.indexOf(']]>', open)
    listener.text?.(xml.slice(open + 9, end < 0 ? xml.length : end))
    return end < 0 ? xml.length : end + 3
  }
  if (xml.startsWith('<?', open)) return after(xml, '?>', open + 2)
  if (xml.startsWith('<!', open)) return afterDeclaration(xml, open)
  const end = tagEnd(xml, open)
  if (xml[open + 1] === '/') listener.close?.(localName(xml, open + 2, end))
  else {
    const name = localName(xml, open + 1, end)
    listener.open?.(name, (wanted) => attributeOf(xml, open, end, wanted))
    if (xml[end - 1] === '/') listener.close?.(name)
  }
  return end + 1
}

/** A document type declaration is skipped whole: its internal subset is where entities are defined. */
function afterDeclaration(xml: string, open: number): number {
  const end = tagEnd(xml, open)
  const bracket = xml.slice(open, end).indexOf('[')
  if (bracket < 0) return end + 1
  const close = xml.indexOf(']', open + bracket)
  return close < 0 ? xml.length : after(xml, '>', close)
}

/** The index of the `>` that ends a tag, quoted ones passed over; the text's length where there is none. */
function tagEnd(xml: string, open: number): number {
  for (let at = open + 1; at < xml.length; at++) {
    const code = xml.charCodeAt(at)
    if (code === 0x3e) return at
    if (code === 0x22 || code === 0x27) {
      at = xml.indexOf(xml[at]!, at + 1)
      if (at < 0) return xml.length
    }
  }
  return xml.length
}

function localName(xml: string, from: number, end: number): string {
  let at = from
  let start = from
  for (; at < end; at++) {
    const code = xml.charCodeAt(at)
    if (code <= 0x20 || code === 0x2f) break
    if (code === 0x3a) start = at + 1
  }
  return xml.slice(start, at)
}

function attributeOf(xml: string, open: number, end: number, wanted: string): string | null {
  const pattern = /\s(?:[^\s=:"'<>/]{1,100}:)?([^\s=:"'<>/]{1,100})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)')/g
  const tag = xml.slice(open, Math.min(end, open + 16_384))
  for (let count = 0; count < maxAttributes; count++) {
    const match = pattern.exec(tag)
    if (match === null) return null
    if (match[1] === wanted) return decodeEntities(match[2] ?? match[3] ?? '')
  }
  return null
}

function after(xml: string, ending: string, from: number): number {
  const at = xml.indexOf(ending, from)
  return at < 0 ? xml.length : at + ending.length
}
