// The door for a message that a person puts into a mailbox of their own (IMAP APPEND): scanned, sealed and recorded like any other, octet for octet. T19, RFC 3501 §6.3.11
import type { Clock } from '#base/clock.ts'
import { type Refused, refused } from '#base/faults.ts'
import type { Organisations } from '#community/organisations.ts'
import type { CountExpansion } from '#delivery/expansion.ts'
import { formRefusal } from '#delivery/form.ts'
import { type Inspected, inspect, slice } from '#delivery/inspect.ts'
import { noRoom, overQuota } from '#delivery/outcome.ts'
import { unscannableOf } from '#delivery/scan-refusal.ts'
import type { Scanner } from '#delivery/scanner.ts'
import { type Sealed, newSealMessage } from '#delivery/seal-message.ts'
import type { NewSpool, Spool } from '#delivery/spool.ts'
import { contentCommitment } from '#evidence/leaf.ts'
import type { Evidence } from '#evidence/record.ts'
import type { Accounts } from '#identity/accounts.ts'
import type { SignedIn } from '#identity/sign-in.ts'
import type { Keys } from '#keys/keys.ts'
import { type PlacedCopy, lockForDelivery, placeCopies } from '#mailbox/deliver.ts'
import { canonicalFlags } from '#mailbox/flags.ts'
import type { RoomOf } from '#mailbox/quota.ts'
import type { Unscannable } from '#policy/facts.ts'
import { findMarkings } from '#policy/find-markings.ts'
import { contentCanBeLookedInto, contentIsMalicious } from '#policy/looked-into.ts'
import { highestMarking } from '#policy/marking.ts'
import { gpms, gsc } from '#policy/schemes.ts'
import { noWording } from '#policy/signature-block.ts'
import type { ContentStore } from '#store/content-store.ts'
import type { Database } from '#store/database.ts'

export interface AppendParts {
  readonly database: Database
  readonly accounts: Accounts
  readonly organisations: Organisations
  readonly evidence: Evidence
  readonly keys: Keys
  readonly contentStore: ContentStore
  readonly countExpansion: CountExpansion
  readonly scanner: Scanner
  /** False while a disk is below its floor. */
  readonly hasRoom: () => boolean
  /** The refusal in force while the record does not stand. */
  readonly recordHeld: () => Refused | null
  readonly clock: Clock
  readonly newSpool: NewSpool
  readonly roomOf: RoomOf
  /** The id of a mailbox of that name, or null. */
  readonly mailboxNamed: (who: SignedIn, name: string) => Promise<string | null>
  readonly announce: (placed: readonly PlacedCopy[]) => void
}

export interface AppendOptions {
  readonly flags: readonly string[]
  readonly internalDateMs: number | null
  readonly octets: number
}

export type Append = (
  who: SignedIn,
  name: string,
  options: AppendOptions,
  content: AsyncIterable<Buffer>,
) => Promise<{ uid: number; uidValidity: number } | Refused>

const noMailbox = refused('G20', 'mailbox-does-not-exist', 'there is no mailbox of that name', 'Create it first.')
const scannedAs = Buffer.from('Return-Path: <>\r\n')
const schemes = [gpms, gsc]

export function newAppend(parts: AppendParts): Append {
  const sealMessage = newSealMessage(parts)
  return async (who, name, options, content) => {
    const held = parts.recordHeld()
    if (held !== null) return held
    if (!parts.hasRoom()) return noRoom
    const mailbox = await parts.mailboxNamed(who, name)
    if (mailbox === null) return noMailbox
    if ((await parts.roomOf(who.account)) < options.octets) return overQuota(who.address)
    const spool = parts.newSpool()
    try {
      for await (const chunk of content) await spool.write(chunk)
      const inspected = await inspect(spool)
      const over = formRefusal(inspected)
      if (over !== null) return over
      const wording = (await parts.organisations.find(who.organisation))?.wording ?? noWording
      // It goes to nobody else: only where it would be refused on its way is it refused here.
      const mayBeKept = (unscannable: readonly Unscannable[]) => contentCanBeLookedInto({ unread: [], unscannable, wording })
      const counted = mayBeKept(await parts.countExpansion(spool, inspected.structure.root))
      if (counted.kind === 'refused') return counted
      const scan = await parts.scanner.scan(() => asMail(spool))
      if (scan.kind === 'found') return contentIsMalicious
      const scanned = mayBeKept(unscannableOf(scan))
      if (scanned.kind === 'refused') return scanned
      const head = await slice(spool, 0, inspected.header.octets)
      const marking = highestMarking(findMarkings(inspected.header, inspected.texts, schemes).map((found) => found.marking))
      const { header, structure } = inspected
      const sealed = await sealMessage({
        head,
        header,
        octets: spool,
        bodyStart: header.octets,
        root: structure.root,
        marking: marking?.written ?? null,
      })
      const placed = await place(parts, who, mailbox, options, inspected, sealed)
      if ('kind' in placed) return placed
      parts.announce([placed])
      return placed
    } finally {
      await spool.abandon()
    }
  }
}

async function place(
  parts: AppendParts,
  who: SignedIn,
  mailbox: string,
  options: AppendOptions,
  { digest }: Inspected,
  sealed: Sealed,
): Promise<PlacedCopy | Refused> {
  const { database, accounts, evidence, keys, clock } = parts
  const holder = who.account
  const { message, dataKey } = sealed
  const [epoch] = await keys.currentFor([holder], 'mailbox')
  const wrappedKey = keys.seal(epoch!, `copy/${message.id}`, dataKey.export())
  await evidence.introduce([holder])
  return database.transaction(async (tx) => {
    const quota = (await accounts.holdersById(tx, [holder])).get(holder)?.quotaOctets ?? 0
    const targets = await lockForDelivery(tx, [], [{ holder, mailbox }])
    const used = targets.used(holder)
    if (used === null) return noMailbox
    if (used + message.octets > quota) return overQuota(who.address)
    const copy = {
      holder,
      mailbox,
      message,
      wrappedKey,
      flags: canonicalFlags(options.flags),
      internalDateMs: options.internalDateMs ?? clock.now(),
    }
    const [placed] = placeCopies(tx, targets, [copy])
    const details = [
      {
        message: message.id,
        mailbox,
        uid: placed!.uid,
        octets: message.octets,
        computer: who.computer,
        content: contentCommitment(digest),
      },
    ]
    await evidence.write(tx, { event: 'MailboxAppend', actor: holder, about: holder, details })
    return placed!
  })
}

/** Octets behind a trace field, so that every engine takes them for mail and looks into its parts. */
async function* asMail(spool: Spool): AsyncGenerator<Buffer> {
  yield scannedAs
  yield* spool.range(0, spool.size)
}
