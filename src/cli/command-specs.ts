// The operator's commands: one table, of which the parser reads what may be typed, and the help what is printed.
import type { Config } from '#config.ts'

interface OptionSpec {
  readonly type: 'string' | 'boolean'
  readonly says: string
  /** The setting that it gives, if it is one. */
  readonly setting?: keyof Config
}

export interface CommandSpec {
  readonly usage: string
  readonly says: string
  readonly words: readonly string[]
  /** One word may follow, or none. */
  readonly optionalWord?: true
  readonly options: Readonly<Record<string, OptionSpec>>
}

/** How every command finds its instance. */
export const where: CommandSpec['options'] = {
  data: { type: 'string', says: 'the data folder', setting: 'dataFolder' },
  config: { type: 'string', says: 'a file of settings (JSON)' },
}
const json: CommandSpec['options'] = { json: { type: 'boolean', says: 'print JSON' } }

export const commandSpecs = {
  up: {
    usage: 'up [options]',
    says: 'start the service; --detach leaves it running in the background',
    words: [],
    options: {
      ...where,
      detach: { type: 'boolean', says: 'return once it serves' },
      'port-offset': {
        type: 'string',
        says: 'added to the real ports; default 8000, 0 for the real ones',
        setting: 'portOffset',
      },
      host: { type: 'string', says: 'the address to listen on', setting: 'host' },
      'no-demo': { type: 'boolean', says: 'start without the demonstration community', setting: 'demo' },
    },
  },
  down: { usage: 'down', says: 'stop the service', words: [], options: where },
  status: {
    usage: 'status [--json]',
    says: 'say how the service and its processes are',
    words: [],
    options: { ...where, ...json },
  },
  demo: {
    usage: 'demo [--json]',
    says: 'show the demonstration people and their passwords',
    words: [],
    options: { ...where, ...json },
  },
  organisations: { usage: 'organisations [--json]', says: 'list the organisations', words: [], options: { ...where, ...json } },
  'add-organisation': {
    usage: 'add-organisation --name NAME --kind KIND (--domain D | --server-domain D) [--adopter] [--parent NAME]',
    says: 'add an organisation, with mailboxes here or with a mail server of its own',
    words: [],
    options: {
      ...where,
      name: { type: 'string', says: 'its name' },
      kind: { type: 'string', says: 'police, prosecution, solicitors, chambers, ...' },
      domain: { type: 'string', says: 'a mailbox domain below the community suffix' },
      'server-domain': { type: 'string', says: 'the home domain of its own mail server' },
      adopter: { type: 'boolean', says: 'it adopted the protective marking scheme (G06)' },
      parent: { type: 'string', says: 'the organisation it belongs to' },
    },
  },
  'set-organisation': {
    usage:
      'set-organisation NAME [--state (active | sending-suspended | suspended)] [--scheme (adopter | none)] [--domain D | --server-domain D] --reason TEXT',
    says: 'suspend an organisation with all its accounts, or let it go on (G02); change its adoption (G06); give it another domain',
    words: ['name'],
    options: {
      ...where,
      state: { type: 'string', says: 'what its accounts may do at most; each keeps its own state besides' },
      scheme: { type: 'string', says: 'whether it adopted the protective marking scheme' },
      domain: { type: 'string', says: 'another mailbox domain below the community suffix' },
      'server-domain': { type: 'string', says: 'another home domain of its own mail server' },
      reason: { type: 'string', says: 'why, as it stands in the record' },
    },
  },
  'map-address': {
    usage: 'map-address ADDRESS (--home ADDRESS | --nobody)',
    says: 'say which home address stands behind one community address of a server organisation, or that none does',
    words: ['community address'],
    options: {
      ...where,
      home: { type: 'string', says: 'the address at its own mail server' },
      nobody: { type: 'boolean', says: 'the address is nobody’s' },
    },
  },
  accounts: {
    usage: 'accounts [--organisation NAME] [--json]',
    says: 'list the accounts',
    words: [],
    options: { ...where, ...json, organisation: { type: 'string', says: 'only this organisation’s' } },
  },
  'add-account': {
    usage: 'add-account --organisation NAME --name NAME --role ROLE --address A --user-name U [--quota OCTETS]',
    says: 'open an account and print its one-time password and first device password',
    words: [],
    options: {
      ...where,
      ...json,
      organisation: { type: 'string', says: 'its organisation' },
      name: { type: 'string', says: 'the person’s name' },
      role: { type: 'string', says: 'what they are: solicitor, clerk, ...' },
      address: { type: 'string', says: 'their address' },
      'user-name': { type: 'string', says: 'what they sign in with' },
      quota: { type: 'string', says: 'octets of mail they may store; the setting quotaOctets when left out' },
    },
  },
  'set-account': {
    usage: 'set-account USER-NAME (active | sending-suspended | suspended | removed) --reason TEXT',
    says: 'suspend, remove or reinstate an account (G02)',
    words: ['user name', 'state'],
    options: { ...where, reason: { type: 'string', says: 'why, as it stands in the record' } },
  },
  'set-listing': {
    usage: 'set-listing USER-NAME (listed | ex-directory) --reason TEXT',
    says: 'show a person in the directory, or to nobody: they are reached by their address all the same (G11)',
    words: ['user name', 'listed or ex-directory'],
    options: { ...where, reason: { type: 'string', says: 'why, as it stands in the record' } },
  },
  away: {
    usage: 'away USER-NAME (--from DAY --until DAY --text TEXT | --off)',
    says: 'say that a person is away and what is answered for them, or that they are back (G11, RFC 3834)',
    words: ['user name'],
    options: {
      ...where,
      from: { type: 'string', says: 'the first day, like 2026-12-21' },
      until: { type: 'string', says: 'the last day' },
      text: { type: 'string', says: 'what is answered, once a week to each sender' },
      off: { type: 'boolean', says: 'nobody is told any more that they are away' },
    },
  },
  computers: {
    usage: 'computers USER-NAME [--json]',
    says: 'list the computers of a person, with the ids by which revoke-device names them',
    words: ['user name'],
    options: { ...where, ...json },
  },
  'add-device': {
    usage: 'add-device USER-NAME --name NAME',
    says: 'give another computer of a person its device password',
    words: ['user name'],
    options: { ...where, name: { type: 'string', says: 'what the computer is called' } },
  },
  'enrol-browser': {
    usage: 'enrol-browser USER-NAME',
    says: 'print a one-time code that makes a browser one of a person’s computers (G17); good for 24 hours',
    words: ['user name'],
    options: where,
  },
  'revoke-device': { usage: 'revoke-device ID', says: 'take a computer’s device password away', words: ['id'], options: where },
  'set-signature': {
    usage: 'set-signature USER-NAME --text TEXT',
    says: 'give a person a signature block of their own, or with an empty text the usual one (G12)',
    words: ['user name'],
    options: { ...where, text: { type: 'string', says: 'its lines; name, role, organisation and address when empty' } },
  },
  'set-statement': {
    usage: 'set-statement --organisation NAME [--text TEXT] [--for marked|protected] [--unsigned warn|refuse]',
    says: 'word an organisation’s confidentiality statement, and say where it goes (G12, G13)',
    words: [],
    options: {
      ...where,
      organisation: { type: 'string', says: 'whose' },
      text: { type: 'string', says: 'the statement; empty for none' },
      for: { type: 'string', says: 'marked: what bears a marking; protected: all but NOT PROTECTIVELY MARKED' },
      unsigned: { type: 'string', says: 'what becomes of signed or encrypted mail without a signature block' },
    },
  },
  permit: {
    usage: 'permit (grant | list | revoke) [options]',
    says: 'permits for mail that machines send (T08)',
    words: ['grant, list or revoke'],
    options: {
      ...where,
      ...json,
      user: { type: 'string', says: 'the user name of the account that sends' },
      purpose: { type: 'string', says: 'what for' },
      to: { type: 'string', says: 'addresses, with commas' },
      'to-organisations': { type: 'string', says: 'names of organisations, with commas' },
      'per-hour': { type: 'string', says: 'how many messages an hour' },
      days: { type: 'string', says: 'for how many days' },
      device: {
        type: 'string',
        says: 'the computer, as add-device printed it, whose password alone it is for; left out for any of the account',
      },
      'granted-by': { type: 'string', says: 'who granted it' },
      id: { type: 'string', says: 'the permit to revoke' },
    },
  },
  incident: {
    usage: 'incident (list | lift | confirm | release | destroy | close) [--id ID --reason TEXT] [--json]',
    says: 'what a person must look at: marked above RESTRICTED (G05, T07), reported, spam, regular mail (T08, T23)',
    words: ['list, lift, confirm, release, destroy or close'],
    options: {
      ...where,
      ...json,
      id: { type: 'string', says: 'the incident to decide' },
      reason: { type: 'string', says: 'why, as it stands in the record' },
    },
  },
  'set-unscannable': {
    usage: 'set-unscannable --organisation NAME --choice (refuse | hold | deliver-flagged)',
    says: 'choose what becomes of an organisation’s messages that cannot be looked into: encrypted, over a limit (T19)',
    words: [],
    options: {
      ...where,
      organisation: { type: 'string', says: 'whose' },
      choice: { type: 'string', says: 'refuse, hold for a person, or deliver with a note' },
    },
  },
  hold: {
    usage: 'hold (list | release | refuse) [--id ID --reason TEXT] [--json]',
    says: 'messages that were held since they could not be looked into (T19); each is released or refused once',
    words: ['list, release or refuse'],
    options: {
      ...where,
      ...json,
      id: { type: 'string', says: 'the held message to decide about' },
      reason: { type: 'string', says: 'why, as it stands in the record; the sender of what is refused is shown it' },
    },
  },
  officer: {
    usage: 'officer (appoint | dismiss) USER-NAME --reason TEXT',
    says: 'let somebody decide for the Helpdesk, in webmail under Helpdesk, or no more',
    words: ['appoint or dismiss', 'user name'],
    options: { ...where, reason: { type: 'string', says: 'why, as it stands in the record' } },
  },
  'confirm-clock': {
    usage: 'confirm-clock',
    says: 'say that this machine’s clock is right after it jumped; what expires goes on then',
    words: [],
    options: where,
  },
  judge: {
    usage: 'judge FILE.eml --from ADDRESS --to ADDRESS[,ADDRESS ...] [--json]',
    says: 'say what would happen to a message and why, rule by rule; nothing is stored',
    words: ['file'],
    options: {
      ...where,
      ...json,
      from: { type: 'string', says: 'whose message it would be' },
      to: { type: 'string', says: 'to whom, with commas between' },
    },
  },
  rules: {
    usage: 'rules [--json]',
    says: 'print each clause, how it is kept, by which rules, and what a sender sees',
    words: [],
    options: { ...where, ...json },
  },
  receipt: {
    usage: 'receipt ID [--recipient ADDRESS] [--delivered]',
    says: 'print the receipt of a record, to be verified with public keys alone (G14)',
    words: ['record’s id'],
    options: {
      ...where,
      recipient: { type: 'string', says: 'whose part, where there is one for each recipient' },
      delivered: { type: 'boolean', says: 'that of the delivery, to be compared with the message as it was delivered' },
    },
  },
  verify: {
    usage: 'verify (FILE --key PUBLIC-KEYS [--message FILE.eml] [--witnesses N] | --all)',
    says: 'verify a receipt, without the service; or the whole record against what is stored',
    words: [],
    optionalWord: true,
    options: {
      ...where,
      all: { type: 'boolean', says: 'hold the whole record against the store, and name each thing that is wrong' },
      key: { type: 'string', says: 'the file of public keys' },
      message: { type: 'string', says: 'a file that is compared with the message of the receipt' },
      witnesses: { type: 'string', says: 'how many witnesses must have cosigned' },
    },
  },
  'public-keys': {
    usage: 'public-keys',
    says: 'print the public keys that receipts are verified with',
    words: [],
    options: where,
  },
  checkpoint: { usage: 'checkpoint', says: 'print the latest signed checkpoint of the record', words: [], options: where },
  witness: {
    usage: 'witness --origin NAME --log-key KEYS --listen PORT --data DIR [--name NAME]',
    says: 'run a witness: it cosigns a log’s checkpoints as long as each extends the last (C2SP tlog-witness)',
    words: [],
    options: {
      origin: { type: 'string', says: 'the log’s name' },
      'log-key': { type: 'string', says: 'the log’s public keys, or a file that public-keys printed' },
      listen: { type: 'string', says: 'the port, or address and port' },
      data: { type: 'string', says: 'where its key and what it saw are kept' },
      name: { type: 'string', says: 'what names its key when that is made; by default witness- and random digits' },
    },
  },
  'rotate-root-key': {
    usage: 'rotate-root-key',
    says: 'replace the root key while the service runs; goes on where it was cut off',
    words: [],
    options: where,
  },
  'rotate-log-key': { usage: 'rotate-log-key', says: 'let the record be signed with a new key', words: [], options: where },
  'new-operator-key': {
    usage: 'new-operator-key NAME --out FILE',
    says: 'make an operator’s key, and print its public half for the setting operatorKeys',
    words: ['name'],
    options: { ...where, out: { type: 'string', says: 'the file for the key, to be kept by that operator' } },
  },
  'accept-rollback': {
    usage: 'accept-rollback KEY-FILE KEY-FILE',
    says: 'go on with a record that was rolled back, on the word of two operators',
    words: ['first operator’s key file', 'second operator’s key file'],
    options: where,
  },
  test: { usage: 'test [FILE ...]', says: 'run all tests, or those of some files', words: [], options: {} },
  help: { usage: 'help', says: 'print this', words: [], options: {} },
} satisfies Record<string, CommandSpec>

export type CommandName = keyof typeof commandSpecs
