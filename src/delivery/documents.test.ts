// What is attached to a message, looked into: names, text and nested messages here, documents in threads. G05, T07.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type Clock, systemClock } from '#base/clock.ts'
import { type DocumentThreads, newDocumentThreads } from '#delivery/document-threads.ts'
import { newLookInside } from '#delivery/documents.ts'
import { octetsOf } from '#delivery/inspect.ts'
import { messageDocumentsMs } from '#delivery/limits.ts'
import { build, type Described } from '#mail/documents/build.test-support.ts'
import { StructureScan } from '#mail/structure.ts'
import type { AttachedReading } from '#policy/attached-markings.ts'
import { readMarkingSet } from '#policy/marking-set.ts'

const threads = newDocumentThreads({ threads: 1 })
after(() => threads.close())

/** Threads that a test does not expect to be asked. */
const noThreads: DocumentThreads = {
  read: () => Promise.reject(new Error('no document is to be read')),
  running: () => 0,
  close: () => Promise.resolve(),
}

async function look(raw: Buffer, within: DocumentThreads, clock: Clock = systemClock, reading?: AttachedReading) {
  const scan = new StructureScan()
  scan.push(raw)
  const { markings, unread } = await newLookInside(within, clock)(octetsOf(raw), scan.end().root, reading)
  return {
    found: markings.map(({ path, where, line }) => `${path.join(' › ')}, ${where}: ${line}`),
    unread: unread.map(({ path, why }) => `${path.join(' › ')}: ${why}`),
  }
}

const message = (entries: Described['entries'], page = 'Please see attached.'): Buffer =>
  build({ kind: 'message', fields: ['Subject: papers'], page, entries: entries ?? {} })
const nothing = { found: [], unread: [] }

test('mail without attachments, and attachments of kinds that no reader knows, ask no thread (G05)', async () => {
  assert.deepEqual(await look(Buffer.from('Subject: x\r\n\r\nSECRET\r\n'), noThreads), nothing)
  const html =
    'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nSECRET\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>SECRET</p>\r\n--b--\r\n'
  assert.deepEqual(await look(Buffer.from(html), noThreads), nothing)
  assert.deepEqual(await look(message({ 'photo.jpg': { kind: 'text', page: '\xff\xd8\xff SECRET' } }), noThreads), nothing)
})

test('file names, attached text and HTML are read without a thread (G05)', async () => {
  const entries = {
    'TOP SECRET - plan.bin': { kind: 'text', page: 'x' },
    'notes.txt': { kind: 'text', page: 'SECRET\r\nMeet at nine.' },
    'page.html': { kind: 'html', page: '<h1>UK SECRET</h1>' },
  }
  assert.deepEqual((await look(message(entries), noThreads)).found, [
    'TOP SECRET - plan.bin, file name: TOP SECRET',
    'notes.txt, first page: SECRET',
    'page.html, first page: UK SECRET',
  ])
})

test('what an organisation marks in its own words is read in its attachments, in threads and out of them (G05, G07)', async () => {
  const scheme = { id: 'CO', title: 'Co', levels: [{ name: 'RED', rank: 40, aboveCeiling: true }], organisations: ['Co'] }
  const mapping = [{ from: 'MSIP/7', to: 'CO/RED' }]
  const set = readMarkingSet([
    { name: 'co.json', data: scheme },
    { name: 'mapping.json', data: mapping },
  ])
  const raw = message({
    'RED - plan.bin': { kind: 'text', page: 'x' },
    'notes.txt': { kind: 'text', page: 'RED\r\nMeet at nine.' },
    'a.docx': { kind: 'docx', header: 'RED', page: 'x' },
    'b.xlsx': { kind: 'xlsx', page: 'x', label: { id: '7' } },
  })
  assert.deepEqual((await look(raw, threads, systemClock, set.readingFor('Co'))).found, [
    'RED - plan.bin, file name: RED',
    'notes.txt, first page: RED',
    'a.docx, header: RED',
    'b.xlsx, label metadata: RED (by its label)',
  ])
  assert.deepEqual(await look(raw, threads, systemClock, set.readingFor('Firm')), nothing)
  assert.deepEqual(await look(raw, threads), nothing)
})

test('documents are read in a thread, also those in archives and in attached messages that are files (G05)', async () => {
  const report: Described = { kind: 'docx', header: 'SECRET', page: 'x' }
  const entries = {
    'a.pdf': { kind: 'pdf', footer: 'UK SECRET', page: 'x' },
    'annex.zip': { kind: 'zip', entries: { 'in/report.docx': report } },
    'mail.eml': { kind: 'message', fields: ['Subject: SECRET - plan'], page: 'x', entries: { 'b.docx': report } },
    'locked.pdf': { kind: 'pdf', encrypted: true },
  }
  assert.deepEqual(await look(message(entries), threads), {
    found: [
      'a.pdf, footer: UK SECRET',
      'annex.zip › in/report.docx, header: SECRET',
      'mail.eml, nested message: SECRET',
      'mail.eml › b.docx, header: SECRET',
    ],
    unread: ['locked.pdf: encrypted'],
  })
})

