// Files that the settings name and that cannot be used: a sentence that names the setting. T14, T21
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { newLog } from '#base/log.ts'
import { readConfig, SettingError } from '#config.ts'
import { certificateOf, countryGateOf } from '#roles/setting-files.ts'
import { makeCertificate } from '#test/support/certificate.ts'

const folder = mkdtempSync(join(tmpdir(), 'cjsm-setting-files-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const log = newLog('silent', {})
const fileOf = (name: string, content: string | Buffer) => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const [one, other] = [makeCertificate(), makeCertificate()]
const certificate = fileOf('certificate.pem', one.certificate)
const key = fileOf('key.pem', one.key)
const otherKey = fileOf('other-key.pem', other.key)
for (const made of [one, other]) made.remove()
const words = fileOf('words', 'not what is wanted\n')
const absent = join(folder, 'absent')

const configOf = (more: Record<string, string>) => readConfig({ CJSM_DATA_FOLDER: join(folder, 'data'), ...more })
const tls = (CJSM_TLS_CERTIFICATE: string, CJSM_TLS_KEY: string) => () =>
  certificateOf(configOf({ CJSM_TLS_CERTIFICATE, CJSM_TLS_KEY }), log).close()
const gate = (more: Record<string, string>) => () => countryGateOf(configOf(more), [])
const pair = 'tlsCertificate and tlsKey: they are not a certificate chain and its own private key (PEM).'

for (const [what, open, sentence] of [
  [
    'a certificate that is not there',
    tls(absent, key),
    `tlsCertificate and tlsKey: ${absent} cannot be read by the service’s own user (ENOENT).`,
  ],
  ['a certificate that is none', tls(words, key), pair],
  ['a key that is none', tls(certificate, words), pair],
  ['the key of another', tls(certificate, otherKey), pair],
  [
    'country data that is not there',
    gate({ CJSM_COUNTRY_DATA: absent }),
    `countryData: ${absent} cannot be read by the service’s own user (ENOENT).`,
  ],
  ['country data that is none', gate({ CJSM_COUNTRY_DATA: words }), 'countryData: it is not a country database (.mmdb).'],
  [
    'a network that is none',
    gate({ CJSM_INSIDE_NETWORKS: 'the office' }),
    'insideNetworks: each must be a network, written as 192.0.2.0/24.',
  ],
] as const)
  test(`${what} is told as such`, () => {
    assert.throws(open, (fault) => fault instanceof SettingError && fault.message === sentence)
  })

test('what is as it should be opens', () => {
  assert.doesNotThrow(tls(certificate, key))
  assert.equal(gate({ CJSM_INSIDE_NETWORKS: '192.0.2.0/24' })()('192.0.2.7'), null)
})
