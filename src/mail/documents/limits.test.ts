// Each limit of this folder, at it and one past it. docs/limits.md, G05.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { build } from '#mail/documents/build.test-support.ts'
import { type Entry, zip } from '#mail/documents/build-archives.test-support.ts'
import { extract } from '#mail/documents/extract.ts'
import { docxWithHeader, pdfWithContent } from '#mail/documents/hostile.test-support.ts'
import * as limits from '#mail/documents/limits.ts'
import { scanXml } from '#mail/documents/xml.ts'

async function read(name: string, octets: Buffer) {
  const { places } = await extract({ path: [name], type: '', charset: null, octets })
  return places
}
const linesOf = async (name: string, octets: Buffer) => (await read(name, octets)).flatMap(({ lines }) => lines)
const office = (parts: Record<string, string>): Buffer =>
  zip(
    Object.entries({ '[Content_Types].xml': '<Types/>', ...parts }).map(
      ([name, text]): Entry => ({ name, content: Buffer.from(text), deflate: true }),
    ),
  )
const paragraph = (text: string) => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`
/** A comment that brings what stands behind it to an offset. */
const upTo = (octets: number, before: string) => `${before}<!--${'x'.repeat(octets - before.length - 7)}-->`

test('a part is read to 512 KiB, the end of page styles and of the first sheet for 256 KiB (partHeadOctets, partTailOctets)', async () => {
  const header = async (at: number) => linesOf('a.docx', docxWithHeader(`${upTo(at, '<w:hdr>')}${paragraph('found')}`))
  assert.deepEqual(await header(limits.partHeadOctets - paragraph('found').length), ['found'])
  assert.deepEqual(await header(limits.partHeadOctets), [])
  const sheet = (behind: number) => {
    const footer = '<headerFooter><oddFooter>found</oddFooter></headerFooter>'
    return office({
      'xl/worksheets/sheet1.xml': `${upTo(2_000_000, '<worksheet>')}${footer}${' '.repeat(behind - footer.length)}`,
    })
  }
  assert.deepEqual(await linesOf('a.xlsx', sheet(limits.partTailOctets)), ['found'])
  assert.deepEqual(await linesOf('a.xlsx', sheet(limits.partTailOctets + 30)), [])
})

test('of further sheets 16 KiB of the beginning and 64 KiB of the end are read (sheetHeadOctets, sheetTailOctets)', async () => {
  const footer = '<headerFooter><oddFooter>found</oddFooter></headerFooter>'
  const second = (text: string) => office({ 'xl/worksheets/sheet1.xml': '<worksheet/>', 'xl/worksheets/sheet2.xml': text })
  const before = (octets: number) => second(`${upTo(octets - footer.length, '<worksheet>')}${footer}${' '.repeat(200_000)}`)
  assert.deepEqual(await linesOf('a.xlsx', before(limits.sheetHeadOctets)), ['found'])
  assert.deepEqual(await linesOf('a.xlsx', before(limits.sheetHeadOctets + 60)), [])
  const behind = (octets: number) => second(`${upTo(200_000, '<worksheet>')}${footer}${' '.repeat(octets - footer.length)}`)
  assert.deepEqual(await linesOf('a.xlsx', behind(limits.sheetTailOctets)), ['found'])
  assert.deepEqual(await linesOf('a.xlsx', behind(limits.sheetTailOctets + 30)), [])
})

test('5,000 shared strings of a workbook are looked at (maxSharedStrings)', async () => {
  const cell = (index: number) =>
    office({
      'xl/sharedStrings.xml': `<sst>${'<si><t>a</t></si>'.repeat(limits.maxSharedStrings - 1)}<si><t>last</t></si><si><t>over</t></si></sst>`,
      'xl/worksheets/sheet1.xml': `<worksheet><row><c t="s"><v>${index}</v></c></row></worksheet>`,
    })
  assert.deepEqual(await linesOf('a.xlsx', cell(limits.maxSharedStrings - 1)), ['last'])
  assert.deepEqual(await linesOf('a.xlsx', cell(limits.maxSharedStrings)), [])
})

test('300 parts of a document and headers of an RTF file are read (maxPartsRead)', async () => {
  const headers = Array.from({ length: 400 }, (_, index) => [`word/header${index}.xml`, paragraph(`${index}`)] as const)
  // [Content_Types].xml is a part too.
  assert.equal((await linesOf('a.docx', office(Object.fromEntries(headers)))).length, limits.maxPartsRead - 1)
  const rtf = Buffer.from(`{\\rtf1${'{\\header x\\par}'.repeat(400)}}`)
  assert.equal((await linesOf('a.rtf', rtf)).length, limits.maxPartsRead)
})

test('256 KiB of an HTML page are read, also where it is a message’s text (htmlHeadOctets)', async () => {
  const page = (octets: number) => Buffer.from(`${upTo(octets - 3, '<p>')}end`)
  assert.deepEqual(await linesOf('a.html', page(limits.htmlHeadOctets)), ['end'])
  assert.deepEqual(await linesOf('a.html', page(limits.htmlHeadOctets + 3)), [])
  const message = (octets: number) => Buffer.concat([Buffer.from('Content-Type: text/html\r\n\r\n'), page(octets)])
  const texts = async (octets: number) => (await read('a.eml', message(octets))).flatMap((place) => place.texts ?? [])
  assert.deepEqual(await texts(limits.htmlHeadOctets), ['end'])
  assert.deepEqual(await texts(limits.htmlHeadOctets + 3), [''])
})

test('16 KiB of a text, 60 lines of a page and 201 characters of a line are kept (textHeadOctets, maxLines, maxLineCharacters)', async () => {
  const text = (before: number) => linesOf('a.txt', Buffer.from(`${' '.repeat(before - 1)}\nend`))
  assert.deepEqual(await text(limits.textHeadOctets - 3), ['end'])
  assert.deepEqual(await text(limits.textHeadOctets), [])
  assert.equal((await linesOf('a.txt', Buffer.from('x\n'.repeat(100)))).length, limits.maxLines)
  assert.equal((await linesOf('a.docx', docxWithHeader(paragraph('x').repeat(100)))).length, limits.maxLines)
  const [line] = await linesOf('a.docx', docxWithHeader(paragraph('x'.repeat(1000))))
  assert.equal(line?.length, limits.maxLineCharacters)
})

test('groups of RTF are followed to a depth of 1,000 (maxRtfDepth)', async () => {
  const nested = async (depth: number) => {
    const places = await read(
      'a.rtf',
      Buffer.from(`{\\rtf1${'{'.repeat(depth - 2)}{\\header found}after${'}'.repeat(depth - 1)}`),
    )
    return places.map(({ where, lines }) => `${where}: ${lines[0]}`)
  }
  assert.deepEqual(await nested(limits.maxRtfDepth), ['header: found', 'first page: after'])
  assert.deepEqual(await nested(limits.maxRtfDepth + 1), ['header: foundafter'])
})

test('500 characters of a property, 100 properties and 3,000 places are kept (maxPropertyCharacters, maxProperties, maxPlaces)', async () => {
  const [title] = await linesOf('a.odt', build({ kind: 'odt', title: 'x'.repeat(2000) }))
  assert.equal(title?.length, limits.maxPropertyCharacters)
  const keywords = Array.from({ length: 300 }, (_, index) => `k${index}`).join(',')
  assert.equal((await linesOf('a.odt', build({ kind: 'odt', keywords }))).length, limits.maxProperties)
  const edges = ['odd', 'even', 'first'].map((page) => `<${page}Header>x</${page}Header><${page}Footer>x</${page}Footer>`)
  const sheets = Array.from({ length: 250 }, (_, index) => [
    `xl/worksheets/sheet${index}.xml`,
    `<worksheet>${edges.join('')}</worksheet>`,
  ])
  const workbook = office(Object.fromEntries(sheets))
  const many = zip([1, 2, 3].map((name) => ({ name: `${name}.xlsx`, content: workbook })))
  assert.equal((await read('a.zip', many)).length, limits.maxPlaces)
})

test('400 characters of an entry’s name are kept, its end (maxNameCharacters)', async () => {
  const [place] = await read('a.zip', zip([{ name: `${'x'.repeat(1000)}end`, content: Buffer.alloc(0) }]))
  assert.equal(place?.path[1], `${'x'.repeat(limits.maxNameCharacters - 3)}end`)
})

test('60 attributes of an element are looked at (maxAttributes)', () => {
  const valueAt = (position: number) => {
    const found: (string | null)[] = []
    const others = Array.from({ length: position - 1 }, (_, index) => ` a${index}="1"`).join('')
    scanXml(`<e${others} wanted="yes"/>`, { open: (_, attribute) => void found.push(attribute('wanted')) })
    return found[0]
  }
  assert.equal(valueAt(limits.maxAttributes), 'yes')
  assert.equal(valueAt(limits.maxAttributes + 1), null)
})

test('4,000 pieces of a page and 256 KiB of XMP of a PDF are read (maxPageItems, maxXmpCharacters)', async () => {
  const show = (text: string, x: number, y: number) => `BT /F1 2 Tf 1 0 0 1 ${x} ${y} Tm (${text}) Tj ET\n`
  const footer = async (pieces: number) => {
    const page = Array.from({ length: pieces }, (_, index) => show('x', 30 + (index % 50) * 10, 800 - Math.floor(index / 50) * 7))
    const content = deflateSync(`${page.join('')}${show('found', 30, 40)}`)
    return (await read('a.pdf', pdfWithContent(content))).filter(({ lines }) => lines.includes('found')).length
  }
  assert.ok((await footer(limits.maxPageItems - 1)) > 0)
  assert.equal(await footer(limits.maxPageItems), 0)
  const title = (before: number) =>
    linesOf('a.pdf', build({ kind: 'pdf', xmp: true, custom: { filler: 'x'.repeat(before), Classification: 'found' } }))
  assert.deepEqual(await title(limits.maxXmpCharacters - 1000), ['found'])
  assert.deepEqual(await title(limits.maxXmpCharacters), [])
})
