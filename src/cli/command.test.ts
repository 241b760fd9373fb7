// The operator's commands: what is typed, what it means, and the help that names it all.
import assert from 'node:assert/strict'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { UsageError, helpText, isCommand, needed, parseCommand, neededText } from '#cli/command.ts'
import { type CommandName, commandSpecs } from '#cli/command-specs.ts'
import { newPersonPassword, readDemonstration } from '#cli/demonstration.ts'
import { namedInShell, upElsewhere } from '#cli/named.ts'
import { unanswered } from '#cli/status.ts'
import { table } from '#cli/table.ts'
import { peopleTable, welcome } from '#cli/welcome.ts'
import { SettingError, readConfig } from '#config.ts'

const environment = { CJSM_DATA_FOLDER: '/srv/cjsm' }
const parse = (name: CommandName, ...rest: string[]) => parseCommand(name, rest, environment)
const usage = (pattern: RegExp) => (fault: unknown) =>
  fault instanceof UsageError && pattern.test(fault.message) && fault.message.endsWith('See ./cjsm help.')
const names = Object.keys(commandSpecs) as CommandName[]

test('help names every command, with what it does and each of its options', () => {
  const help = helpText()
  for (const name of names) {
    const spec = commandSpecs[name]
    assert.ok(help.includes(`./cjsm ${spec.usage}\n`), name)
    assert.ok(help.includes(spec.says), name)
    assert.ok(spec.usage.startsWith(name), name)
    for (const option of Object.keys(spec.options)) assert.ok(help.includes(`--${option}`), `${name} --${option}`)
  }
  assert.match(help, /--data DIR and --config FILE/)
})

test('a command is one of the table and nothing that objects have by themselves', () => {
  assert.ok(names.every(isCommand))
  for (const word of ['toString', '__proto__', 'constructor', '', 'UP', 'worker']) assert.equal(isCommand(word), false)
})

test('every command takes its own options and words, and no others', () => {
  for (const name of names) {
    const spec: { words: readonly string[]; options: Readonly<Record<string, { type: 'string' | 'boolean' }>> } =
      commandSpecs[name]
    const words = spec.words.map((_, index) => `word${index}`)
    const given = Object.entries(spec.options)
      .filter(([option]) => !['config', 'port-offset'].includes(option))
      .flatMap(([option, { type }]) => (type === 'string' ? [`--${option}`, `/value-of-${option}`] : [`--${option}`]))
    const { options } = parse(name, ...words, ...given)
    assert.deepEqual(options.words, words, name)
    for (const [option, { type }] of Object.entries(spec.options)) {
      if (['config', 'port-offset'].includes(option)) continue
      if (type === 'string') assert.equal(options.values.get(option), `/value-of-${option}`)
      else assert.ok(options.flags.has(option))
    }
    assert.throws(() => parse(name, '--no-such-option'), usage(new RegExp(`^${name}: Unknown option`)))
    if (name !== 'test')
      assert.throws(() => parse(name, ...words, 'one-too-many', 'and-another'), usage(/takes options only|is one word too many/))
    if (words.length > 0) assert.throws(() => parse(name), usage(new RegExp(`^${name} needs: ${spec.words.join(', ')}`)))
  }
})

test('the options of up are settings, and overrule the environment', () => {
  const { config, options } = parse(
    'up',
    '--data',
    '/srv/other',
    '--port-offset',
    '20000',
    '--host',
    '0.0.0.0',
    '--no-demo',
    '--detach',
  )
  assert.deepEqual([config.dataFolder, config.portOffset, config.host, config.demo], ['/srv/other', 20_000, '0.0.0.0', false])
  assert.ok(options.flags.has('detach'))
  assert.deepEqual([parse('up').config.dataFolder, parse('up').config.demo], ['/srv/cjsm', true])
  assert.throws(() => parse('up', '--port-offset', 'x'), SettingError)
  assert.throws(() => parse('up', '--port-offset', '99999'), SettingError)
  assert.throws(() => parse('up', '--config', '/does/not/exist.json'), SettingError)
  assert.throws(() => parse('up', '--host'), usage(/^up: /))
})

