// Every setting: default, unit, what it does, clause. A file (JSON) plus environment (CJSM_…) plus the options of `up`; anything unknown is an error.
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { Type, type TProperties } from 'typebox'
import { Errors, Value } from 'typebox/value'

const port = (offset: string) => `Ports are ${offset} plus portOffset.`
const MiB = 1024 * 1024

const Domain = Type.String({ pattern: '^[a-z0-9.-]{1,253}$', description: 'a domain in lower case, as example.org' })
/** As C2SP writes verifier keys; whether it is one is told where it is read. */
const publicKey = '[^\\s+]{1,255}\\+[0-9a-f]{8}\\+[A-Za-z0-9+/=]{44}'

/** The settings, in the order in which docs/settings.md shows them. */
/** A host as it stands in a link. */
const linkHost = '([a-z0-9.-]{1,253}|\\[[0-9a-f:]{2,45}\\])'

const settings = {
  dataFolder: Type.String({
    minLength: 1,
    description:
      'Where everything is kept but the root key. Default: /var/lib/cjsm for root, else a folder of the user’s own state.',
  }),
  keyFolder: Type.String({
    minLength: 1,
    description:
      'Where the root key is kept; must be outside dataFolder, and backed up apart from it. Default: dataFolder with -keys behind it.',
  }),
  host: Type.String({ default: '127.0.0.1', minLength: 1, description: 'The address to listen on. T14' }),
  portOffset: Type.Integer({
    default: 8000,
    minimum: 0,
    maximum: 64_000,
    description: `${port('443 (https), 80 (http), 465 (submissions), 587 (submission), 993 (imaps) and 100 (operations)')} 0 gives the real ports.`,
  }),
  hostName: Type.String({
    default: 'mail.cjsm.test',
    pattern: '^[a-z0-9.-]{1,253}$',
    description: 'The name the service gives itself in greetings and trace fields (RFC 5321 §4.1.1.1).',
  }),
  communitySuffix: Type.String({
    default: 'cjsm.test',
    pattern: '^[a-z0-9.-]{1,253}$',
    description: 'The suffix of every address of the community.',
  }),
  demo: Type.Boolean({
    default: true,
    description: 'Load the demonstration community at the first start, and count loopback as inside the UK.',
  }),
  workers: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 64,
    description: 'How many processes serve the faces. 0: one a core, but for one core that is left to the database.',
  }),
  unansweredMs: Type.Integer({
    default: 30_000,
    minimum: 1000,
    maximum: 3_600_000,
    description:
      'A process of ours, or a clamd that is not loading signatures, that does not answer for so long, in milliseconds, is ended and started again; PostgreSQL never is.',
  }),
  databaseUrl: Type.String({
    default: '',
    pattern: '^(postgres(ql)?://\\S+)?$',
    writeOnly: true,
    description: 'An external PostgreSQL (15 or later) instead of the embedded one, as postgres://….',
  }),
  clamdSocket: Type.String({
    default: '',
    description: 'The Unix socket of a clamd that runs already, instead of one of our own. T19',
  }),
  scanTimeoutMs: Type.Integer({
    default: 25_000,
    minimum: 100,
    maximum: 29_000,
    description: 'How long one scan may take, in milliseconds, before the answer is 451. T19',
  }),
  tlsCertificate: Type.String({
    default: '',
    description: 'The certificate chain file (PEM); without it, a development certificate is made. T14',
  }),
  tlsKey: Type.String({ default: '', description: 'The private key file (PEM) of tlsCertificate. T14' }),
  insideNetworks: Type.Array(Type.String({ description: 'a network, as 192.0.2.0/24' }), {
    default: [],
    description: 'Networks (CIDR) that count as inside the UK beside what the country data says. T21',
  }),
  countryData: Type.String({
    default: '',
    description: 'A country database (.mmdb) instead of the one that comes with the program. T21',
  }),
  quotaOctets: Type.Integer({
    default: 4096 * MiB,
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'The quota of a new mailbox, in octets of stored mail.',
  }),
  diskFloorOctets: Type.Integer({
    default: 512 * MiB,
    minimum: 16 * MiB,
    maximum: Number.MAX_SAFE_INTEGER,
    description:
      'Below so much free space, in octets, no mail is accepted (452 4.3.1); reading goes on. A quarter of it is kept as ballast in dataFolder.',
  }),
  diskFloorInodes: Type.Integer({
    default: 10_000,
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Below so many free inodes no mail is accepted (452 4.3.1); reading goes on.',
  }),
  manyRecipients: Type.Integer({
    default: 20,
    minimum: 1,
    maximum: 500,
    description: 'Webmail asks a sender to look again at a message for more recipients. G11',
  }),
  manyOrganisations: Type.Integer({
    default: 5,
    minimum: 1,
    maximum: 500,
    description: 'Webmail asks a sender to look again at a message for more organisations. G11',
  }),
  monitoredSuffixes: Type.Array(Domain, {
    default: ['gsi.gov.uk', 'gsx.gov.uk', 'gse.gov.uk', 'gcsx.gov.uk', 'pnn.police.uk'],
    description: 'Domains, with what is below them, in which mail may be read by auditors: senders are told. T22',
  }),
  verifiedChannels: Type.Array(Domain, {
    default: [],
    description:
      'Domains outside the community to which a channel with a verified certificate is agreed: a sender may declare that somebody there is trusted. G15',
  }),
  sendingPerHour: Type.Integer({
    default: 10_000,
    minimum: 1,
    maximum: 2_147_483_647,
    description:
      'To so many recipients an account may send within an hour; past it, sending is stopped until a person lifts that. T23',
  }),
  sendingPerDay: Type.Integer({
    default: 50_000,
    minimum: 1,
    maximum: 2_147_483_647,
    description:
      'To so many recipients an account may send within 24 hours; past it, sending is stopped until a person lifts that. T23',
  }),
  organisationsPerHour: Type.Integer({
    default: 1_000,
    minimum: 1,
    maximum: 2_147_483_647,
    description:
      'To people of so many organisations an account may send within an hour; past it, sending is stopped until a person lifts that. T23',
  }),
  spamEngine: Type.Union([Type.Literal('off'), Type.Literal('spamassassin'), Type.Literal('rspamd')], {
    default: 'off',
    description:
      'A spam engine that runs already, and is asked about accounts that come near their limits. What it says supports the limits, and stops nothing by itself. See docs/operating.md. T23',
  }),
  spamEngineAddress: Type.String({
    default: '',
    pattern: '^(/[\\x21-\\x7e]{1,100}|(127(\\.[0-9]{1,3}){3}|localhost|\\[::1\\]):[0-9]{1,5})?$',
    description:
      'Where it listens: a Unix socket, or a port of loopback. Default: 127.0.0.1:783 for spamassassin, 127.0.0.1:11333 for rspamd. T23',
  }),
  heldDays: Type.Integer({
    default: 7,
    minimum: 1,
    maximum: 90,
    description:
      'A message that is held, since it could not be looked into, is not delivered when nobody decided about it for so many days; its sender is told. T19',
  }),
  sessionIdleMinutes: Type.Integer({
    default: 30,
    minimum: 1,
    maximum: 720,
    description: 'A webmail session without a request ends after so many minutes. T06',
  }),
  sessionHours: Type.Integer({
    default: 12,
    minimum: 1,
    maximum: 168,
    description: 'A webmail session ends so many hours after its sign-in. T06',
  }),
  markingsFolder: Type.String({
    default: '',
    description:
      'A folder of JSON files with marking schemes of the operator’s or of organisations, and mapping.json in place of the shipped table; empty for none. See docs/operating.md. G06, G07',
  }),
  helpdesk: Type.String({
    default: 'helpdesk@helpdesk.cjsm.test, 0300 000 0000',
    minLength: 3,
    maxLength: 100,
    description:
      'How to reach the Helpdesk; stands in every refusal. Mail for postmaster goes to the address in it, which is to be a member’s mailbox. T00',
  }),
  publicUrl: Type.String({
    default: '',
    pattern: `^(https://${linkHost}(:[0-9]{1,5})?)?$`,
    description:
      'Where people find webmail, as https://name or https://name:port; each refusal names its rule’s page there. Default: hostName, or the machine itself while no hostName is set, and the https port. T00',
  }),
  serviceName: Type.String({
    default: 'Criminal Justice Secure eMail',
    minLength: 1,
    maxLength: 60,
    description: 'What webmail calls itself, in the header and the title of every page.',
  }),
  serviceColour: Type.String({
    default: '',
    pattern: '^(#[0-9a-f]{6})?$',
    description: 'The colour of webmail’s header, as #rrggbb; what stands on it is black or white. Default: a dark blue.',
  }),
  logOrigin: Type.String({
    default: '',
    pattern: '^[^\\s+]{0,255}$',
    description:
      'The name of the record’s log (C2SP tlog-checkpoint), also of its key. Default: the name that the log began with, which stays when hostName changes; a new log’s is hostName and /evidence. Another name than the log began with stops the start. G14',
  }),
  witnesses: Type.Array(
    Type.String({ pattern: `^https?://[^\\s]{1,500} ${publicKey}$`, description: 'a URL, a space, and a public key' }),
    {
      default: [],
      description: 'The witnesses that cosign the record’s checkpoints: the URL, a space, and the public key of each. G14',
    },
  ),
  operatorKeys: Type.Array(Type.String({ pattern: `^${publicKey}$`, description: 'a public key' }), {
    default: [],
    description: 'Public keys of operators, as new-operator-key prints them; any two may accept a record that was rolled back.',
  }),
  logFile: Type.String({
    default: '',
    description: 'Where the log is appended to: a file, or - for standard output. Default: log/service.log in dataFolder.',
  }),
  logLevel: Type.Union(
    [Type.Literal('debug'), Type.Literal('info'), Type.Literal('warn'), Type.Literal('error'), Type.Literal('silent')],
    { default: 'info', description: 'The least severe log line that is written.' },
  ),
} satisfies TProperties