test('a message that is attached as a message is read where it stands, with what it carries (G05)', async () => {
  const inner = message({ 'b.rtf': { kind: 'rtf', header: 'SECRET' } }, 'TOP SECRET\n\nText')
  const outer = Buffer.concat([
    Buffer.from(
      'Subject: Fw: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=outer\r\n\r\n--outer\r\n\r\nSee below.\r\n--outer\r\nContent-Type: message/rfc822\r\n\r\n',
    ),
    inner,
    Buffer.from('\r\n--outer--\r\n'),
  ])
  assert.deepEqual((await look(outer, threads)).found, [
    'attached message, nested message: TOP SECRET',
    'attached message › b.rtf, header: SECRET',
  ])
})

test('a named text is looked into as a file, also where it is inline; the name of one that is the message’s own is read (G05)', async () => {
  const mixed = (...parts: string[][]) =>
    Buffer.from(
      ['Content-Type: multipart/mixed; boundary=b', '', ...parts.flatMap((part) => ['--b', ...part]), '--b--', ''].join('\r\n'),
    )
  const inline = (name: string, text: string) => [`Content-Disposition: inline; filename="${name}"`, '', text]
  const found = async (raw: Buffer) => (await look(raw, noThreads)).found
  assert.deepEqual(await found(mixed(['', 'Hello'], inline('SECRET - Op Hawk.txt', 'x'), inline('a.txt', 'SECRET\r\n\r\nx'))), [
    'SECRET - Op Hawk.txt, file name: SECRET',
    'a.txt, first page: SECRET',
  ])
  assert.deepEqual(await found(mixed(inline('SECRET - Op Hawk.txt', 'x'))), ['SECRET - Op Hawk.txt, file name: SECRET'])
  const nested = mixed(['Content-Type: message/rfc822', '', mixed(inline('SECRET - Op Hawk.txt', 'x')).toString()])
  assert.deepEqual(await found(nested), ['attached message › SECRET - Op Hawk.txt, file name: SECRET'])
})

test('an attached message that stands encoded is looked into, too, whatever it is called (G05)', async () => {
  const inner = message({ 'b.rtf': { kind: 'rtf', header: 'SECRET' } }, 'TOP SECRET\n\nText')
  const encoded = (encoding: string, name: string, body: string) =>
    Buffer.from(`Content-Type: message/rfc822${name}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}`)
  const base64 = (octets: Buffer) => octets.toString('base64').replace(/.{76}/g, '$&\r\n')
  assert.deepEqual(await look(encoded('base64', '', base64(inner)), threads), {
    found: ['attached message, nested message: TOP SECRET', 'attached message › b.rtf, header: SECRET'],
    unread: [],
  })
  assert.deepEqual((await look(encoded('BASE64', '; name="a.txt"', base64(inner)), threads)).found, [
    'a.txt, nested message: TOP SECRET',
    'a.txt › b.rtf, header: SECRET',
  ])
  const quoted = 'Subject: =53=45CRET - x\r\n\r\nText'
  assert.deepEqual((await look(encoded('quoted-printable', '', quoted), threads)).found, [
    'attached message, nested message: SECRET',
  ])
  const twice = encoded('base64', '', base64(encoded('base64', '', base64(inner))))
  assert.deepEqual((await look(twice, threads)).found, [
    'attached message › attached message, nested message: TOP SECRET',
    'attached message › attached message › b.rtf, header: SECRET',
  ])
})

test('a banner of an attached message or page is read behind a long style sheet (G05)', async () => {
  const page = `<style>${'p { margin: 0 }\r\n'.repeat(6_000)}</style><p>SECRET</p><p>Dear Orla</p>`
  const inner = `Content-Type: text/html\r\n\r\n${page}`
  const nested = Buffer.from(`Content-Type: message/rfc822\r\n\r\n${inner}`)
  assert.deepEqual((await look(nested, noThreads)).found, ['attached message, nested message: SECRET'])
  const file = Buffer.from(`Content-Disposition: attachment; filename=a.html\r\n${inner}`)
  assert.deepEqual((await look(file, noThreads)).found, ['a.html, first page: SECRET'])
})

test('a banner that ends an attached message is read, however long its text is (G05)', async () => {
  const nested = Buffer.from(`Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n${'Text.\r\n'.repeat(9_000)}\r\nSECRET\r\n`)
  assert.deepEqual((await look(nested, noThreads)).found, ['attached message, nested message: SECRET'])
})

test('what the documents of one message may take is bounded: the rest of them are not read (G05)', async () => {
  let now = 0
  const clock: Clock = { ...systemClock, monotonic: () => now }
  const slow: DocumentThreads = {
    ...noThreads,
    read: async () => {
      now += messageDocumentsMs
      return { markings: [], unread: [] }
    },
  }
  const one: Described = { kind: 'rtf', header: 'SECRET' }
  const { unread } = await look(message({ 'a.rtf': one, 'b.rtf': one }), slow, clock)
  assert.deepEqual(unread, ['b.rtf: too large'])
})
