// The two doors of mail, for tests: submits as a person of the demonstration, and opens what is in their mailboxes, over the parts of a test service.
import { after } from 'node:test'
import type { Accepted, Envelope, EnvelopeRecipient } from '#delivery/envelope.ts'
import { type Acceptance, type AcceptanceParts, openAcceptance } from '#delivery/accept.ts'
import { type Append, newAppend } from '#delivery/append.ts'
import { newDocumentThreads } from '#delivery/document-threads.ts'
import { type LookInside, newLookInside } from '#delivery/documents.ts'
import { type CountExpansion, newExpansion } from '#delivery/expansion.ts'
import { type Holds, openHolds } from '#delivery/holds.ts'
import { clamdScanner } from '#delivery/scanner.ts'
import { type NewSpool, spoolsIn } from '#delivery/spool.ts'
import { type FindIntegrity, newFindIntegrity } from '#delivery/integrity.ts'
import { newVolume } from '#delivery/volume.ts'
import type { Refused } from '#base/faults.ts'
import type { DemoPerson } from '#cli/demonstration.ts'
import type { Leaf, Opening } from '#evidence/leaf.ts'
import { type SignedIn, newSignIn } from '#identity/sign-in.ts'
import type { PlacedCopy } from '#mailbox/deliver.ts'
import { readerOf } from '#mailbox/means.ts'
import { type Mailboxes, openMailboxes } from '#mailbox/open-mailboxes.ts'
import { newRoomOf } from '#mailbox/quota.ts'
import { openWatcher } from '#mailbox/watch.ts'
import { holdsParts } from '#roles/holds.ts'
import { sql } from '#store/sql.ts'
import { type TestService, testHostName } from '#test/support/service.ts'

export interface TestDoors {
  readonly acceptance: Acceptance
  readonly append: Append
  readonly mailboxes: Mailboxes
  readonly newSpool: NewSpool
  readonly lookInside: LookInside
  readonly countExpansion: CountExpansion
  readonly findIntegrity: FindIntegrity
  readonly holds: Holds
  /** Where copies were announced to have gone. */
  readonly announced: PlacedCopy[]
  signIn(person: DemoPerson): Promise<SignedIn>
  /** Submits octets as a person; recipients are addresses, or recipients with their DSN parameters. */
  submit(
    person: DemoPerson,
    to: readonly (string | EnvelopeRecipient)[],
    raw: string | Buffer,
    envelope?: Partial<Envelope>,
  ): Promise<Accepted | Refused>
  /** The octets of everything in a mailbox, oldest first. */
  read(person: DemoPerson, mailbox?: string): Promise<string[]>
  close(): Promise<void>
}

/** A message with CRLF line ends from its lines. */
export function messageOf(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n`
}

/** Opens acceptance, APPEND and mailboxes over a test service, until the test or its file ends; `parts` replaces what acceptance works with. */
export async function openTestDoors(
  service: TestService,
  parts: Partial<AcceptanceParts> & { scanTimeoutMs?: number } = {},
): Promise<TestDoors> {
  const { domains } = service
  const scanner = clamdScanner(service.clamd.path, parts.scanTimeoutMs ?? 5_000)
  const announced: PlacedCopy[] = []
  const watcher = await openWatcher({ database: domains.database, log: domains.log })
  const mailboxes = openMailboxes({ ...domains, watcher })
  const newSpool = spoolsIn(service.folders.spool, domains.keys.sealing)
  const signIn = newSignIn(domains)
  const common = {
    ...domains,
    roomOf: newRoomOf(domains),
    countExpansion: newExpansion(domains.clock),
    findIntegrity: newFindIntegrity({ mailboxes }),
    volume: newVolume({ ...domains, limits: { perHour: 1_000_000, perDay: 1_000_000, spreadPerHour: 1_000_000 } }),
    scanner,
    hasRoom: () => true,
    recordHeld: () => null,
    announce: (placed: readonly PlacedCopy[]) => void announced.push(...placed),
    ...parts,
  }
  const documents = newDocumentThreads()
  const lookInside = newLookInside(documents, domains.clock)
  const acceptance = openAcceptance({ lookInside, ...common, hostName: testHostName })
  const mailboxNamed = async (who: SignedIn, name: string) => (await mailboxes.status(readerOf(who), name))?.id ?? null
  const signedIn = new Map<string, SignedIn>()
  let closed: Promise<void> | undefined
  const doors: TestDoors = {
    acceptance,
    append: newAppend({ ...common, newSpool, mailboxNamed }),
    mailboxes,
    newSpool,
    lookInside,
    countExpansion: common.countExpansion,
    findIntegrity: common.findIntegrity,
    holds: openHolds(holdsParts(domains, { ...common, hostName: testHostName })),
    announced,
    async signIn({ userName, devicePassword }) {
      const known = signedIn.get(userName)
      if (known !== undefined) return known
      const who = await signIn({ userName, password: devicePassword, remoteAddress: '192.0.2.1', protocol: 'submission' })
      if (who.kind === 'refused') throw new Error(`${userName} cannot sign in: ${who.reason}`)
      signedIn.set(userName, who)
      return who
    },
    async submit(person, to, raw, envelope = {}) {
      const who = await doors.signIn(person)
      const spool = newSpool()
      const octets = typeof raw === 'string' ? Buffer.from(raw) : raw
      for (let at = 0; at < octets.length; at += 65_536) await spool.write(octets.subarray(at, at + 65_536))
      const recipients = to.map((one) =>
        typeof one === 'string' ? { address: one, originalRecipient: null, notify: null } : one,
      )
      return acceptance.submit(who, { reversePath: person.address, recipients, envid: null, ret: null, ...envelope }, spool, {
        protocol: 'ESMTPSA',
        helo: 'client.example',
        remoteAddress: '192.0.2.1',
        tls: 'TLSv1.3',
      })
    },
    async read(person, mailbox = 'INBOX') {
      const who = readerOf(await doors.signIn(person))
      const { status, copies } = (await mailboxes.select(who, mailbox))!
      const uids = copies.map((copy) => copy.uid)
      const opened = await mailboxes.open(who, status.id, uids)
      const texts: string[] = []
      for (const uid of uids) {
        const content = (await opened.content(uid))!
        const pieces: Buffer[] = []
        for await (const piece of content.range(0, content.octets)) pieces.push(piece)
        texts.push(Buffer.concat(pieces).toString('latin1'))
      }
      return texts
    },
    close: () =>
      (closed ??= (async () => {
        await watcher.close()
        await documents.close()
        scanner.close()
      })()),
  }
  after(() => doors.close())
  return doors
}

/** Every record of a service with what its commitments open to, oldest first. */
export async function allRecords({ domains }: TestService): Promise<{ leaf: Leaf; openings: readonly Opening[] }[]> {
  const rows = await domains.database.rows<{ id: string }>(sql`select id from evidence_record order by id`)
  const records = []
  for (const { id } of rows) {
    const { leaf, openings } = (await domains.evidence.read(id))!
    records.push({ leaf, openings: openings! })
  }
  return records
}
