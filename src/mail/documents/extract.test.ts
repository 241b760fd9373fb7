// What is read in documents, and what hostile ones come to. G05.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { build, type Described } from '#mail/documents/build.test-support.ts'
import { gzip, tar, zip } from '#mail/documents/build-archives.test-support.ts'
import { extract } from '#mail/documents/extract.ts'
import * as hostile from '#mail/documents/hostile.test-support.ts'
import type { Extraction, Place } from '#mail/documents/place.ts'
import { scanXml } from '#mail/documents/xml.ts'

const read = (name: string, octets: Buffer, type = ''): Promise<Extraction> =>
  extract({ path: [name], type, charset: null, octets: Buffer.from(octets) })

/** `header: SECRET | Page 1` for each line of each place. */
const shown = (places: readonly Place[]) =>
  places.flatMap(({ where, property, lines }) => lines.map((line) => `${property ?? where}: ${line.replaceAll('\t', ' | ')}`))

const everything: Omit<Described, 'kind'> = {
  header: 'left\tcentre',
  footer: 'below',
  page: 'First line\nSecond & <last> line',
  title: 'A title',
  subject: 'A subject',
  keywords: 'one, two',
}
const usual = ['header: left | centre', 'footer: below', 'first page: First line', 'first page: Second & <last> line']
const told = ['title: A title', 'subject: A subject', 'keywords: one, two']

test('headers, footers, first page and properties of Office documents are read (G05)', async () => {
  const word = await read('a.docx', build({ kind: 'docx', ...everything, category: 'Orders', status: 'Final', last: 'Page two' }))
  assert.equal(word.kind, 'word')
  assert.deepEqual(shown(word.places), [...usual, ...told, 'category: Orders', 'status: Final'])
  const excel = await read('a.xlsx', build({ kind: 'xlsx', ...everything }))
  assert.deepEqual(shown(excel.places), ['header: left', 'header: centre', ...usual.slice(1), ...told])
  const slides = await read('a.pptx', build({ kind: 'pptx', ...everything, header: 'above' }))
  assert.deepEqual(shown(slides.places), ['header: above', ...usual.slice(2), 'footer: below', ...told])
  for (const { verdict, unread } of [word, excel, slides]) assert.deepEqual({ verdict, unread }, { verdict: 'read', unread: [] })
})

test('headers, footers, first page and properties of OpenDocument files are read (G05)', async () => {
  const keywords = ['keywords: one', 'keywords: two']
  for (const kind of ['odt', 'ods', 'odp']) {
    const { kind: found, places } = await read(`a.${kind}`, build({ kind, ...everything }))
    assert.equal(found, 'odf')
    assert.deepEqual(shown(places), [...usual, 'title: A title', 'subject: A subject', ...keywords])
  }
})

test('headers, footers, first page and properties of RTF are read, fonts, styles and authors are not (G05)', async () => {
  const { places } = await read('a.rtf', build({ kind: 'rtf', ...everything, page: 'Żółw “quoted”\nend', last: 'next page' }))
  assert.deepEqual(shown(places), [
    'header: left | centre',
    'footer: below',
    'first page: Żółw “quoted”',
    'first page: end',
    ...told,
  ])
})

test('top, bottom and first page of a PDF are read, the last page’s edges too, and its properties in Info and XMP (G05)', async () => {
  const { places } = await read(
    'a.pdf',
    build({ kind: 'pdf', ...everything, header: 'Page 1\tcentre', last: 'Middle of the last page' }),
  )
  const edges = ['header: Page 1 | centre', 'footer: below']
  assert.deepEqual(shown(places), [...told, ...edges, ...usual.slice(2), ...edges])
  const form = await read('form.pdf', build({ kind: 'pdf', header: 'Surname\tSmith' }))
  assert.deepEqual(shown(form.places), ['header: Surname Smith'])
  const inXmp = await read('b.pdf', build({ kind: 'pdf', xmp: true, custom: { MSIP_Label_1_Name: 'Secret' } }))
  assert.deepEqual(shown(inXmp.places), ['MSIP_Label_1: Secret'])
})

