// The faces over the domains: what a worker serves. A test opens them the same way, with a seal or a scanner of its own.
import type { Clock } from '#base/clock.ts'
import type { Refused } from '#base/faults.ts'
import type { Log } from '#base/log.ts'
import type { Metrics } from '#base/metrics.ts'
import { openAcceptance } from '#delivery/accept.ts'
import { newAppend } from '#delivery/append.ts'
import { newDocumentThreads } from '#delivery/document-threads.ts'
import { newFindIntegrity } from '#delivery/integrity.ts'
import { newLookInside } from '#delivery/documents.ts'
import { newExpansion } from '#delivery/expansion.ts'
import { openHolds } from '#delivery/holds.ts'
import { withBackPressure } from '#delivery/pressure.ts'
import type { Scanner } from '#delivery/scanner.ts'
import type { SpamEngine } from '#delivery/spam-engine.ts'
import { spoolsIn } from '#delivery/spool.ts'
import { newVolume } from '#delivery/volume.ts'
import { type SignedIn, newSignIn, newStillSignedIn } from '#identity/sign-in.ts'
import { type SessionLimits, openWebSessions } from '#identity/web-sessions.ts'
import { startImap } from '#imap/server.ts'
import { formatAddress } from '#mail/address.ts'
import type { Verifier } from '#keys/note.ts'
import type { PlacedCopy } from '#mailbox/deliver.ts'
import { readerOf } from '#mailbox/means.ts'
import { openMailboxes } from '#mailbox/open-mailboxes.ts'
import { newRoomOf } from '#mailbox/quota.ts'
import { openWatcher } from '#mailbox/watch.ts'
import type { CountryGate } from '#net/country.ts'
import { type NetLimits, netLimits } from '#net/limits.ts'
import type { ListenAt, Listener } from '#net/listener.ts'
import type { ServerCertificate } from '#net/tls.ts'
import { type MarkingSet, shippedSet } from '#policy/marking-set.ts'
import type { NeedToKnowFacts } from '#policy/need-to-know.ts'
import type { VolumeLimits } from '#policy/volume.ts'
import type { Domains } from '#roles/domains.ts'
import { holdsParts } from '#roles/holds.ts'
import type { FacePort } from '#roles/places.ts'
import { helpdeskDoors } from '#roles/helpdesk-doors.ts'
import { webDoors } from '#roles/web-doors.ts'
import { writingDoors } from '#roles/writing-doors.ts'
import { imapDoors, withHelp } from '#roles/imap-doors.ts'
import type { SmtpDoors } from '#smtp/doors.ts'
import { type SmtpLimits, smtpLimits } from '#smtp/limits.ts'
import { listenForSubmission } from '#smtp/server.ts'
import type { Brand } from '#web/brand.ts'
import { type WebServer, startWeb } from '#web/server.ts'

export interface FaceParts {
  readonly domains: Domains
  readonly scanner: Scanner
  /** False while a disk is below its floor. */
  readonly hasRoom: () => boolean
  /** The refusal in force while the record does not stand. */
  readonly recordHeld: () => Refused | null
  readonly certificate: Pick<ServerCertificate, 'context'>
  readonly admit: CountryGate
  readonly at: Readonly<Record<FacePort, ListenAt>>
  /** When browsers' sessions end. T06 */
  readonly sessionLimits: SessionLimits
  /** Whether accounts of the demonstration may use any browser. */
  readonly demo: boolean
  /** Whether no other process serves faces; false when left out. */
  readonly isOnly?: boolean
  /** Whether the certificate is one that others vouch for. */
  readonly strictTransport: boolean
  readonly hostName: string
  readonly helpdesk: string
  /** The page of the rules. */
  readonly rulesUrl: string
  readonly brand?: Brand
  readonly spoolFolder: string
  /** What many recipients are, and which addresses are monitored. G11, T22 */
  readonly needToKnow: NeedToKnowFacts['limits']
  /** After so long, a held message that nobody decided about is not delivered. T19 */
  readonly heldMs: number
  /** How much an account may send. T23 */
  readonly volumeLimits: VolumeLimits
  /** What reads messages of accounts near their limits; null or left out for nothing. */
  readonly spamEngine?: SpamEngine | null
  /** The schemes and the mapping table; those that are shipped when left out. G06 */
  readonly markings?: MarkingSet
  /** Domains outside to which a channel with a verified certificate is agreed; none when left out. G15 */
  readonly channels?: readonly string[]
  /** The keys of the witnesses of whom one must have cosigned a receipt; none when left out. G14 */
  readonly witnesses?: readonly Verifier[]
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly smtpLimits?: SmtpLimits
  readonly netLimits?: NetLimits
}

