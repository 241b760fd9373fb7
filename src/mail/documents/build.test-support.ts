// Builds small documents of every kind from a description, as programs write them: for the corpus of testdata/documents and for
// tests.
import { type Entry, gzip, tar, zip } from '#mail/documents/build-archives.test-support.ts'

/** What a document says, and where; a tab parts what stands side by side, a line end paragraphs. */
export interface Described {
  readonly kind: string
  readonly header?: string
  readonly footer?: string
  readonly page?: string
  readonly last?: string
  readonly watermark?: string
  readonly title?: string
  readonly subject?: string
  readonly keywords?: string
  readonly category?: string
  readonly status?: string
  readonly custom?: Readonly<Record<string, string>>
  /** For Office: the id of a sensitivity label in docMetadata/LabelInfo.xml, and whether it is in force. */
  readonly label?: { readonly id: string; readonly enabled?: string; readonly removed?: string }
  /** For PDF: the properties stand in XMP instead of the Info dictionary. */
  readonly xmp?: boolean
  readonly encrypted?: boolean
  /** For archives, by name; for a message, its attachments. */
  readonly entries?: Readonly<Record<string, Described>>
  /** For a message. */
  readonly fields?: readonly string[]
}

/** The octets of a described document. */
export function build(document: Described): Buffer {
  const builder = builders.get(document.kind)
  if (builder === undefined) throw new Error(`no such kind: ${document.kind}`)
  return builder(document)
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
const linesOf = (text: string | undefined) => (text === undefined ? [] : text.split('\n'))
const xml = (text: string) => Buffer.from(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n${text}`)
const part = (name: string, text: string): Entry => ({ name, content: xml(text) })

function office(document: Described, main: readonly Entry[]): Buffer {
  const { title, subject, keywords, category, status, custom, label } = document
  const element = (name: string, value: string | undefined) => (value === undefined ? '' : `<${name}>${escaped(value)}</${name}>`)
  const core = [
    element('dc:title', title),
    element('dc:subject', subject),
    element('cp:keywords', keywords),
    element('cp:category', category),
    element('cp:contentStatus', status),
    '<dc:creator>A Clerk</dc:creator>',
  ].join('')
  const own = Object.entries(custom ?? {}).map(
    ([name, value], index) =>
      `<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="${index + 2}" name="${escaped(name)}"><vt:lpwstr>${escaped(value)}</vt:lpwstr></property>`,
  )
  return zip([
    part('[Content_Types].xml', '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'),
    ...main,
    part('docProps/core.xml', `<cp:coreProperties xmlns:cp="c" xmlns:dc="d">${core}</cp:coreProperties>`),
    part('docProps/custom.xml', `<Properties xmlns:vt="v">${own.join('')}</Properties>`),
    ...(label === undefined ? [] : [part('docMetadata/LabelInfo.xml', labelInfo(label))]),
  ])
}

const labelInfo = ({ id, enabled = '1', removed = '0' }: NonNullable<Described['label']>) =>
  `<clbl:labelList xmlns:clbl="http://schemas.microsoft.com/office/2020/mipLabelMetadata"><clbl:label id="{${id}}" enabled="${enabled}" method="Privileged" siteId="{0aaf20b8-0000-4c5b-9b0d-3a1cd2d3a1b4}" contentBits="1" removed="${removed}"/></clbl:labelList>`

const wordRun = (text: string) =>
  text
    .split('\t')
    .map((piece) => `<w:r><w:t xml:space="preserve">${escaped(piece)}</w:t></w:r>`)
    .join('<w:r><w:tab/></w:r>')
const wordParagraphs = (text: string | undefined) =>
  linesOf(text)
    .map((line) =>
      line.startsWith('|')
        ? `<w:tbl><w:tr>${line
            .slice(1)
            .split('|')
            .map((cell) => `<w:tc><w:p>${wordRun(cell)}</w:p></w:tc>`)
            .join('')}</w:tr></w:tbl>`
        : `<w:p><w:pPr><w:tabs><w:tab w:val="center" w:pos="4513"/></w:tabs></w:pPr>${wordRun(line)}</w:p>`,
    )
    .join('')

function docx(document: Described): Buffer {
  const { header, footer, page, last, watermark } = document
  const shape =
    watermark === undefined
      ? ''
      : `<w:p><w:r><w:pict><v:shape id="PowerPlusWaterMarkObject1" type="#_x0000_t136"><v:textpath style="font-family:&quot;Calibri&quot;" string="${escaped(watermark)}"/></v:shape></w:pict></w:r></w:p>`
  const rest = last === undefined ? '' : `<w:p><w:r><w:br w:type="page"/></w:r></w:p>${wordParagraphs(last)}`
  return office(document, [
    part('word/document.xml', `<w:document><w:body>${wordParagraphs(page)}${rest}<w:sectPr/></w:body></w:document>`),
    ...(header === undefined && watermark === undefined
      ? []
      : [part('word/header1.xml', `<w:hdr>${shape}${wordParagraphs(header)}</w:hdr>`)]),
    ...(footer === undefined ? [] : [part('word/footer1.xml', `<w:ftr>${wordParagraphs(footer)}</w:ftr>`)]),
  ])
}

function xlsx(document: Described): Buffer {
  const strings = linesOf(document.page).flatMap((line) => line.split('\t'))
  let index = 0
  const rows = linesOf(document.page).map(
    (line) =>
      `<row>${line
        .split('\t')
        .map(() => `<c t="s"><v>${index++}</v></c>`)
        .join('')}</row>`,
  )
  const sections = (text: string) =>
    escaped(
      ['L', 'C', 'R'].map((side, at) => (text.split('\t')[at] ? `&${side}&"Arial,Bold"&10${text.split('\t')[at]}` : '')).join(''),
    )
  const edges = [
    document.header === undefined ? '' : `<oddHeader>${sections(document.header)}</oddHeader>`,
    document.footer === undefined ? '' : `<oddFooter>${sections(document.footer)}</oddFooter>`,
  ].join('')
  return office(document, [
    part('xl/workbook.xml', '<workbook/>'),
    part('xl/sharedStrings.xml', `<sst>${strings.map((text) => `<si><t>${escaped(text)}</t></si>`).join('')}</sst>`),
    part(
      'xl/worksheets/sheet1.xml',
      `<worksheet><sheetData>${rows.join('')}</sheetData><headerFooter>${edges}</headerFooter></worksheet>`,
    ),
  ])
}

function pptx(document: Described): Buffer {
  const paragraphs = (text: string) => linesOf(text).map((line) => `<a:p><a:r><a:t>${escaped(line)}</a:t></a:r></a:p>`)
  const shape = (text: string | undefined, place: string, y: number) =>
    text === undefined
      ? ''
      : `<p:sp><p:nvSpPr><p:nvPr>${place}</p:nvPr></p:nvSpPr><p:spPr><a:xfrm><a:off x="0" y="${y}"/></a:xfrm></p:spPr><p:txBody>${paragraphs(text).join('')}</p:txBody></p:sp>`
  const { header, footer, page } = document
  const shapes = `${shape(header, '', 100_000)}${shape(page, '<p:ph type="title"/>', 2_000_000)}${shape(footer, '<p:ph type="ftr"/>', 6_300_000)}`
  return office(document, [
    part('ppt/presentation.xml', '<p:presentation><p:sldSz cx="9144000" cy="6858000"/></p:presentation>'),
    part('ppt/slides/slide1.xml', `<p:sld><p:cSld><p:spTree>${shapes}</p:spTree></p:cSld></p:sld>`),
  ])
}

function openDocument(kind: string): (document: Described) => Buffer {
  return ({ header, footer, page, title, subject, keywords, custom, encrypted }) => {
    const paragraphs = (text: string | undefined) =>
      linesOf(text)
        .map((line) => `<text:p>${escaped(line).replaceAll('\t', '<text:tab/>')}</text:p>`)
        .join('')
    const edge = (name: string, text: string | undefined) =>
      text === undefined ? '' : `<style:${name}>${paragraphs(text)}</style:${name}>`
    const rows = linesOf(page).map(
      (line) => `<table:table-row><table:table-cell><text:p>${escaped(line)}</text:p></table:table-cell></table:table-row>`,
    )
    const body = {
      text: `<office:text>${paragraphs(page)}</office:text>`,
      spreadsheet: `<office:spreadsheet><table:table table:name="1">${rows.join('')}</table:table></office:spreadsheet>`,
      presentation: `<office:presentation><draw:page draw:name="1"><draw:frame><draw:text-box>${paragraphs(page)}</draw:text-box></draw:frame></draw:page></office:presentation>`,
    }[kind]
    const meta = [
      title === undefined ? '' : `<dc:title>${escaped(title)}</dc:title>`,
      subject === undefined ? '' : `<dc:subject>${escaped(subject)}</dc:subject>`,
      ...(keywords ?? '').split(',').map((word) => (word === '' ? '' : `<meta:keyword>${escaped(word.trim())}</meta:keyword>`)),
      ...Object.entries(custom ?? {}).map(
        ([name, value]) => `<meta:user-defined meta:name="${escaped(name)}">${escaped(value)}</meta:user-defined>`,
      ),
    ]
    const manifest = encrypted === true ? '<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>' : ''
    return zip([
      { name: 'mimetype', content: Buffer.from(`application/vnd.oasis.opendocument.${kind}`) },
      part(
        'content.xml',
        `<office:document-content><office:automatic-styles/><office:body>${body}</office:body></office:document-content>`,
      ),
      part(
        'styles.xml',
        `<office:document-styles><office:master-styles><style:master-page style:name="Standard">${edge('header', header)}${edge('footer', footer)}</style:master-page></office:master-styles></office:document-styles>`,
      ),
      part('meta.xml', `<office:document-meta><office:meta>${meta.join('')}</office:meta></office:document-meta>`),
      part('META-INF/manifest.xml', `<manifest:manifest>${manifest}</manifest:manifest>`),
    ])
  }
}

function rtf({ header, footer, page, last, title, subject, keywords, custom }: Described): Buffer {
  const text = (value: string) =>
    [...value]
      .map((char) =>
        char === '\t'
          ? '\\tab '
          : char === '\n'
            ? '\\par '
            : char > '~'
              ? `\\u${char.charCodeAt(0)}?`
              : char.replace(/[\\{}]/, '\\$&'),
      )
      .join('')
  const group = (name: string, value: string | undefined) => (value === undefined ? '' : `{\\${name} ${text(value)}}`)
  const own = Object.entries(custom ?? {}).map(
    ([name, value]) => `{\\propname ${text(name)}}\\proptype30{\\staticval ${text(value)}}`,
  )
  return Buffer.from(
    [
      '{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fswiss SECRET Sans;}}{\\stylesheet{\\s1 TOP SECRET;}}',
      `{\\info${group('title', title)}${group('subject', subject)}${group('keywords', keywords)}{\\author SECRET}}`,
      own.length === 0 ? '' : `{\\*\\userprops ${own.join('')}}`,
      header === undefined ? '' : `{\\header\\pard\\plain\\qc ${text(header)}\\par}`,
      footer === undefined ? '' : `{\\footer\\pard ${text(footer)}\\par}`,
      `\\pard\\plain ${text(page ?? '')}\\par`,
      last === undefined ? '' : `\\page ${text(last)}\\par`,
      '}',
    ].join('\r\n'),
  )
}

/** Lines of a page from the top and from the bottom, as operators of its content stream. */
function pageContent({ header, footer, page }: Pick<Described, 'header' | 'footer' | 'page'>): string {
  const show = (text: string, y: number) =>
    text
      .split('\t')
      .map((piece, index) => `BT /F1 11 Tf 1 0 0 1 ${72 + index * 200} ${y} Tm (${piece.replace(/[\\()]/g, '\\$&')}) Tj ET`)
      .join('\n')
  return [
    ...linesOf(header).map((line, index) => show(line, 810 - index * 14)),
    ...linesOf(page).map((line, index) => show(line, 720 - index * 16)),
    ...linesOf(footer).map((line, index) => show(line, 40 - index * 14)),
  ].join('\n')
}

function pdf(document: Described): Buffer {
  const { title, subject, keywords, custom, last, xmp, encrypted } = document
  const pages = [pageContent(document), ...(last === undefined ? [] : [pageContent({ ...document, page: last })])]
  const told = Object.entries({ Title: title, Subject: subject, Keywords: keywords, ...custom }).filter(
    ([, value]) => value !== undefined,
  )
  const objects: string[] = []
  const add = (text: string) => objects.push(text)
  const stream = (text: string, more = '') => `<< ${more}/Length ${Buffer.byteLength(text)} >>\nstream\n${text}\nendstream`
  const kids = pages.map((_, index) => `${5 + index * 2} 0 R`)
  add(`<< /Type /Catalog /Pages 2 0 R${xmp === true ? ' /Metadata 4 0 R' : ''} >>`)
  add(`<< /Type /Pages /Kids [${kids.join(' ')}] /Count ${pages.length} >>`)
  add('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>')
  const description = told.map(([name, value]) => `<pdfx:${name}>${escaped(value!)}</pdfx:${name}>`).join('')
  add(
    xmp === true
      ? stream(
          `<x:xmpmeta><rdf:RDF><rdf:Description>${description}</rdf:Description></rdf:RDF></x:xmpmeta>`,
          '/Type /Metadata /Subtype /XML ',
        )
      : 'null',
  )
  for (const [index, content] of pages.entries()) {
    add(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents ${6 + index * 2} 0 R >>`,
    )
    add(stream(content))
  }
  add(`<< ${xmp === true ? '' : told.map(([name, value]) => `/${name} (${value!.replace(/[\\()]/g, '\\$&')})`).join(' ')} >>`)
  const info = objects.length
  if (encrypted === true) add(`<< /Filter /Standard /V 1 /R 2 /P -44 /O <${'4f'.repeat(32)}> /U <${'55'.repeat(32)}> >>`)
  let text = '%PDF-1.5\n'
  const offsets = objects.map((object, index) => {
    const at = Buffer.byteLength(text)
    text += `${index + 1} 0 obj\n${object}\nendobj\n`
    return at
  })
  const table = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')
  const more = encrypted === true ? ` /Encrypt ${objects.length} 0 R /ID [<00> <00>]` : ''
  return Buffer.from(
    `${text}xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info ${info} 0 R${more} >>\nstartxref\n${Buffer.byteLength(text)}\n%%EOF\n`,
  )
}

