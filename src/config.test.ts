// Settings: every wrong one is a sentence that names its key and what is allowed; the page of settings is up to date.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { SettingError, environmentName, environmentOf, readConfig, settingsPage } from '#config.ts'

const folder = mkdtempSync(join(tmpdir(), 'cjsm-config-'))
after(() => rmSync(folder, { recursive: true }))
const base = { CJSM_DATA_FOLDER: '/srv/cjsm' }
const withFile = (text: string) => {
  const file = join(folder, 'settings.json')
  writeFileSync(file, text)
  return { file }
}
const sentence = (work: () => unknown): string => {
  try {
    work()
  } catch (fault) {
    assert.ok(fault instanceof SettingError, String(fault))
    assert.match(fault.message, /^[^\n]+\.( [GT]\d\d)?$/)
    return fault.message
  }
  assert.fail('it was taken')
}

test('without any setting there are defaults, and the ports are the real ones plus 8000', () => {
  const config = readConfig(base)
  assert.deepEqual(
    [config.host, config.portOffset, config.demo, config.workers, config.scanTimeoutMs, config.hostName, config.logLevel],
    ['127.0.0.1', 8000, true, 0, 25_000, 'mail.cjsm.test', 'info'],
  )
  assert.deepEqual(config.ports, { https: 8443, http: 8080, submissions: 8465, submission: 8587, imaps: 8993, operations: 8100 })
  assert.deepEqual([config.keyFolder, config.logFile], ['/srv/cjsm-keys', '/srv/cjsm/log/service.log'])
  assert.deepEqual(readConfig({ ...base, CJSM_PORT_OFFSET: '0' }).ports, {
    https: 443,
    http: 80,
    submissions: 465,
    submission: 587,
    imaps: 993,
    operations: 100,
  })
  assert.ok(Object.isFrozen(config))
})

test('the data folder is that of the system for root, and of the user’s state for others', () => {
  const { dataFolder } = readConfig({})
  assert.match(dataFolder, process.getuid?.() === 0 ? /^\/var\/lib\/cjsm$/ : /\/cjsm$/)
})

test('a file is overruled by the environment, and that by the options of the command', () => {
  const file = withFile('{"workers": 3, "host": "0.0.0.0", "insideNetworks": ["192.0.2.0/24"]}')
  assert.deepEqual(readConfig(base, file).insideNetworks, ['192.0.2.0/24'])
  assert.equal(readConfig(base, file).workers, 3)
  assert.equal(readConfig({ ...base, CJSM_WORKERS: '4' }, file).workers, 4)
  assert.equal(readConfig({ ...base, CJSM_WORKERS: '4' }, { ...file, overrides: { workers: 5 } }).workers, 5)
  assert.equal(readConfig({ ...base, CJSM_CONFIG: file.file }).workers, 3)
})

test('a file that is missing, unreadable or no object is named', () => {
  assert.match(
    sentence(() => readConfig(base, { file: join(folder, 'none.json') })),
    /none\.json cannot be read \(ENOENT\)/,
  )
  assert.match(
    sentence(() => readConfig(base, { file: folder })),
    /cannot be read \(EISDIR\)/,
  )
  for (const text of ['', '{', '[]', 'null', '"x"', '1'])
    assert.match(
      sentence(() => readConfig(base, withFile(text))),
      /is not one JSON object/,
    )
})

test('a key that is none is named, in a file, the environment and the options', () => {
  assert.match(
    sentence(() => readConfig(base, withFile('{"wrokers": 1}'))),
    /^wrokers is not a setting/,
  )
  assert.match(
    sentence(() => readConfig(base, withFile('{"__proto__": {"workers": 1}}'))),
    /^__proto__ is not a setting/,
  )
  assert.match(
    sentence(() => readConfig(base, withFile('{"constructor": 1}'))),
    /^constructor is not a setting/,
  )
  assert.match(
    sentence(() => readConfig({ ...base, CJSM_WROKERS: '1' })),
    /^CJSM_WROKERS in the environment is not a setting/,
  )
  assert.match(
    sentence(() => readConfig(base, { overrides: { toString: 1 } })),
    /^toString is not a setting/,
  )
  assert.equal(readConfig({ ...base, CJSM_TEST_DATABASE: 'x', CJSM_FUZZ_RUNS: '1', OTHER: 'x' }).workers, 0)
})