const Settings = Type.Object(settings, { additionalProperties: false })

const schemas = settings as unknown as Record<string, Record<string, unknown>>

export type Config = Readonly<Type.Static<typeof Settings>> & { readonly ports: Ports }
export interface Ports {
  readonly https: number
  readonly http: number
  readonly submissions: number
  readonly submission: number
  readonly imaps: number
  readonly operations: number
}

/** A setting is wrong: its message is one sentence for the operator that names the key and what is allowed. */
export class SettingError extends Error {
  override name = 'SettingError'
}

/** The environment variable of a setting: CJSM_DATA_FOLDER for dataFolder. */
export function environmentName(key: string): string {
  return `CJSM_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

// Variables of the same prefix that are not settings of the service: the launcher's and the tests' own.
const notSettings = /^CJSM_(TEST_|FUZZ_|SLOW|CONFIG$|LONG)/

/** Reads file, environment and options (in rising precedence) into one checked, frozen Config; throws SettingError. */
export function readConfig(
  environment: Record<string, string | undefined>,
  options: { file?: string; overrides?: Record<string, unknown> } = {},
): Config {
  const file = options.file ?? environment.CJSM_CONFIG
  const given: Record<string, unknown> = { ...(file === undefined ? {} : readFile(file)) }
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('CJSM_') || notSettings.test(name) || text === undefined) continue
    const key = Object.keys(settings).find((candidate) => environmentName(candidate) === name)
    if (key === undefined)
      throw new SettingError(`${name} in the environment is not a setting. See docs/settings.md for those there are.`)
    given[key] = fromText(key as keyof typeof settings, text)
  }
  Object.assign(given, options.overrides)
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(settings, key))
      throw new SettingError(`${key} is not a setting. See docs/settings.md for those there are.`)
  }
  return complete(given)
}

function readFile(file: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (fault) {
    throw new SettingError(`The settings file ${file} cannot be read (${(fault as NodeJS.ErrnoException).code}).`)
  }
  try {
    const read: unknown = JSON.parse(text)
    if (read !== null && typeof read === 'object' && !Array.isArray(read)) return read as Record<string, unknown>
  } catch {}
  throw new SettingError(`The settings file ${file} is not one JSON object.`)
}

function fromText(key: keyof typeof settings, text: string): unknown {
  const schema = settings[key] as { type?: string }
  if (schema.type === 'integer') return /^-?\d+$/.test(text) ? Number(text) : text
  if (schema.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  if (schema.type === 'array') return text === '' ? [] : text.split(',').map((item) => item.trim())
  return text
}

/** Settings that are paths: a relative one counts from the folder in which the command was typed. */
const paths = ['dataFolder', 'keyFolder', 'clamdSocket', 'tlsCertificate', 'tlsKey', 'countryData', 'markingsFolder', 'logFile']

/** An empty path stays empty: made absolute, it would be the working folder. `-` is no path, but standard output. */
const absolute = (path: unknown): unknown => (typeof path === 'string' && path !== '' && path !== '-' ? resolve(path) : path)

function complete(given: Record<string, unknown>): Config {
  const root = process.getuid?.() === 0
  const state = process.env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state')
  const withDefaults = Value.Default(Settings, { dataFolder: root ? '/var/lib/cjsm' : join(state, 'cjsm'), ...given }) as Record<
    string,
    unknown
  >
  for (const key of paths) if (withDefaults[key] !== undefined) withDefaults[key] = absolute(withDefaults[key])
  if (withDefaults.keyFolder === undefined) withDefaults.keyFolder = `${withDefaults.dataFolder}-keys`
  const [wrong] = Errors(Settings, withDefaults)
  if (wrong !== undefined) throw new SettingError(sentenceFor(wrong.instancePath, withDefaults))
  const config = withDefaults as Type.Static<typeof Settings>
  if (config.logFile === '') config.logFile = join(config.dataFolder, 'log', 'service.log')
  if (isWithin(config.keyFolder, config.dataFolder))
    throw new SettingError('keyFolder must be outside dataFolder: a back-up of the data must not hold the key that opens it.')
  if ((config.tlsCertificate === '') !== (config.tlsKey === ''))
    throw new SettingError('tlsCertificate and tlsKey are set together, or neither is.')
  const ports = { https: 443, http: 80, submissions: 465, submission: 587, imaps: 993, operations: 100 }
  if (config.spamEngineAddress === '')
    config.spamEngineAddress = config.spamEngine === 'rspamd' ? '127.0.0.1:11333' : '127.0.0.1:783'
  const https = ports.https + config.portOffset
  if (config.publicUrl === '') {
    // The default of hostName is no name that any machine knows.
    const name = given.hostName === undefined ? reachedAt(config).toLowerCase() : config.hostName
    const written = name.includes(':') ? `[${name}]` : name
    // An address with a zone, as fe80::1%eth0, is none for a link.
    const inLink = new RegExp(`^${linkHost}$`).test(written) ? written : config.hostName
    config.publicUrl = `https://${inLink}${https === 443 ? '' : `:${https}`}`
  }
  return Object.freeze({
    ...config,
    ports: Object.fromEntries(
      Object.entries(ports).map(([name, number]) => [name, number + config.portOffset]),
    ) as unknown as Ports,
  })
}

