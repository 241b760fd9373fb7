// The operator's commands, each by its name: what they print, and the exit code.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Unavailable } from '#base/faults.ts'
import { type Options, helpText } from '#cli/command.ts'
import type { CommandName } from '#cli/command-specs.ts'
import { readDemonstration } from '#cli/demonstration.ts'
import { namedInShell, upElsewhere } from '#cli/named.ts'
import { showStatus, unanswered } from '#cli/status.ts'
import { peopleTable } from '#cli/welcome.ts'
import type { Config } from '#config.ts'
import { ownFolder, refuseFoldersOfOthers } from '#host/folders.ts'
import { detach, stopInstance, tellStarter, whyUnanswered } from '#host/instance.ts'
import { placesOf } from '#roles/places.ts'

type Command = (config: Config, options: Options) => Promise<number>

const print = (text: string) => void process.stdout.write(`${text}\n`)
/** Beside what is printed, which may go to a file. */
const tell = (text: string) => void process.stderr.write(`${text}\n`)
const readyWithinMs = 15 * 60_000

const runFolderOf = ({ dataFolder }: Config) => join(dataFolder, 'run')

/** A command over the running service: where its parts cannot be reached since it does not run, or runs as another user, that is said. */
const overService =
  (command: Command): Command =>
  async (config, options) => {
    try {
      return await command(config, options)
    } catch (fault) {
      const reason = fault instanceof Unavailable ? 'ENOENT' : (fault as NodeJS.ErrnoException).code
      if (!['ENOENT', 'ECONNREFUSED', 'EACCES'].includes(reason ?? '')) throw fault
      const why = whyUnanswered(runFolderOf(config))
      if (why === 'not-answering' || (why === 'not-running' && reason === 'EACCES')) throw fault
      const { sentence, code } = unanswered(why, namedInShell(options))
      print(sentence)
      return code
    }
  }

/** A command that works on the running service's domains. */
const withDomains = (name: Parameters<typeof import('#roles/administer.ts').administer>[0]): Command =>
  overService(async (config, options) => (await import('#roles/administer.ts')).administer(name, config, options, print))

export const commands: Readonly<Record<CommandName, Command>> = {
  async up(config, options) {
    // A starter that waits prints what is said: it holds passwords, and must not stand in the log that our own output goes to.
    const say = process.connected ? (text: string) => tellStarter({ said: text }) : print
    if (!options.flags.has('detach')) return (await import('#roles/supervise.ts')).supervise(config, namedInShell(options), say)
    refuseFoldersOfOthers(config)
    ownFolder(join(config.dataFolder, 'log'), null)
    const { words, environment } = upElsewhere(config, options, process.env)
    try {
      const { pid } = await detach({
        program: process.execPath,
        args: [fileURLToPath(new URL('../main.ts', import.meta.url)), ...words],
        env: environment,
        logFile: join(config.dataFolder, 'log', 'up.log'),
        readyWithinMs,
        tell: print,
      })
      print(`It runs in the background, as process ${pid}.`)
      return 0
    } catch (fault) {
      print(fault instanceof Error ? fault.message : 'It did not start.')
      return 1
    }
  },
  async down(config) {
    const stopped = await stopInstance(runFolderOf(config), print)
    const sentences = {
      'not-running': 'It is not running.',
      stopped: 'Stopped.',
      'not-permitted': 'It runs as another user: stop it as that user.',
      'still-running': 'It has not stopped yet: see its log.',
    }
    print(sentences[stopped])
    return stopped === 'stopped' || stopped === 'not-running' ? 0 : 1
  },
  status: (config, options) =>
    showStatus({
      socket: placesOf(config).statusSocket,
      runFolder: runFolderOf(config),
      named: namedInShell(options),
      json: options.flags.has('json'),
      print,
    }),
  demo: overService(async (config, options) => {
    const people = readDemonstration(placesOf(config).demoFile)
    if (people === null) {
      print('There is no demonstration here: it is loaded at the first start, unless --no-demo was given.')
      return 1
    }
    print(options.flags.has('json') ? JSON.stringify(people, null, 2) : peopleTable(people))
    return 0
  }),
  organisations: withDomains('organisations'),
  'add-organisation': withDomains('add-organisation'),
  'set-organisation': withDomains('set-organisation'),
  'map-address': withDomains('map-address'),
  accounts: withDomains('accounts'),
  'add-account': withDomains('add-account'),
  'set-account': withDomains('set-account'),
  'set-listing': withDomains('set-listing'),
  away: withDomains('away'),
  computers: withDomains('computers'),
  'add-device': withDomains('add-device'),
  'enrol-browser': withDomains('enrol-browser'),
  'revoke-device': withDomains('revoke-device'),
  'set-signature': withDomains('set-signature'),
  'set-statement': withDomains('set-statement'),
  permit: withDomains('permit'),
  incident: withDomains('incident'),
  officer: withDomains('officer'),
  hold: withDomains('hold'),
  'set-unscannable': withDomains('set-unscannable'),
  'confirm-clock': withDomains('confirm-clock'),
  judge: overService(async (config, options) => (await import('#roles/judge.ts')).judge(config, options, print)),
  rules: async (_config, options) => (await import('#roles/rulebook.ts')).printRulebook(options, print),
  receipt: overService(async (config, options) => (await import('#roles/prove.ts')).printReceipt(config, options, print, tell)),
  verify: overService(async (config, options) => (await import('#roles/prove.ts')).verify(config, options, print)),
  'public-keys': overService(async (config) => (await import('#roles/prove.ts')).printPublicKeys(config, print)),
  checkpoint: overService(async (config) => (await import('#roles/prove.ts')).printCheckpoint(config, print)),
  witness: async (_config, options) => (await import('#roles/witness.ts')).runWitness(options, print),
  'rotate-root-key': overService(async (config) => (await import('#roles/rotate.ts')).rotateRootKey(config, print)),
  'rotate-log-key': overService(async (config) => (await import('#roles/rotate.ts')).rotateLogKey(config, print)),
  'new-operator-key': async (_config, options) => (await import('#roles/rotate.ts')).newOperatorKey(options, print),
  'accept-rollback': overService(async (config, options) =>
    (await import('#roles/rotate.ts')).acceptRollback(config, options, print),
  ),
  test: async (_config, options) => (await import('#roles/test.ts')).runTests(options.words, print),
  async help() {
    print(helpText())
    return 0
  },
}
