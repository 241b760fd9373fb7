// What the check before sending showed, as its form carries it to the send: a warning that was not shown is not answered. G11
import { timingSafeEqual } from 'node:crypto'
import type { Keys } from '#keys/keys.ts'
import type { Draft } from '#mailbox/drafts.ts'
import type { Warning } from '#policy/verdict.ts'

export type ShownWarning = Pick<Warning, 'clause' | 'reason' | 'about'>
type Of = Pick<Draft, 'id' | 'version'>

/** Writes the warnings that a person is shown of that version of a draft, so that only we can have written it. */
export async function writeShown(keys: Pick<Keys, 'hashFor'>, account: string, of: Of, warnings: readonly ShownWarning[]) {
  const list = Buffer.from(JSON.stringify(warnings.map(({ clause, reason, about }) => [clause, reason, about])))
  return `${list.toString('base64url')}.${(await proofOf(keys, account, of, list)).toString('base64url')}`
}

/** Reads what `writeShown` wrote for that version; nothing for what it did not write. */
export async function readShown(keys: Pick<Keys, 'hashFor'>, account: string, of: Of, written: string): Promise<ShownWarning[]> {
  const [list, proof] = written.split('.').map((part) => Buffer.from(part, 'base64url'))
  if (list === undefined || proof === undefined) return []
  const wanted = await proofOf(keys, account, of, list)
  if (proof.length !== wanted.length || !timingSafeEqual(proof, wanted)) return []
  return (JSON.parse(list.toString()) as string[][]).map(([clause = '', reason = '', about = '']) => ({ clause, reason, about }))
}

/** Whether each of some warnings is among those that were shown, in the same words. */
export const wereShown = (warnings: readonly ShownWarning[], shown: readonly ShownWarning[]): boolean =>
  warnings.every((warning) => shown.some((one) => one.reason === warning.reason && one.about === warning.about))

async function proofOf(keys: Pick<Keys, 'hashFor'>, account: string, { id, version }: Of, list: Buffer): Promise<Buffer> {
  return (await keys.hashFor(account, 'shown warnings'))(`${id}/${version}/${list.toString('base64')}`)
}
