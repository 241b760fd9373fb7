// Files that the settings name and that cannot be used: a sentence that names the setting. T14, T21
import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { randomOctets } from '#base/ids.ts'
import { newLog } from '#base/log.ts'
import { readConfig, SettingError } from '#config.ts'
import { checkKeys, openCountryGate, openLogFile, openServerCertificate } from '#roles/setting-files.ts'
import { newSigner } from '#keys/note.ts'
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
const lockedKey = fileOf(
  'locked-key.pem',
  createPrivateKey(one.key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'a passphrase' }),
)
const words = fileOf('words', 'not what is wanted\n')
const absent = join(folder, 'absent')

const configOf = (more: Record<string, string>) => readConfig({ CJSM_DATA_FOLDER: join(folder, 'data'), ...more })
const tls = (CJSM_TLS_CERTIFICATE: string, CJSM_TLS_KEY: string) => () =>
  openServerCertificate(configOf({ CJSM_TLS_CERTIFICATE, CJSM_TLS_KEY }), log).close()
const gate = (more: Record<string, string>) => () => openCountryGate(configOf(more), [])
const keyOf = (signsAs: 'author' | 'witness') => newSigner('ann', signsAs, randomOctets(32)).verifier
const keys = (more: Record<string, string>) => () => checkKeys(configOf(more))
const [operator, witness] = [keyOf('author'), keyOf('witness')]
const damaged = operator.replace('ann', 'bob')
const logTo = (CJSM_LOG_FILE: string) => () => openLogFile(configOf({ CJSM_LOG_FILE }), {})
const setting = 'tlsCertificate and tlsKey: '
const unread = (file: string, code: string) => `${file} cannot be read by the service’s own user (${code}).`

for (const [what, open, sentence] of [
  ['a certificate that is not there', tls(absent, key), setting + unread(absent, 'ENOENT')],
  ['a folder for a key', tls(certificate, folder), setting + unread(`${certificate} or ${folder}`, 'EISDIR')],
  [
    'a certificate that is none',
    tls(words, key),
    `${setting}of ${words} and ${key}, one is not what it should be, in PEM (ERR_OSSL_PEM_NO_START_LINE).`,
  ],
  [
    'a key that is none',
    tls(certificate, words),
    `${setting}of ${certificate} and ${words}, the key is of no known kind, or not in PEM (ERR_OSSL_UNSUPPORTED).`,
  ],
  [
    'the key of another',
    tls(certificate, otherKey),
    `${setting}of ${certificate} and ${otherKey}, the key belongs to another certificate (ERR_OSSL_X509_KEY_VALUES_MISMATCH).`,
  ],
  [
    'a key with a passphrase',
    tls(certificate, lockedKey),
    `${setting}of ${certificate} and ${lockedKey}, the key has a passphrase, which nobody types at a start (ERR_OSSL_BAD_DECRYPT).`,
  ],
  [
    'no development certificate',
    () => openServerCertificate(configOf({}), log),
    `The development certificate: ${unread(join(folder, 'data', 'tls', 'certificate.pem'), 'ENOENT')}`,
  ],
  ['country data that is not there', gate({ CJSM_COUNTRY_DATA: absent }), `countryData: ${unread(absent, 'ENOENT')}`],
  ['country data that is none', gate({ CJSM_COUNTRY_DATA: words }), `countryData: ${words} is not a country database (.mmdb).`],
  [
    'a network that is none',
    gate({ CJSM_INSIDE_NETWORKS: '192.0.2.0/24,the office' }),
    'insideNetworks: the office is not a network: write it as 192.0.2.0/24.',
  ],
  [
    'an operator’s key that is damaged',
    keys({ CJSM_OPERATOR_KEYS: `${operator},${damaged}` }),
    `operatorKeys: ${damaged} is not a public key as ./cjsm new-operator-key prints it.`,
  ],
  [
    'a witness’s key for an operator’s',
    keys({ CJSM_OPERATOR_KEYS: witness }),
    `operatorKeys: ${witness} is not a public key as ./cjsm new-operator-key prints it.`,
  ],
  [
    'an operator’s key for a witness’s',
    keys({ CJSM_WITNESSES: `http://w.example ${operator}` }),
    `witnesses: http://w.example ${operator} is not a URL, a space, and a public key as ./cjsm witness prints it.`,
  ],
  [
    'a log in a folder that is not there',
    logTo(join(absent, 'x.log')),
    `logFile: ${join(absent, 'x.log')} cannot be appended to (ENOENT): name a file in a folder that is there, or -.`,
  ],
  [
    'a folder for a log',
    logTo(folder),
    `logFile: ${folder} cannot be appended to (EISDIR): name a file in a folder that is there, or -.`,
  ],
] as const)
  test(`${what} is told as such`, () => {
    assert.throws(open, (fault) => fault instanceof SettingError && fault.message === sentence)
  })

test('what is as it should be opens', () => {
  assert.doesNotThrow(tls(certificate, key))
  assert.doesNotThrow(keys({ CJSM_OPERATOR_KEYS: operator, CJSM_WITNESSES: `http://w.example ${witness}` }))
  assert.doesNotThrow(logTo(join(folder, 'x.log')))
  assert.equal(gate({ CJSM_INSIDE_NETWORKS: '192.0.2.0/24' })()('192.0.2.7'), null)
})