function message({ fields, page, entries }: Described): Buffer {
  const boundary = 'next-part'
  const parts = Object.entries(entries ?? {}).map(
    ([name, inner]) =>
      `--${boundary}\r\nContent-Type: application/octet-stream; name="${name}"\r\nContent-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n${build(inner).toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n`,
  )
  const text = `--${boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${(page ?? '').replaceAll('\n', '\r\n')}\r\n`
  return Buffer.from(
    `${(fields ?? []).join('\r\n')}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=${boundary}\r\n\r\n${text}${parts.join('')}--${boundary}--\r\n`,
  )
}

/** The beginning of a compound file and the directory entry that an encrypted document has in it. */
function compound({ encrypted }: Described): Buffer {
  const octets = Buffer.alloc(2048)
  octets.write('d0cf11e0a1b11ae1', 'hex')
  octets.write(encrypted === true ? 'EncryptedPackage' : 'WordDocument', 1024, 'utf16le')
  return octets
}

const entriesOf = ({ entries, encrypted }: Described): Entry[] =>
  Object.entries(entries ?? {}).map(([name, inner]) => ({
    name,
    content: build(inner),
    ...(encrypted === true ? { encrypted } : {}),
  }))

const builders = new Map<string, (document: Described) => Buffer>([
  ['docx', docx],
  ['xlsx', xlsx],
  ['pptx', pptx],
  ['odt', openDocument('text')],
  ['ods', openDocument('spreadsheet')],
  ['odp', openDocument('presentation')],
  ['rtf', rtf],
  ['pdf', pdf],
  ['text', ({ page }) => Buffer.from(page ?? '')],
  ['html', ({ page }) => Buffer.from(`<!doctype html><html><head><title>SECRET</title></head><body>${page ?? ''}</body></html>`)],
  ['message', message],
  ['compound', compound],
  ['zip', (document) => zip(entriesOf(document))],
  ['tar', (document) => tar(entriesOf(document))],
  ['gzip', (document) => gzip(build(Object.values(document.entries ?? {})[0]!))],
])