/** The name or address by which a program on this machine reaches the service, of those that its certificate bears. */
export function reachedAt({ host, hostName, tlsCertificate }: Pick<Config, 'host' | 'hostName' | 'tlsCertificate'>): string {
  if (tlsCertificate !== '') return hostName
  return /^(127\.|0\.0\.0\.0$|::1?$)/.test(host) ? 'localhost' : host
}

const isWithin = (inner: string, outer: string): boolean =>
  inner === outer || (dirname(inner) !== inner && isAbsolute(inner) && isWithin(dirname(inner), outer))

/** What is wrong at a place of the settings, `/key` or `/key/item`; a setting that may hold a password is not shown. */
function sentenceFor(place: string, values: Record<string, unknown>): string {
  const [, key = '', at] = place.split('/')
  const schema = schemas[key]
  if (schema === undefined) return `The settings cannot be read: ${key} is wrong.`
  const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 60)
  const given = values[key]
  const wrong =
    at !== undefined && Array.isArray(given)
      ? `holds ${shown(given[Number(at)])}, but each item must be ${allowedItem(schema)}`
      : `${schema.writeOnly === true ? '' : `is ${shown(given)}, but `}must be ${allowed(schema)}`
  return `${key} ${wrong}. ${schema.description}`
}

function allowedItem({ items }: Record<string, unknown>): string {
  const item = items as Record<string, unknown>
  return `${item.description}: ${allowed(item)}`
}

