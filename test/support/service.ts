// The whole service in one process, for tests of more than one folder: a database, keys and folders of its own, a stand-in for clamd, every face on a free port, and the demonstration community.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { type Clock, systemClock } from '#base/clock.ts'
import { newLog } from '#base/log.ts'
import { newMetrics } from '#base/metrics.ts'
import { type DemoPerson, loadDemonstration } from '#cli/demonstration.ts'
import { clamdScanner, type Scanner } from '#delivery/scanner.ts'
import type { SessionLimits } from '#identity/web-sessions.ts'
import { newKeeper } from '#keys/keeper.ts'
import { openKeyring } from '#keys/keyring.ts'
import { openRootKey } from '#keys/root.ts'
import { type Sealing, aesGcmZstd } from '#keys/sealing.ts'
import type { MarkingSet } from '#policy/marking-set.ts'
import type { VolumeLimits } from '#policy/volume.ts'
import type { CountryGate } from '#net/country.ts'
import type { NetLimits } from '#net/limits.ts'
import { serverContext } from '#net/tls.ts'
import { type DomainParts, type Domains, openDomains } from '#roles/domains.ts'
import { type Faces, openFaces } from '#roles/faces.ts'
import type { SmtpLimits } from '#smtp/limits.ts'
import { makeCertificate } from '#test/support/certificate.ts'
import { type ClamdMode, type TestClamd, startTestClamd } from '#test/support/clamd.ts'
import { testDatabase } from '#test/support/database.ts'

export interface TestServiceOptions {
  /** What seals and compresses instead of the product's own. */
  readonly sealing?: Sealing
  readonly clock?: Clock
  readonly clamd?: ClamdMode
  /** What scans instead of the stand-in for clamd, which keeps in memory what it is given. */
  readonly scanner?: Scanner
  /** How long the database is waited for. */
  readonly waits?: NonNullable<DomainParts['waits']>
  /** Whether the disk has room; it has when left out. */
  readonly hasRoom?: () => boolean
  /** How long one scan may take. */
  readonly scanTimeoutMs?: number
  /** The quota of each demonstration person. */
  readonly quotaOctets?: number
  readonly smtpLimits?: SmtpLimits
  readonly netLimits?: NetLimits
  /** When browsers' sessions end. */
  readonly sessionLimits?: SessionLimits
  /** The marking schemes; those that are shipped when left out. */
  readonly markings?: MarkingSet
  /** How much an account may send; no test comes near it when left out. */
  readonly volumeLimits?: VolumeLimits
  /** How long a held message waits; 7 days when left out. */
  readonly heldMs?: number
  /** Whether the people of the demonstration may use any browser; they may when left out. */
  readonly demo?: boolean
  /** Who is let in; everybody when left out. */
  readonly admit?: CountryGate
}

export interface TestService {
  readonly domains: Domains
  readonly faces: Faces
  readonly people: readonly DemoPerson[]
  /** The first person of the demonstration with that role. */
  person(role: string): DemoPerson
  /** `root` holds all the others but `keys`, which holds the root key; the demonstration's own file of credentials is in `keys` too. */
  readonly folders: {
    readonly root: string
    readonly content: string
    readonly spool: string
    readonly keyring: string
    readonly log: string
    readonly keys: string
  }
  readonly clamd: TestClamd
  readonly connectionString: string
  /** Ends everything and removes the folders; done at the end of the test file when a test does not. */
  close(): Promise<void>
}

export const testHostName = 'mail.cjsm.test'
export const testSuffix = 'cjsm.test'
export const testHelpdesk = 'helpdesk@helpdesk.cjsm.test'

async function makeFolders(): Promise<TestService['folders']> {
  const root = await mkdtemp(join(tmpdir(), 'cjsm-service-'))
  const names = ['content', 'spool', 'keyring', 'log'] as const
  const [content, spool, keyring, log] = names.map((name) => join(root, name)) as [string, string, string, string]
  for (const path of [content, spool, keyring, log]) await mkdir(path, { mode: 0o700 })
  return { root, content, spool, keyring, log, keys: await mkdtemp(join(tmpdir(), 'cjsm-service-keys-')) }
}

/** Starts the service of a test file. */
export async function testService(options: TestServiceOptions = {}): Promise<TestService> {
  let close = async (): Promise<void> => {}
  after(() => close()) // before the database's own, which drops it
  const { connectionString } = await testDatabase()
  const { clock = systemClock, sealing = aesGcmZstd, quotaOctets = 100 * 1024 * 1024 } = options
  const folders = await makeFolders()
  const log = newLog('debug', { process: 'test' }, join(folders.log, 'service.log'))
  const clamd = await startTestClamd(join(folders.root, 'clamd.sock'))
  clamd.mode = options.clamd ?? 'finds-eicar'
  const keeper = newKeeper(await openRootKey(sealing, folders.keys, true), openKeyring(folders.keyring))
  const domains = openDomains({
    connectionString,
    connections: 10,
    keeper,
    sealing,
    contentFolder: folders.content,
    communitySuffix: testSuffix,
    hostName: testHostName,
    helpdesk: testHelpdesk,
    clock,
    log,
    ...(options.waits === undefined ? {} : { waits: options.waits }),
  })
  const people = await loadDemonstration({
    ...domains,
    communitySuffix: testSuffix,
    quotaOctets,
    file: join(folders.keys, 'demo.json'),
  })
  const faces = await facesOf(domains, options, folders.spool, clamd)
  let closed: Promise<void> | undefined
  close = () =>
    (closed ??= (async () => {
      await faces.close(0)
      await domains.close()
      await clamd.close()
      await rm(folders.root, { recursive: true, force: true })
      await rm(folders.keys, { recursive: true, force: true })
    })())
  const person = (role: string) => people.find((one) => one.role === role)!
  return { domains, faces, people, person, folders, clamd, connectionString, close: () => close() }
}

const anyPort = { host: '127.0.0.1', port: 0 }

function facesOf(domains: Domains, options: TestServiceOptions, spoolFolder: string, clamd: TestClamd): Promise<Faces> {
  const made = makeCertificate()
  const context = serverContext(made.certificate, made.key)
  made.remove()
  return openFaces({
    domains,
    scanner: options.scanner ?? clamdScanner(clamd.path, options.scanTimeoutMs ?? 5_000),
    hasRoom: options.hasRoom ?? (() => true),
    recordHeld: () => null,
    certificate: { context: () => context },
    admit: options.admit ?? (() => null),
    at: { submissions: anyPort, submission: anyPort, imaps: anyPort, https: anyPort, http: anyPort },
    sessionLimits: options.sessionLimits ?? { idleMs: 30 * 60_000, longestMs: 12 * 3_600_000 },
    demo: options.demo ?? true,
    strictTransport: false,
    hostName: testHostName,
    helpdesk: testHelpdesk,
    rulesUrl: 'https://mail.cjsm.test/rules',
    spoolFolder,
    needToKnow: { recipients: 20, organisations: 5, monitored: ['pnn.police.uk'] },
    heldMs: options.heldMs ?? 7 * 24 * 3_600_000,
    ...(options.markings === undefined ? {} : { markings: options.markings }),
    volumeLimits: options.volumeLimits ?? { perHour: 1_000_000, perDay: 1_000_000, spreadPerHour: 1_000_000 },
    clock: domains.clock,
    log: domains.log,
    metrics: newMetrics({ process: 'test' }),
    ...(options.smtpLimits === undefined ? {} : { smtpLimits: options.smtpLimits }),
    ...(options.netLimits === undefined ? {} : { netLimits: options.netLimits }),
  })
}
