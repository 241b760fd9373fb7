// clamd as our child, with the built-in test set: EICAR is found wherever it is, and what cannot be looked into is said (T19).
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { newLog } from '#base/log.ts'
import { type ClamavOptions, clamdSpec, type PreparedClamav, pingClamd, prepareClamav } from '#host/clamav.ts'
import type { Signatures } from '#host/clamav-signatures.ts'
import { testSet } from '#host/clamav-config.ts'
import { serviceUser } from '#host/privileges.ts'
import { startTimeOf, waitUntil } from '#host/proc.ts'
import { clamdLimits } from '#host/limits.ts'
import { Supervisor } from '#host/supervisor.ts'
import { zipOf as zip } from '#test/support/archives.ts'

const base = mkdtempSync(join(tmpdir(), 'cjsm-clamav-'))
chmodSync(base, 0o711)
const log = newLog('silent', {})
const options: ClamavOptions = {
  folder: join(base, 'clamav'),
  runFolder: join(base, 'run'),
  scratch: join(base, 'scratch'),
  user: serviceUser(),
  log,
  tell: () => {},
}
const supervisor = new Supervisor(log)
let prepared: PreparedClamav & Signatures

before(async () => {
  prepared = await prepareClamav(options)
  await supervisor.start([[{ ...clamdSpec(prepared), required: true }]])
})
after(async () => {
  await supervisor.stop('end of the tests')
  rmSync(base, { recursive: true, force: true })
})

const eicar = Buffer.from(testSet.trim().split(':')[3]!, 'hex')

/** What clamd says of a stream. */
async function scan(octets: Buffer): Promise<string> {
  const link = connect(prepared.socket)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(octets.length)
  link.end(Buffer.concat([Buffer.from('zINSTREAM\0'), length, octets, Buffer.alloc(4)]))
  let said = ''
  link.on('data', (chunk) => {
    said += chunk.toString('latin1')
  })
  await once(link, 'close')
  return said.replace(/\0$/, '')
}

function mail(type: string, encoding: string, body: string): Buffer {
  const header = `From: a@example.test\r\nTo: b@example.test\r\nSubject: x\r\nMIME-Version: 1.0\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n`
  const part = `--b\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}\r\n--b--\r\n`
  return Buffer.from(`${header}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n${part}`)
}

test('T19: EICAR is found plain, within text, base64 in a message, in a zip, in a zip in a zip, and in a zip in a message', async () => {
  const inZip = zip('a.txt', eicar)
  const cases = {
    plain: eicar,
    'within text': Buffer.concat([Buffer.from('Dear all,\r\n'), eicar, Buffer.from('\r\nYours')]),
    'base64 in a message': mail('application/octet-stream', 'base64', eicar.toString('base64')),
    'in a zip': inZip,
    'in a zip in a zip': zip('a.zip', inZip),
    'in a zip in a message': mail('application/zip', 'base64', inZip.toString('base64')),
  }
  for (const [name, octets] of Object.entries(cases)) assert.match(await scan(octets), /Eicar-Test-Set\S* FOUND$/, name)
})

test('T19: clean content is OK, case material among it, and a 30 MiB message is taken', async () => {
  assert.equal(await scan(Buffer.from('He said that he would kill her.')), 'stream: OK')
  assert.equal(await scan(zip('a.txt', Buffer.from('clean'))), 'stream: OK')
  assert.equal(await scan(Buffer.alloc(30 * 1_048_576, 'All work and no play.\r\n')), 'stream: OK')
})

test('T19: an encrypted archive and one that expands beyond the limits are not passed as clean', async () => {
  assert.match(await scan(zip('a.txt', Buffer.from('secret'), 1)), /Encrypted\S* FOUND$/)
  assert.match(await scan(zip('a.txt', Buffer.alloc(200 * 1_048_576))), /Limits\.Exceeded\S* FOUND$/)
})

test('T19: something encrypted hides no virus beside it, in whatever order they are attached', async () => {
  const part = (octets: Buffer) =>
    `--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n${octets.toString('base64')}\r\n`
  const parts = [part(zip('a.txt', Buffer.from('secret'), 1)), part(eicar)]
  for (const attached of [parts, parts.toReversed()]) {
    const header = 'From: a@example.test\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n'
    assert.match(await scan(Buffer.from(`${header}${attached.join('')}--b--\r\n`)), /Eicar-Test-Set\S* FOUND$/)
  }
})

test('T19: archives are looked into to the limit of their depth, and not passed as clean beyond it', async () => {
  const nested = (levels: number): Buffer => (levels === 0 ? eicar : zip('z', nested(levels - 1)))
  assert.match(await scan(nested(clamdLimits.depth - 1)), /Eicar-Test-Set\S* FOUND$/)
  assert.match(await scan(nested(clamdLimits.depth)), /Limits\.Exceeded\.MaxRecursion FOUND$/)
})

test('nothing that was scanned is left in the scratch folder, and a start clears what a crash left', async () => {
  assert.deepEqual(readdirSync(prepared.scratch, { recursive: true }), [])
  const left = join(prepared.scratch, 'left')
  writeFileSync(left, 'plain text')
  const before = supervisor.status()[0]!.pid!
  process.kill(before, 'SIGKILL')
  assert.ok(
    await waitUntil(() => supervisor.reasons().length === 0 && supervisor.status()[0]!.pid !== before, 5_000),
    'clamd was not back within 5 s',
  )
  assert.equal(existsSync(left), false)
  assert.match(await scan(eicar), /FOUND$/)
})

test('a clamd that an earlier run left is ended by the next start', async () => {
  await supervisor.stop('its clamd would be started again')
  const spec = clamdSpec(prepared)
  const left = (await spec.start()) as ChildProcess
  await spec.ready(left)
  const second = new Supervisor(log)
  await second.start([[{ ...clamdSpec(prepared), required: true }]])
  assert.notEqual(second.status()[0]!.pid, left.pid)
  assert.equal(startTimeOf(left.pid!), null)
  await second.stop('end of the test')
})

test('a socket that nobody serves, or that hangs, is not an answer', async () => {
  assert.equal(await pingClamd(join(base, 'nobody'), 200), false)
  const { createServer } = await import('node:net')
  const hanging = createServer().listen(join(base, 'hanging'))
  await once(hanging, 'listening')
  assert.equal(await pingClamd(join(base, 'hanging'), 200), false)
  hanging.close()
})

test('with the test set only, that is what is said, and why', {
  skip: existsSync(join(base, 'clamav/signatures/daily.cvd')),
}, () => {
  if (prepared.signatures === 'official') return
  assert.match(prepared.warning ?? '', /TEST SET/)
})