function allowed(schema: Record<string, unknown>): string {
  if (Array.isArray(schema.anyOf)) return `one of ${schema.anyOf.map((one: { const: string }) => one.const).join(', ')}`
  const range = ['minimum', 'maximum', 'minLength', 'maxLength', 'pattern']
    .filter((key) => key in schema)
    .map((key) => `${key} ${schema[key]}`)
  if (schema.type === 'array') return `a list, each item ${allowedItem(schema)}`
  const type = { integer: 'a whole number', boolean: 'true or false' }[schema.type as string] ?? 'text'
  return range.length === 0 ? type : `${type} (${range.join(', ')})`
}

/** The environment that makes a child process read the same settings. */
export function environmentOf(config: Config): Record<string, string> {
  return Object.fromEntries(
    Object.keys(settings).map((key) => [environmentName(key), String(config[key as keyof typeof settings])]),
  )
}

/** docs/settings.md, generated: config.test.ts fails when the file is stale. */
export function settingsPage(): string {
  const rows = Object.entries(schemas).map(
    ([key, schema]) =>
      `| \`${key}\` | \`${environmentName(key)}\` | ${'default' in schema ? `\`${JSON.stringify(schema.default)}\`` : 'see text'} | ${allowed(schema).replaceAll('|', '\\|')} | ${schema.description} |`,
  )
  return `# Settings\n\nGenerated from \`src/config.ts\`. A setting comes from the file named by \`--config\` or \`CJSM_CONFIG\` (one JSON object), then the environment, then the options of \`up\`; the last wins. A relative path, also one that stands in the file, counts from the folder in which the command was typed.\n\n| setting | environment | default | allowed | what it does |\n|---|---|---|---|---|\n${rows.join('\n')}\n`
}
