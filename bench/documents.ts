// What looking into attached documents costs: how long it takes, what processor time, how long it holds the event loop, and what memory a process has before, meanwhile and after.
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '#base/clock.ts'
import { newDocumentThreads } from '#delivery/document-threads.ts'
import { newLookInside } from '#delivery/documents.ts'
import { octetsOf } from '#delivery/inspect.ts'
import { build } from '#mail/documents/build.test-support.ts'
import { zip } from '#mail/documents/build-archives.test-support.ts'
import * as hostile from '#mail/documents/hostile.test-support.ts'
import { StructureScan } from '#mail/structure.ts'
import { printFigures, round, spreadOf, tableOf } from './support/figures.ts'
import { readOptions } from './support/options.ts'

const options = readOptions('What looking into attached documents costs.', {
  runs: { default: 10, says: 'how often each document is read' },
  hostile: { default: false, says: 'also the documents that were made to do harm' },
  json: { default: false, says: 'one line of JSON' },
})

const megabytes = 1_000_000
const kibibytes = (octets: number) => Math.round(octets / 1024)

/** A PDF or Word document of that size: a marked first page, and pictures. */
function largePdf(octets: number): Buffer {
  const picture = Buffer.concat([
    Buffer.from('%'),
    Buffer.from(
      randomBytes(octets)
        .toString('latin1')
        .replace(/[\r\n]/g, 'x'),
      'latin1',
    ),
    Buffer.from('\n'),
  ])
  const whole = build({ kind: 'pdf', header: 'RESTRICTED', page: 'Report' })
  const at = whole.indexOf('3 0 obj')
  return Buffer.concat([whole.subarray(0, at), picture, whole.subarray(at)])
}
function largeWord(octets: number): Buffer {
  const text = '<w:p><w:r><w:t>A line of a long report.</w:t></w:r></w:p>'.repeat(40_000)
  const part = (name: string, content: Buffer, deflate = true) => ({ name, content, deflate })
  return zip([
    part('[Content_Types].xml', Buffer.from('<Types/>')),
    part('word/document.xml', Buffer.from(`<w:document><w:body>${text}</w:body></w:document>`)),
    part('word/header1.xml', Buffer.from('<w:hdr><w:p><w:r><w:t>RESTRICTED</w:t></w:r></w:p></w:hdr>')),
    part('word/media/image1.jpeg', randomBytes(octets), false),
  ])
}

function messageWith(name: string, document: Buffer): Buffer {
  const head = `Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n`
  return Buffer.concat([
    Buffer.from(head),
    Buffer.from(document.toString('base64').replace(/.{76}/g, '$&\r\n')),
    Buffer.from('\r\n--b--\r\n'),
  ])
}

const documents: [string, Buffer][] = [
  ['small.docx', build({ kind: 'docx', header: 'RESTRICTED', page: 'Report' })],
  ['5 MB.docx', largeWord(5 * megabytes)],
  ['small.pdf', build({ kind: 'pdf', header: 'RESTRICTED', page: 'Report' })],
  ['5 MB.pdf', largePdf(5 * megabytes)],
  ['18 MB.pdf', largePdf(18 * megabytes)],
]
if (options.hostile) {
  const zeros = hostile.deflatedZeros(1000 * megabytes)
  documents.push(
    ['bomb.zip', hostile.zipOfDeflated('a.rtf', zeros)],
    ['laughs.docx', hostile.docxWithHeader(hostile.entityBomb())],
    ['wide.eml', hostile.wideMessage(megabytes)],
    ['endless.pdf', hostile.endlessPdf(2000 * megabytes)],
    ['zeros.pdf', hostile.pdfWithContent(zeros)],
  )
}

const processorMs = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1000

/** The longest turn of the event loop while work goes on, by this thread's own processor time: other programs do not count. */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let most = 0
  let goesOn = true
  let before = process.threadCpuUsage()
  const turn = () => {
    const now = process.threadCpuUsage()
    most = Math.max(most, processorMs(now) - processorMs(before))
    before = now
    if (goesOn) setImmediate(turn)
  }
  setImmediate(turn)
  await work()
  goesOn = false
  return most
}

const threads = newDocumentThreads({ idleMs: 200 })
const lookInside = newLookInside(threads, systemClock)
const memory = () => kibibytes(process.memoryUsage().rss) / 1024
const beforeMib = memory()
const rows: (string | number)[][] = []
for (const [name, document] of documents) {
  const raw = messageWith(name, document)
  const scan = new StructureScan()
  scan.push(raw)
  const { root } = scan.end()
  const read = () => lookInside(octetsOf(raw), root)
  await read()
  const took: number[] = []
  const processor: number[] = []
  for (let run = 0; run < (name.startsWith('endless') ? 1 : options.runs); run++) {
    const began = performance.now()
    const spent = process.cpuUsage()
    await read()
    took.push(performance.now() - began)
    processor.push(processorMs(process.cpuUsage(spent)))
  }
  const baseMib = memory()
  let mostMib = 0
  const watch = setInterval(() => {
    mostMib = Math.max(mostMib, memory() - baseMib)
  }, 5)
  const turn = await longestTurn(read)
  clearInterval(watch)
  const { p50, most } = spreadOf(took)
  rows.push([name, kibibytes(document.length), p50, most, spreadOf(processor).p50, round(turn), round(mostMib)])
}
const readingMib = memory()
await pause(1_000)
const columns = ['document', 'KiB', 'ms, p50', 'ms, most', 'CPU ms, p50', 'longest turn, CPU ms', 'MiB more']
const after = {
  beforeMib: round(beforeMib),
  readingMib: round(readingMib),
  idleMib: round(memory()),
  threadsWhenIdle: threads.running(),
}
printFigures(options.json, { columns, rows, ...after }, `${tableOf(columns, rows)}\n${JSON.stringify(after)}`)
await threads.close()
