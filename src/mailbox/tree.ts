// A holder's mailboxes as a tree of sealed names: read, locked and extended. RFC 3501 §5.1 and §6.3.3, RFC 6154; docs/flow.md, At rest.
import type { Clock } from '#base/clock.ts'
import { type Refused, refused } from '#base/faults.ts'
import { newId } from '#base/ids.ts'
import type { Keys } from '#keys/keys.ts'
import { actOf, recordActs } from '#mailbox/acts.ts'
import { maxMailboxes } from '#mailbox/limits.ts'
import {
  type LockedMailbox,
  type MailboxRow,
  type SpecialUse,
  insertMailboxes,
  takeUidValidities,
  lockTree,
  mailboxesOf,
  renameMailboxes,
} from '#mailbox/mailboxes.sql.ts'
import type { Means, Reader } from '#mailbox/means.ts'
import { inboxName } from '#mailbox/names.ts'
import type { Runner, Transaction } from '#store/database.ts'
import { type Packed, pack } from '#store/sql.ts'

/** A mailbox's row with its name unsealed. */
export interface NamedMailbox extends Omit<MailboxRow, 'sealedName'> {
  readonly name: string
}

/** The mailboxes that everybody has from the start, and their special uses. */
export const standardMailboxes: ReadonlyMap<string, SpecialUse> = new Map([
  [inboxName, 'inbox'],
  ['Drafts', 'drafts'],
  ['Sent', 'sent'],
  ['Junk', 'junk'],
  ['Trash', 'trash'],
  ['Archive', 'archive'],
])

const tooManyMailboxes = refused(
  'G20',
  'over-quota',
  `nobody has more than ${maxMailboxes} mailboxes`,
  'Delete some that are no longer needed.',
)

/** All mailboxes of a holder. */
export async function readTree(keys: Keys, run: Runner, holder: string): Promise<NamedMailbox[]> {
  const rows = await mailboxesOf(run, holder)
  const names = await keys.unsealAll(
    holder,
    'registers',
    rows.map((row) => ({ about: placeOfName(row.id), sealed: row.sealedName })),
  )
  return rows.map(({ sealedName: _, ...row }, index) => ({ ...row, name: names[index]!.toString() }))
}

export interface LockedTree {
  readonly mailboxes: readonly NamedMailbox[]
  readonly locks: ReadonlyMap<string, LockedMailbox>
}

/** Locks all mailboxes of a holder to commit and reads them. */
export async function lockAndReadTree(keys: Keys, tx: Transaction, holder: string): Promise<LockedTree> {
  // The first waits for whoever is changing the tree, on INBOX at least; what they made is there in a second statement only.
  await lockTree(tx, holder)
  const locks = await lockTree(tx, holder)
  return { mailboxes: await readTree(keys, tx, holder), locks: new Map(locks.map((one) => [one.id, one])) }
}

/** Makes those of `names` that are missing, in order, and records it; gives what was made, or refuses when that would be too many. */
export async function createMissing(
  means: Means,
  tx: Transaction,
  who: Reader,
  tree: LockedTree,
  names: readonly string[],
): Promise<NamedMailbox[] | Refused> {
  const there = new Set(tree.mailboxes.map((one) => one.name))
  const missing = names.filter((name) => !there.has(name))
  if (missing.length === 0) return []
  if (there.size + missing.length > maxMailboxes) return tooManyMailboxes
  const made = await writeMailboxes(tx, means.keys, means.clock, who.holder, tree.mailboxes, missing)
  const created = made.map((one) => ({ mailbox: one.id, name: one.name }))
  await recordActs(means.evidence, tx, [actOf(who, 'MailboxCreated', [{ created }])])
  return made
}

/** Gives mailboxes of a locked tree new names. */
export async function writeNames(
  tx: Transaction,
  keys: Keys,
  holder: string,
  renamed: readonly { id: string; to: string }[],
): Promise<void> {
  const { hashes, sealed } = await sealNames(
    keys,
    holder,
    renamed.map((one) => ({ id: one.id, name: one.to })),
  )
  const ids = renamed.map((one) => one.id)
  await renameMailboxes(tx, holder, ids, hashes, sealed)
}

/** Writes rows of new mailboxes, in their order, and gives them. A standard name gets its special use when no mailbox bears it. */
export async function writeMailboxes(
  tx: Transaction,
  keys: Keys,
  clock: Clock,
  holder: string,
  tree: readonly NamedMailbox[],
  names: readonly string[],
): Promise<NamedMailbox[]> {
  const uses = new Set(tree.map((one) => one.specialUse))
  const [series] = await takeUidValidities(tx, holder, names.length, Math.floor(clock.now() / 1000))
  const uidValidity = series!.uidValidity - names.length + 1
  const made = names.map((name, index) => {
    const use = standardMailboxes.get(name) ?? null
    const specialUse = uses.has(use) ? null : use
    return { id: newId(clock.now()), name, specialUse, subscribed: true, uidValidity: uidValidity + index }
  })
  const { hashes, sealed } = await sealNames(keys, holder, made)
  await insertMailboxes(tx, holder, {
    ids: made.map((one) => one.id),
    nameHashes: hashes,
    sealedNames: sealed,
    specialUses: made.map((one) => one.specialUse),
    uidValidities: made.map((one) => one.uidValidity),
  })
  return made
}

const placeOfName = (id: string) => `mailbox/${id}`

async function sealNames(
  keys: Keys,
  holder: string,
  mailboxes: readonly { id: string; name: string }[],
): Promise<{ hashes: Packed; sealed: Packed }> {
  const hash = await keys.hashFor(holder, 'mailbox name')
  const epoch = await keys.lasting(holder, 'registers')
  return {
    hashes: pack(mailboxes.map((one) => hash(one.name))),
    sealed: pack(mailboxes.map((one) => keys.seal(epoch, placeOfName(one.id), Buffer.from(one.name)))),
  }
}