test('what is started in the background, in another folder, reads the settings that were typed here', (t) => {
  const typedIn = process.cwd()
  t.after(() => process.chdir(typedIn))
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cjsm-typed-')))
  t.after(() => rmSync(folder, { recursive: true }))
  process.chdir(folder)
  writeFileSync('s.json', '{"keyFolder": "keys", "logFile": "a.log", "insideNetworks": ["192.0.2.0/24", "2001:db8::/32"]}')
  const typed = ['--data', 'data', '--config', 's.json', '--port-offset', '20000', '--no-demo', '--detach']
  const { config, options } = parseCommand('up', typed, { CJSM_TLS_KEY: 'k.pem', CJSM_TLS_CERTIFICATE: 'c.pem' })
  assert.deepEqual([config.dataFolder, config.keyFolder], [join(folder, 'data'), join(folder, 'keys')])
  const elsewhere = upElsewhere(config, options, { CJSM_CONFIG: 'other.json', HOME: '/home/ann' })
  process.chdir('/')
  assert.deepEqual(elsewhere.words, ['up', '--data', join(folder, 'data'), '--config', join(folder, 's.json')])
  assert.deepEqual(parseCommand('up', elsewhere.words.slice(1), elsewhere.environment).config, config)
  assert.deepEqual([elsewhere.environment.CJSM_CONFIG, elsewhere.environment.HOME], [undefined, '/home/ann'])
})

test('a value that must be there is asked for by name', () => {
  const { options } = parse('add-account', '--name', 'Ada', '--role', '')
  assert.equal(needed(options, 'name'), 'Ada')
  assert.throws(() => needed(options, 'role'), usage(/^--role is missing/))
  assert.throws(() => needed(options, 'address'), usage(/^--address is missing/))
})

test('a name or a reason is one line without control characters; the text of an automatic reply may have lines', () => {
  for (const reason of ['left\nGOOD', 'left\r', 'a\u001b[2K', 'a\u009b', 'a\u2028b', 'a\u2029b', '\u007f']) {
    const { options } = parse('set-account', 'ada', 'suspended', '--reason', reason)
    assert.throws(() => needed(options, 'reason'), usage(/^--reason is one line, and has no control characters/))
  }
  const { options } = parse('away', 'ada', '--text', 'Away.\nBack on Monday.')
  assert.equal(neededText(options, 'text'), 'Away.\nBack on Monday.')
})

test('a table pads its columns and leaves no blanks at the ends of lines', () => {
  assert.equal(table(['a', 'long'], [['wide cell', 'x']]), '  a          long\n  ---------  ----\n  wide cell  x')
  assert.equal(table(['only'], []), '  only\n  ----')
})

test('the welcome shows ports, people and three things to try, and a warning where there is one', () => {
  const person = (name: string, role: string) => ({
    name,
    role,
    organisation: 'O',
    adopter: true,
    address: `${role}@o.cjsm.test`,
    userName: role,
    password: 'Pass-1',
    devicePassword: `device-${role}`,
  })
  const people = [person('Priya', 'prosecutor'), person('Miriam', 'solicitor')]
  const config = readConfig(environment)
  const text = welcome({ config, people, warning: 'a test set', named: '' })
  for (const word of [
    'https://localhost:8443/',
    '127.0.0.1:8465',
    '127.0.0.1:8587',
    '127.0.0.1:8993',
    ':8100',
    'WARNING: a test set',
    'swaks',
    'mutt',
    'device-prosecutor',
    'device-solicitor',
  ])
    assert.ok(text.includes(word), word)
  assert.ok(text.includes(peopleTable(people)))
  const plain = welcome({ config, people: null, warning: null, named: '' })
  assert.doesNotMatch(plain, /WARNING|swaks|password/)
  assert.match(plain, /^ {2}how it is +\.\/cjsm status$\n^ {2}to stop it +\.\/cjsm down$/m)
})

test('commands that are shown name the instance as it was named, ready to paste', () => {
  const byFile = { words: [], flags: new Set<string>(), values: new Map([['config', '/etc/cjsm.json']]) }
  assert.equal(namedInShell(byFile), ' --config /etc/cjsm.json')
  const { config, options } = parse('up', '--data', "/srv/ann's data")
  const named = namedInShell(options)
  assert.equal(named, ` --data '/srv/ann'\\''s data'`)
  const text = welcome({ config, people: null, warning: null, named })
  assert.ok(text.includes(`how it is           ./cjsm status${named}\n`) && text.includes(`./cjsm down${named}\n`))
  assert.equal(unanswered('not-running', named).sentence, `It is not running. ./cjsm up${named} starts it.`)
  assert.equal(namedInShell(parse('up', '--no-demo').options), '')
})

test('passwords of demonstration people keep T06, and are never the same', () => {
  const all = Array.from({ length: 200 }, newPersonPassword)
  assert.equal(new Set(all).size, 200)
  for (const one of all) assert.ok(one.length >= 8 && /[A-Z]/.test(one) && /[a-z]/.test(one) && /\d/.test(one), one)
  assert.equal(readDemonstration('/does/not/exist'), null)
})