test('labels of Microsoft’s that stand by their ids alone are read, those in force (G05)', async () => {
  const id = '2096F6A2-D2F7-48BE-B329-B73AAA526E5D'
  for (const kind of ['docx', 'xlsx', 'pptx'])
    assert.deepEqual(shown((await read(`a.${kind}`, build({ kind, label: { id } }))).places), [`MSIP_Label_${id}: `], kind)
  for (const label of [
    { id, enabled: '0' },
    { id, enabled: 'false' },
    { id, removed: '1' },
    { id: `${id}<x/>` },
    { id: 'x'.repeat(50_000) },
  ])
    assert.deepEqual((await read('a.docx', build({ kind: 'docx', label }))).places, [], JSON.stringify(label).slice(0, 80))
  const inProperties = build({ kind: 'docx', custom: { [`MSIP_Label_${id}_Enabled`]: 'true', [`MSIP_Label_${id}_SiteId`]: 'x' } })
  assert.deepEqual(shown((await read('a.docx', inProperties)).places), [`MSIP_Label_${id}: `])
})

test('what Word does not show is not read: deleted text, field codes, the old form of a drawing', async () => {
  const header =
    '<w:hdr><w:p><w:del><w:r><w:delText>SECRET</w:delText></w:r></w:del><w:r><w:instrText>TITLE</w:instrText></w:r></w:p><mc:AlternateContent><mc:Choice><w:p><w:r><w:t>shown</w:t></w:r></w:p></mc:Choice><mc:Fallback><w:p><w:r><w:t>SECRET</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent></w:hdr>'
  assert.deepEqual(shown((await read('a.docx', hostile.docxWithHeader(header))).places), ['header: shown'])
})

test('entries of archives are read at every level with their path, whatever they are called (G05)', async () => {
  const report = build({ kind: 'docx', header: 'within' })
  const inner = zip([{ name: 'no-extension', content: report, deflate: true }])
  const outer = gzip(tar([{ name: '../../up/inner.zip', content: inner }]))
  const { kind, verdict, places } = await read('all.tgz', outer)
  assert.equal(kind, 'gzip')
  assert.equal(verdict, 'read')
  const header = places.find((place) => place.where === 'header')
  assert.deepEqual(header?.path, ['all.tgz', 'all.tar', '../../up/inner.zip', 'no-extension'])
})

test('a nested message gives its header, its texts and its attachments (G05)', async () => {
  const message: Described = {
    kind: 'message',
    fields: ['Subject: within'],
    page: 'Own text',
    entries: { 'x.rtf': { kind: 'rtf', header: 'in RTF' } },
  }
  const { places } = await read('m.zip', build({ kind: 'zip', entries: { 'one.eml': message } }))
  const nested = places.find((place) => place.where === 'nested message')
  assert.match(nested?.header?.toString() ?? '', /^Subject: within\r\n/)
  assert.deepEqual(nested?.texts, ['Own text'])
  assert.deepEqual(places.find((place) => place.where === 'header')?.path, ['m.zip', 'one.eml', 'x.rtf'])
})

test('encrypted documents and archives are told, and the names in them are read (G05)', async () => {
  const inZip = await read('a.zip', build({ kind: 'zip', encrypted: true, entries: { 'plan.txt': { kind: 'text', page: 'x' } } }))
  assert.deepEqual(inZip.unread, [{ path: ['a.zip', 'plan.txt'], why: 'encrypted' }])
  assert.deepEqual(shown(inZip.places), ['archive entry: plan.txt'])
  for (const kind of ['pdf', 'odt', 'compound']) {
    assert.equal((await read(`a.${kind}`, build({ kind, encrypted: true }))).verdict, 'encrypted', kind)
  }
  assert.equal((await read('a.doc', build({ kind: 'compound' }))).verdict, 'read')
})

test('what is no document says so, and what is damaged too, at every cut (G05)', async () => {
  assert.equal((await read('a.png', Buffer.from('\x89PNG\r\n'))).verdict, 'not a document')
  for (const kind of ['docx', 'odt', 'rtf', 'pdf']) {
    const whole = build({ kind, ...everything })
    for (const share of [0.2, 0.5, 0.9]) {
      const { verdict } = await read(`a.${kind}`, whole.subarray(0, Math.floor(whole.length * share)))
      assert.ok(['read', 'damaged'].includes(verdict), `${kind} ${share}: ${verdict}`)
    }
  }
})

