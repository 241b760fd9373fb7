// Never twice: a retry is known by a keyed hash of submitter, recipient and octets, recipient by recipient, since a client may try again for some of them only.
// docs/flow.md, The life of a message. docs/decisions/0011-retries-by-recipient.md
import { keyOf } from '#community/standing.ts'
import type { Accepted, Envelope } from '#delivery/envelope.ts'
import type { Result } from '#delivery/decided.ts'
import { type NotedRow, notedAmong } from '#delivery/submissions.sql.ts'
import type { Evidence } from '#evidence/record.ts'
import type { SignedIn } from '#identity/sign-in.ts'
import { theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import type { Runner, Transaction } from '#store/database.ts'

/** The hash of each recipient of an envelope, by its address as it stands there. */
export type RecipientHashes = ReadonlyMap<string, Buffer>

/** The hashes of a submission whose octets, before stamps, have that digest. */
export async function recipientHashes(keys: Keys, who: SignedIn, envelope: Envelope, digest: Buffer): Promise<RecipientHashes> {
  const hash = await keys.hashFor(theService, 'submission')
  const common = [who.account, envelope.reversePath ?? '', digest.toString('hex')]
  return new Map(envelope.recipients.map(({ address }) => [address, hash([...common, keyOf(address) ?? address].join('\0'))]))
}

/** What was accepted before for some of these recipients, by address; empty for a submission that is new. */
export async function acceptedBefore(run: Runner, hashes: RecipientHashes): Promise<Map<string, NotedRow>> {
  const noted = new Map((await notedAmong(run, [...hashes.values()])).map((row) => [row.hash.toString('hex'), row]))
  const found = [...hashes].map(([address, hash]) => [address, noted.get(hash.toString('hex'))] as const)
  return new Map(found.filter((entry): entry is readonly [string, NotedRow] => entry[1] !== undefined))
}

/** Records that a retry was recognised, and gives the answer that its first got. */
export async function repeated(
  evidence: Evidence,
  tx: Transaction,
  submitter: string,
  before: ReadonlyMap<string, NotedRow>,
): Promise<Result> {
  const rows = [...new Set(before.values())] // an address in two spellings is one
  const receipts = [...new Set(rows.map((row) => row.receipt))]
  await evidence.write(tx, {
    event: 'SubmissionRepeated',
    actor: submitter,
    about: submitter,
    details: receipts.map((receipt) => ({ receipt })),
  })
  const delivered = rows.filter((row) => row.delivered).length
  const held = rows.filter((row) => row.held).length
  return {
    reply: {
      kind: 'accepted',
      receipt: receipts[0]!,
      delivered,
      queued: 0,
      held,
      refused: rows.length - delivered - held,
      again: true,
    },
    placed: [],
  }
}

/** One answer for a retry whose recipients were partly accepted before, and the rest now. */
export function together(before: Result, now: Result, restCount: number): Result {
  const first = before.reply as Accepted
  if (now.reply.kind === 'refused') return { reply: { ...first, refused: first.refused + restCount }, placed: [] }
  const counts = {
    delivered: first.delivered + now.reply.delivered,
    held: first.held + now.reply.held,
    refused: first.refused + now.reply.refused,
  }
  return { reply: { ...now.reply, ...counts }, placed: now.placed }
}