export interface Faces {
  readonly submissions: Listener
  readonly submission: Listener
  readonly imaps: Listener
  readonly web: WebServer
  /** Takes nothing new, lets what is under way end within `graceMs`. */
  close(graceMs: number): Promise<void>
}

export async function openFaces(parts: FaceParts): Promise<Faces> {
  const {
    domains,
    clock,
    log,
    metrics,
    scanner,
    hasRoom,
    recordHeld,
    markings = shippedSet,
    channels = [],
    witnesses = [],
  } = parts
  const watcher = await openWatcher({ database: domains.database, log, tells: parts.isOnly !== true })
  const mailboxes = openMailboxes({ ...domains, watcher })
  const roomOf = newRoomOf(domains)
  const announce = (placed: readonly PlacedCopy[]) => watcher.announce(placed)
  const newSpool = spoolsIn(parts.spoolFolder, domains.keys.sealing)
  const scanning = { countExpansion: newExpansion(clock), scanner }
  const documents = newDocumentThreads()
  const lookInside = newLookInside(documents, clock)
  const findIntegrity = newFindIntegrity({ mailboxes })
  const door = openAcceptance({
    ...domains,
    findIntegrity,
    volume: newVolume({
      ...domains,
      limits: parts.volumeLimits,
      ...(parts.spamEngine == null ? {} : { spam: { engine: parts.spamEngine, metrics } }),
    }),
    ...scanning,
    lookInside,
    roomOf,
    hasRoom,
    recordHeld,
    markings,
    channels,
    hostName: parts.hostName,
    rulesUrl: parts.rulesUrl,
    heldMs: parts.heldMs,
    announce,
  })
  const acceptance = withBackPressure(door, clock)
  const holds = openHolds(
    holdsParts(domains, { scanner, hasRoom, recordHeld, announce, hostName: parts.hostName, rulesUrl: parts.rulesUrl }),
  )
  const signIn = newSignIn(domains)

  const smtp: SmtpDoors = {
    signIn,
    newSpool,
    admitReversePath: async (who, reversePath) =>
      acceptance.admitReversePath(who as SignedIn, reversePath === null ? null : formatAddress(reversePath)),
    admitRecipient: (_who, _envelope, recipient) => acceptance.admitRecipient(recipient.address),
    accept: acceptance.submit as SmtpDoors['accept'],
  }
  const imap = imapDoors({
    signIn,
    stillSignedIn: newStillSignedIn(domains),
    mailboxes,
    help: parts,
    append: newAppend({
      ...domains,
      ...scanning,
      hasRoom,
      recordHeld,
      newSpool,
      roomOf,
      announce,
      mailboxNamed: async (who, name) => (await mailboxes.status(readerOf(who), name))?.id ?? null,
    }),
  })

  const common = {
    tlsContext: parts.certificate.context,
    admit: parts.admit,
    log,
    metrics,
    netLimits: parts.netLimits ?? netLimits,
  }
  const submission = {
    ...common,
    doors: smtp,
    hostName: parts.hostName,
    helpdesk: parts.helpdesk,
    rulesUrl: parts.rulesUrl,
    limits: parts.smtpLimits ?? smtpLimits,
    clock,
  }
  const sessions = openWebSessions({ ...domains, clock, limits: parts.sessionLimits, admitsDemonstration: parts.demo })
  const writing = writingDoors(domains, {
    lookInside,
    findIntegrity,
    countExpansion: scanning.countExpansion,
    holds,
    acceptance,
    roomOf,
    newSpool,
    hasRoom,
    recordHeld,
    markings,
    channels,
    witnesses,
    hostName: parts.hostName,
    mailboxes,
    limits: parts.needToKnow,
  })
  const web = await startWeb({
    ...common,
    at: parts.at,
    doors: webDoors({
      domains,
      sessions,
      mailboxes,
      writing,
      markings,
      desk: helpdeskDoors(domains, watcher, parts, holds),
    }),
    helpdesk: parts.helpdesk,
    ...(parts.brand === undefined ? {} : { brand: parts.brand }),
    strictTransport: parts.strictTransport,
    clock,
  })
  const listeners = await Promise.all([
    listenForSubmission({ ...submission, at: parts.at.submissions, tls: 'implicit' }),
    listenForSubmission({ ...submission, at: parts.at.submission, tls: 'starttls' }),
    startImap({
      ...common,
      at: parts.at.imaps,
      doors: imap,
      admit: (address) => withHelp(parts.admit(address), parts),
    }),
  ])
  const [submissions, submissionStartTls, imaps] = listeners
  return {
    submissions,
    submission: submissionStartTls,
    imaps,
    web,
    close: async (graceMs) => {
      await Promise.all([...listeners, web.https, web.http].map((listener) => listener.close(graceMs)))
      await watcher.close()
      await documents.close()
      parts.scanner.close()
    },
  }
}
