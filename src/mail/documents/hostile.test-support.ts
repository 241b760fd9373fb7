// Documents that were made to do harm, as small files: bombs, loops, depths and lies. For tests. G05.
import { constants, deflateRawSync, deflateSync } from 'node:zlib'
import { build } from '#mail/documents/build.test-support.ts'
import { type Entry, zip } from '#mail/documents/build-archives.test-support.ts'

/** So many octets of zeros, deflated, in a file of a thousandth: the same piece again and again. */
export function deflatedZeros(octets: number): Buffer {
  const pieceOctets = 1_000_000
  const piece = deflateRawSync(Buffer.alloc(pieceOctets), { finishFlush: constants.Z_FULL_FLUSH })
  const pieces = Array.from({ length: Math.ceil(octets / pieceOctets) }, () => piece)
  return Buffer.concat([...pieces, deflateRawSync(Buffer.alloc(0))])
}

/** A zip whose one entry is already deflated. */
export function zipOfDeflated(name: string, deflated: Buffer): Buffer {
  const octets = zip([{ name, content: deflated }])
  octets.writeUInt16LE(8, 8)
  octets.writeUInt16LE(8, octets.indexOf('PK\x01\x02') + 10)
  return octets
}

/** An archive in an archive, so many of them. */
export function nestedZips(depth: number, inner: Entry): Buffer {
  let entry = inner
  for (let level = 1; level < depth; level++) entry = { name: `${level}.zip`, content: zip([entry]) }
  return zip([entry])
}

/** Two entries of the directory that are one and the same file. */
export function overlappingZip(): Buffer {
  const octets = zip(['a.txt', 'b.txt'].map((name) => ({ name, content: Buffer.from('SECRET\r\n') })))
  const second = octets.indexOf('PK\x01\x02', octets.indexOf('PK\x01\x02') + 4)
  octets.writeUInt32LE(0, second + 42)
  return octets
}

/** A Word document with a header of one's own. */
export function docxWithHeader(header: string): Buffer {
  const parts = { '[Content_Types].xml': '<Types/>', 'word/document.xml': '<w:document/>', 'word/header1.xml': header }
  return zip(Object.entries(parts).map(([name, text]) => ({ name, content: Buffer.from(text), deflate: true })))
}

/** A billion laughs, and a file of the machine's. */
export function entityBomb(): string {
  const laughs = Array.from({ length: 10 }, (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`)
  return `<?xml version="1.0"?><!DOCTYPE w [<!ENTITY l0 "ha"><!ENTITY f SYSTEM "file:///etc/passwd">${laughs.join('')}]><w:hdr><w:p><w:r><w:t>&l10;&f;</w:t></w:r></w:p><w:p><w:r><w:t>SECRET</w:t></w:r></w:p></w:hdr>`
}

/** Multiparts in multiparts. */
export function deepMessage(depth: number): Buffer {
  const opens = Array.from(
    { length: depth },
    (_, level) => `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n`,
  )
  return Buffer.from(`Subject: deep\r\n${opens.join('')}\r\nend\r\n`)
}

/** Very many parts of one message. */
export function wideMessage(parts: number): Buffer {
  const part = '--b\r\n\r\n\r\n'
  return Buffer.from(`Subject: wide\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${part.repeat(parts)}--b--\r\n`)
}

/** A PDF whose page's content goes on for so many octets, none of which shows anything. */
export function endlessPdf(octets: number): Buffer {
  const text = 'q Q '.repeat(250_000)
  const piece = deflateRawSync(text, { finishFlush: constants.Z_FULL_FLUSH })
  const pieces = Array.from({ length: Math.ceil(octets / text.length) }, () => piece)
  const zlibHead = deflateSync(Buffer.alloc(0)).subarray(0, 2)
  return pdfWithContent(Buffer.concat([zlibHead, ...pieces]))
}

/** A PDF with octets of one's own, deflated, as the content of its page. */
export function pdfWithContent(content: Buffer): Buffer {
  const whole = build({ kind: 'pdf', page: 'x' }).toString('latin1')
  const stream = /<< \/Length \d+ >>\nstream\n[\s\S]*?\nendstream/.exec(whole)![0]
  const own = `<< /Filter /FlateDecode /Length ${content.length} >>\nstream\n${content.toString('latin1')}\nendstream`
  // The table of offsets is wrong now; readers find the objects all the same.
  return Buffer.from(whole.split(stream).join(own), 'latin1')
}

/** A PDF whose tree of pages, and whose list of earlier tables, lead back to themselves. */
export function loopingPdf(): Buffer {
  const whole = build({ kind: 'pdf', page: 'x' }).toString('latin1')
  const at = /startxref\n(\d+)/.exec(whole)![1]!
  return Buffer.from(whole.replace('/Kids [5 0 R]', '/Kids [2 0 R]').replace('/Size', `/Prev ${at} /Size`), 'latin1')
}