test('a wrong type or a value outside its range names the key, what was given and what is allowed', () => {
  const wrong: [string, string, RegExp][] = [
    ['CJSM_WORKERS', '-1', /^workers is -1, but must be a whole number \(minimum 0, maximum 64\)/],
    ['CJSM_WORKERS', '65', /^workers is 65, but must be a whole number/],
    ['CJSM_WORKERS', 'two', /^workers is "two", but must be a whole number/],
    ['CJSM_WORKERS', '1.5', /^workers is "1\.5", but/],
    ['CJSM_WORKERS', '', /^workers is "", but/],
    ['CJSM_DEMO', 'yes', /^demo is "yes", but must be true or false/],
    ['CJSM_LOG_LEVEL', 'loud', /^logLevel is "loud", but must be one of debug, info, warn, error, silent/],
    ['CJSM_HOST_NAME', 'UPPER', /^hostName is "UPPER", but must be text \(pattern/],
    ['CJSM_PORT_OFFSET', '64001', /^portOffset is 64001, but/],
    ['CJSM_PORT_OFFSET', '-1', /^portOffset is -1, but/],
    ['CJSM_SCAN_TIMEOUT_MS', '29001', /^scanTimeoutMs is 29001, but .* T19/],
    ['CJSM_QUOTA_OCTETS', '99999999999999999999', /^quotaOctets is 100000000000000000000, but/],
    ['CJSM_DATA_FOLDER', '', /^dataFolder is "", but must be text \(minLength 1\)/],
    ['CJSM_KEY_FOLDER', '', /^keyFolder is "", but must be text \(minLength 1\)/],
    ['CJSM_HOST', '', /^host is "", but/],
  ]
  for (const [name, value, pattern] of wrong)
    assert.match(
      sentence(() => readConfig({ ...base, [name]: value })),
      pattern,
    )
  for (const [text, pattern] of [
    ['{"workers": "2"}', /^workers is "2", but/],
    ['{"demo": 1}', /^demo is 1, but/],
    ['{"insideNetworks": "10.0.0.0/8"}', /^insideNetworks is "10\.0\.0\.0\/8", but must be a list/],
    ['{"insideNetworks": [1]}', /^insideNetworks holds 1, but each item must be a network, as 192\.0\.2\.0\/24: text/],
    ['{"dataFolder": 1}', /^dataFolder is 1, but/],
    ['{"keyFolder": null}', /^keyFolder is null, but/],
  ] as const)
    assert.match(
      sentence(() => readConfig({}, withFile(text))),
      pattern,
    )
})

test('a wrong item of a list is shown, with what an item must be; the page of settings says that too', () => {
  const domain = /holds "Not A domain", but each item must be a domain in lower case, as example\.org: text \(pattern \^\[a-z/
  const wrong: [string, RegExp][] = [
    ['{"verifiedChannels": ["fine.example", "Not A domain"]}', domain],
    ['{"monitoredSuffixes": ["Not A domain"]}', domain],
    ['{"monitoredSuffixes": "Not A domain"}', /is "Not A domain", but must be a list, each item a domain in lower case/],
    ['{"operatorKeys": ["x"]}', /^operatorKeys holds "x", but each item must be a public key: .*new-operator-key/],
    [
      '{"witnesses": ["http://x tern"]}',
      /^witnesses holds "http:\/\/x tern", but each item must be a URL, a space, and a public key/,
    ],
  ]
  for (const [text, pattern] of wrong)
    assert.match(
      sentence(() => readConfig(base, withFile(text))),
      pattern,
    )
  assert.match(settingsPage(), /\| `verifiedChannels` \|[^|]+\|[^|]+\| a list, each item a domain in lower case/)
})

test('an external database is a PostgreSQL; what else is given is not shown, since it may hold a password', () => {
  for (const url of ['mysql://someone:hidden-word@db.example/cjsm', 'db.example', 'postgres://', 'postgres://db.example/a b']) {
    const said = sentence(() => readConfig({ ...base, CJSM_DATABASE_URL: url }))
    assert.match(said, /^databaseUrl must be text \(pattern \^\(postgres\(ql\)\?:.* as postgres:/)
    assert.doesNotMatch(said, /hidden-word|example/)
  }
  assert.equal(
    readConfig({ ...base, CJSM_DATABASE_URL: 'postgresql://db.example/cjsm' }).databaseUrl,
    'postgresql://db.example/cjsm',
  )
})

test('the key folder is never within the data folder: a back-up must not hold the key that opens it', () => {
  for (const inside of ['/srv/cjsm', '/srv/cjsm/keys', '/srv/cjsm/../cjsm/a/b', '/srv/cjsm/'])
    assert.match(
      sentence(() => readConfig({ ...base, CJSM_KEY_FOLDER: inside })),
      /^keyFolder must be outside dataFolder/,
    )
  assert.equal(readConfig({ ...base, CJSM_KEY_FOLDER: '/srv/cjsm-keys' }).keyFolder, '/srv/cjsm-keys')
})

test('a certificate and its key are set together', () => {
  for (const name of ['CJSM_TLS_CERTIFICATE', 'CJSM_TLS_KEY'])
    assert.match(
      sentence(() => readConfig({ ...base, [name]: '/x.pem' })),
      /^tlsCertificate and tlsKey are set together/,
    )
})

test('a child process reads the same settings from the environment that is made for it', () => {
  const file = withFile(
    JSON.stringify({
      insideNetworks: ['192.0.2.0/24', '2001:db8::/32'],
      demo: false,
      workers: 7,
      host: '::1',
      logFile: '-',
      databaseUrl: 'postgres://x/y?z=1',
    }),
  )
  for (const config of [readConfig(base), readConfig({ CJSM_DATA_FOLDER: '/srv/a b, c' }, file)])
    assert.deepEqual(readConfig(environmentOf(config)), config)
  assert.equal(environmentName('scanTimeoutMs'), 'CJSM_SCAN_TIMEOUT_MS')
})

test('a relative path counts from the folder in which the command was typed, whatever setting it is and wherever it stands', () => {
  const paths = ['clamdSocket', 'tlsCertificate', 'tlsKey', 'countryData', 'markingsFolder', 'logFile', 'keyFolder'] as const
  const config = readConfig(
    { CJSM_DATA_FOLDER: 'data' },
    withFile(JSON.stringify(Object.fromEntries(paths.map((key) => [key, key])))),
  )
  assert.equal(config.dataFolder, join(process.cwd(), 'data'))
  for (const key of paths) assert.equal(config[key], join(process.cwd(), key), key)
  assert.deepEqual([readConfig({ ...base, CJSM_LOG_FILE: '-' }).logFile, readConfig(base).countryData], ['-', ''])
  assert.equal(readConfig({ CJSM_DATA_FOLDER: 'data' }).keyFolder, join(process.cwd(), 'data-keys'))
})

test('docs/settings.md is what settingsPage says; write it anew when it is not', () => {
  assert.equal(readFileSync(new URL('../docs/settings.md', import.meta.url), 'utf8'), settingsPage())
  assert.match(settingsPage(), /\| `workers` \| `CJSM_WORKERS` \| `0` \|/)
})

test('a spam engine is asked over a socket or loopback only, where it usually listens when nothing is said (T23)', () => {
  const address = (environment: Record<string, string>) => readConfig({ ...base, ...environment }).spamEngineAddress
  assert.deepEqual([address({}), address({ CJSM_SPAM_ENGINE: 'rspamd' })], ['127.0.0.1:783', '127.0.0.1:11333'])
  for (const local of ['/run/spamd.sock', '127.0.0.1:1783', '[::1]:783', 'localhost:783'])
    assert.equal(address({ CJSM_SPAM_ENGINE_ADDRESS: local }), local)
  for (const other of ['192.0.2.1:783', 'spam.example.org:783', '127.0.0.1', '127.0.0.1.example.org:783', 'run/spamd.sock'])
    assert.match(
      sentence(() => address({ CJSM_SPAM_ENGINE_ADDRESS: other })),
      /^spamEngineAddress is /,
    )
})

test('webmail is found at the host name, or here while there is none, and the https port, unless it is said otherwise (T00)', () => {
  const url = (environment: Record<string, string>) => readConfig({ ...base, ...environment }).publicUrl
  assert.equal(url({}), 'https://localhost:8443')
  for (const host of ['0.0.0.0', '::', '::1', 'localhost']) assert.equal(url({ CJSM_HOST: host }), 'https://localhost:8443')
  assert.equal(url({ CJSM_HOST: '192.0.2.7' }), 'https://192.0.2.7:8443')
  assert.equal(url({ CJSM_HOST: '2001:db8::7' }), 'https://[2001:db8::7]:8443')
  assert.equal(url({ CJSM_HOST: '2001:DB8::7' }), 'https://[2001:db8::7]:8443')
  assert.equal(url({ CJSM_HOST: 'Desk7' }), 'https://desk7:8443')
  // What no link can hold.
  assert.equal(url({ CJSM_HOST: 'fe80::7%eth0' }), 'https://mail.cjsm.test:8443')
  // The processes get all settings by their environment.
  for (const host of ['2001:DB8::7', 'Desk7', 'fe80::7%eth0']) {
    const settled = readConfig({ ...base, CJSM_HOST: host })
    assert.deepEqual(readConfig(environmentOf(settled)), settled)
  }
  assert.equal(url({ CJSM_PUBLIC_URL: 'https://[2001:db8::7]:8443' }), 'https://[2001:db8::7]:8443')
  const named = { CJSM_HOST_NAME: 'mail.force.example' }
  assert.equal(url(named), 'https://mail.force.example:8443')
  assert.equal(url({ ...named, CJSM_PORT_OFFSET: '0' }), 'https://mail.force.example')
  assert.equal(url({ CJSM_PUBLIC_URL: 'https://m.example.org:4443' }), 'https://m.example.org:4443')
  for (const wrong of ['http://m.example.org', 'https://m.example.org/', 'm.example.org'])
    assert.match(
      sentence(() => url({ CJSM_PUBLIC_URL: wrong })),
      /^publicUrl is /,
    )
})
