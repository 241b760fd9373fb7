// A held message opened: whose it is to become, and its octets, for the scanner, the recipients and the notices. Nobody is shown them. T19
import { type HeldAbout, placeOfAbout, placeOfHeldKey } from '#delivery/hold.ts'
import { type HoldRow, heldContent } from '#delivery/holds.sql.ts'
import { type Octets, slice } from '#delivery/inspect.ts'
import type { Original } from '#delivery/notices.ts'
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
    if (!(fault instanceof SealBroken) && !isAbsent(fault)) throw fault
    return { head: Buffer.from('\r\n'), octets: { ...octets, size: headerOctets }, bodyStart: headerOctets }
  }
}

const isAbsent = (fault: unknown) => fault instanceof Error && 'code' in fault && fault.code === 'ENOENT'
