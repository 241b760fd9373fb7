// The certificate in use follows its files.
import assert from 'node:assert/strict'
import { copyFileSync, writeFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { newLog } from '#base/log.ts'
import { openCertificate } from '#net/tls.ts'
import { makeCertificate } from '#test/support/certificate.ts'

const log = newLog('silent', {})
const dayMs = 86_400_000
const files = makeCertificate({ days: 3 })
const later = makeCertificate({ days: 40 })
after(() => {
  files.remove()
  later.remove()
})

const daysLeft = (atMs: number) => Math.round((atMs - Date.now()) / dayMs)

async function eventually(isSo: () => boolean): Promise<void> {
  const end = performance.now() + 20_000
  while (!isSo()) {
    assert.ok(performance.now() < end, 'it did not come about')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('a renewed certificate is used without a restart; a half-written pair leaves the one before', async () => {
  const certificate = openCertificate(files, log, 10)
  const first = certificate.context()
  assert.equal(daysLeft(certificate.notAfterMs()), 3)
  copyFileSync(later.certificateFile, files.certificateFile)
  certificate.reload()
  assert.equal(certificate.context(), first)
  copyFileSync(later.keyFile, files.keyFile)
  await eventually(() => certificate.context() !== first)
  assert.equal(daysLeft(certificate.notAfterMs()), 40)
  const second = certificate.context()
  writeFileSync(files.certificateFile, 'not a certificate')
  certificate.reload()
  assert.equal(certificate.context(), second)
  certificate.close()
})

test('files that cannot be used stop the start', () => {
  assert.throws(() => openCertificate({ certificateFile: later.certificateFile, keyFile: '/nowhere' }, log))
  const other = makeCertificate()
  assert.throws(() => openCertificate({ certificateFile: later.certificateFile, keyFile: other.keyFile }, log))
  other.remove()
})