test('bombs end at the limit of what they expand to: 1 GB of zeros as a document, and as a part of one (G05, T19)', async () => {
  const zeros = hostile.deflatedZeros(1_000_000_000)
  for (const name of ['a.rtf', 'word/header1.xml', 'picture.png']) {
    assert.equal((await read('bomb.zip', hostile.zipOfDeflated(name, zeros))).verdict, 'too large', name)
  }
})

test('five levels of archives are read, the sixth is too deep; 1,000 entries are, one more is too large (G05)', async () => {
  const inner = { name: 'a.txt', content: Buffer.from('here') }
  assert.deepEqual(shown((await read('5.zip', hostile.nestedZips(5, inner))).places).at(-1), 'first page: here')
  assert.equal((await read('6.zip', hostile.nestedZips(6, inner))).verdict, 'too deep')
  const entries = (count: number) =>
    zip(Array.from({ length: count }, (_, index) => ({ name: `${index}`, content: Buffer.alloc(0) })))
  assert.equal((await read('a.zip', entries(1000))).verdict, 'read')
  assert.equal((await read('a.zip', entries(1001))).verdict, 'too large')
  assert.notEqual((await read('a.zip', entries(60_000))).verdict, 'read')
})

test('entries that overlap are damage, and a name that climbs is only a name (G05)', async () => {
  assert.equal((await read('a.zip', hostile.overlappingZip())).verdict, 'damaged')
  const slip = zip([{ name: '../../../etc/passwd', content: Buffer.from('x') }])
  assert.deepEqual(shown((await read('a.zip', slip)).places).slice(-1), ['archive entry: passwd'])
})

test('no entity of a document’s own is expanded, and none is fetched (G05)', async () => {
  const { places, verdict } = await read('a.docx', hostile.docxWithHeader(hostile.entityBomb()))
  assert.equal(verdict, 'read')
  assert.deepEqual(shown(places), ['header: &l10;&f;', 'header: SECRET'])
})

test('depth is nobody’s stack: XML, RTF and MIME of 100,000 levels and a million parts (G05)', async () => {
  const xml = `${'<w:p>'.repeat(100_000)}<w:t>end</w:t>`
  assert.equal((await read('a.docx', hostile.docxWithHeader(xml))).verdict, 'read')
  assert.equal((await read('a.rtf', Buffer.from(`{\\rtf1${'{'.repeat(100_000)}`))).verdict, 'read')
  assert.equal((await read('a.eml', hostile.deepMessage(10_000))).verdict, 'too deep')
  assert.equal((await read('a.eml', hostile.wideMessage(1_000_000))).verdict, 'too large')
})

test('markup that never closes is read in one pass: four million characters of it (G05)', () => {
  for (const piece of ['<![x>', '<a "', '<!--', '<a b="', '&#', '<a', `<textpath ${'a '.repeat(500)}>`]) {
    const began = performance.now()
    scanXml(piece.repeat(Math.floor(4_000_000 / piece.length)), { open: (_, attribute) => void attribute('string') })
    assert.ok(performance.now() - began < 5_000, piece)
  }
})

test('no octets make the reader throw: cut, changed and random documents of every kind (G05)', async () => {
  const kinds = ['docx', 'xlsx', 'pptx', 'odt', 'rtf', 'text', 'html', 'message', 'zip', 'tar', 'gzip']
  const within = { entries: { 'a.rtf': { kind: 'rtf', ...everything } } }
  const samples = kinds.map((kind) => ({ name: `a.${kind}`, octets: build({ kind, ...everything, ...within }) }))
  const change = fc.record({ sample: fc.constantFrom(...samples), at: fc.nat(5000), octets: fc.uint8Array({ maxLength: 20 }) })
  const property = fc.asyncProperty(change, async ({ sample, at, octets }) => {
    const changed = Buffer.from(sample.octets)
    changed.set(octets.subarray(0, Math.max(0, changed.length - (at % changed.length))), at % changed.length)
    const { places, unread } = await read(sample.name, changed)
    assert.ok(places.length <= 3000 && unread.length <= 3000)
  })
  await fc.assert(property, { seed: 11, numRuns: Number(process.env.CJSM_FUZZ_RUNS ?? 150) })
})
