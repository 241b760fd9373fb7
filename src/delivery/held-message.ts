// A held message opened: whose it is to become, and its octets, for the scanner, the recipients and the notices. Nobody is shown them. T19
import { Unavailable } from '#base/faults.ts'
import { type HeldAbout, placeOfAbout, placeOfHeldKey } from '#delivery/hold.ts'
import { isBroken } from '#delivery/hold-refusals.ts'
import { type HoldRow, heldContent } from '#delivery/holds.sql.ts'
import { type Octets, octetsOf, slice } from '#delivery/inspect.ts'
import type { Original } from '#delivery/notices.ts'
import type { Evidence } from '#evidence/record.ts'
import { dataKeyOf, unsealRange } from '#keys/content.ts'
import type { Keys } from '#keys/keys.ts'
import { SealBroken } from '#keys/sealing.ts'
import type { ContentStore } from '#store/content-store.ts'
import type { Runner } from '#store/database.ts'

export interface HeldParts {
  readonly database: Runner
  readonly keys: Keys
  readonly contentStore: ContentStore
}

/** What stands beside a held message: recipients and the reason. */
export async function openAbout({ keys }: HeldParts, { id, submitter, sealedAbout }: HoldRow): Promise<HeldAbout> {
  const about = JSON.parse((await keys.unseal(submitter, 'held', placeOfAbout(id), sealedAbout)).toString()) as HeldAbout
  if (about.v !== 1) throw new Error('a hold of an unknown version')
  return about
}

export interface HeldMessage {
  /** Of the data key: to be wrapped for each recipient. */
  readonly dataKey: Buffer
  readonly octets: Octets
}

/** Opens one that is not decided yet. */
export async function openHeld(parts: HeldParts, row: HoldRow & { readonly wrappedKey: Buffer }): Promise<HeldMessage> {
  const { keys, database, contentStore } = parts
  const { month, message: id, octets: size } = row
  const dataKey = await keys.unseal(row.submitter, 'held', placeOfHeldKey(id), row.wrappedKey)
  const content = row.stored ? null : ((await heldContent(database, row.id))[0]?.content ?? Buffer.alloc(0))
  const readAt = async (from: number, length: number) =>
    content === null ? contentStore.readAt(month, id, from, length) : content.subarray(from, from + length)
  const range = (from: number, to: number) =>
    unsealRange(keys.sealing, dataKeyOf(dataKey), { month, id }, size, readAt, from, Math.min(to, size))
  return { dataKey, octets: { size, whole: () => null, range } }
}

/** What a notice returns of it. Content that is lost keeps nobody from being told what became of the message: the header is empty then. */
export async function originalOf({ octets }: HeldMessage, { headerOctets }: HeldAbout): Promise<Original> {
  try {
    return { head: await slice(octets, 0, headerOctets), octets, bodyStart: headerOctets }
  } catch (fault) {
    if (!isLost(fault)) throw fault
    return nothingLeft
  }
}

/** What a notice returns of a message of which nothing is left. */
export const nothingLeft: Original = { head: Buffer.from('\r\n'), octets: octetsOf(Buffer.alloc(0)), bodyStart: 0 }

/** True for the faults that say that what was stored is damaged or gone, also where a scanner was being given it. */
export function isLost(fault: unknown): boolean {
  if (fault instanceof Unavailable) return fault.part === 'scanner' && isLost(fault.cause)
  const isAbsent =
    fault instanceof Error && 'code' in fault && fault.code === 'ENOENT' && 'syscall' in fault && fault.syscall === 'open'
  return isAbsent || fault instanceof SealBroken
}

/** The same from the record of the acceptance, where what stood beside the message is lost: enough to tell its sender what became of it; null where that record is not there either. */
export async function aboutOfRecord(evidence: Evidence, { receipt }: HoldRow): Promise<HeldAbout | null> {
  const details = ((await evidence.read(receipt))?.openings ?? []).map(({ detail }) => detail)
  const held = details.filter(({ outcome }) => outcome === 'held')
  if (held.length === 0) return null
  const { reversePath } = held[0]!
  const recipients = held.map((one) => ({ address: String(one.recipient), originalRecipient: null, notify: null, holder: '' }))
  return {
    v: 1,
    envelope: { reversePath: typeof reversePath === 'string' ? reversePath : null, recipients, envid: null, ret: 'HDRS' },
    recipients,
    headerOctets: 0,
    why: { ...isBroken, kind: 'held' },
    delivered: {},
  }
}
