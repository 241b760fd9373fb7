// Never twice: a retry is known by a keyed hash of submitter, recipient and octets, recipient by recipient, since a client may try again for some of them only.
// docs/flow.md, The life of a message. docs/decisions/0011-retries-by-recipient.md
import { keyOf, type Standing } from '#community/standing.ts'
import type { Accepted, Envelope } from '#delivery/envelope.ts'
import type { Result } from '#delivery/decided.ts'
import { type NotedRow, notedAmong } from '#delivery/submissions.sql.ts'
import type { Evidence } from '#evidence/record.ts'
import type { SignedIn } from '#identity/sign-in.ts'
import { theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import type { Runner, Transaction } from '#store/database.ts'

/** By its address as it stands in the envelope: a recipient's hash, and whose mailbox it is, or else the address's key. Two addresses may be one mailbox. */
export type RecipientHashes = ReadonlyMap<string, { readonly hash: Buffer; readonly mailbox: string }>

/** The hashes of a submission whose octets, before stamps, have that digest. */
export async function recipientHashes(
  keys: Keys,
  who: SignedIn,
  envelope: Envelope,
  digest: Buffer,
  standings: ReadonlyMap<string, Standing>,
): Promise<RecipientHashes> {
  const hash = await keys.hashFor(theService, 'submission')
  const common = [who.account, envelope.reversePath ?? '', digest.toString('hex')]
  return new Map(
    envelope.recipients.map(({ address }) => {
      const key = keyOf(address) ?? address
      const standing = standings.get(key)
      const mailbox = standing?.standing === 'member' ? standing.holder : key
      return [address, { hash: hash([...common, key].join('\0')), mailbox }]
    }),
  )
}

type Before = NotedRow & { readonly mailbox: string }

/** What was accepted before for some of these recipients, by address; empty for a submission that is new. */
export async function acceptedBefore(run: Runner, hashes: RecipientHashes): Promise<Map<string, Before>> {
  const rows = await notedAmong(
    run,
    [...hashes.values()].map(({ hash }) => hash),
  )
  const noted = new Map(rows.map((row) => [row.hash.toString('hex'), row]))
  const found = new Map<string, Before>()
  for (const [address, { hash, mailbox }] of hashes) {
    const row = noted.get(hash.toString('hex'))
    if (row !== undefined) found.set(address, { ...row, mailbox })
  }
  return found
}

/** Records that a retry was recognised, and gives the answer that its first got. */
export async function repeated(
  evidence: Evidence,
  tx: Transaction,
  submitter: string,
  before: ReadonlyMap<string, Before>,
): Promise<Result> {
  const rows = [...before.values()]
  const count = (fitting: (row: Before) => boolean) => new Set(rows.filter(fitting).map(({ mailbox }) => mailbox)).size
  const receipts = [...new Set(rows.map((row) => row.receipt))]
  await evidence.write(tx, {
    event: 'SubmissionRepeated',
    actor: submitter,
    about: submitter,
    details: receipts.map((receipt) => ({ receipt })),
  })
  return {
    reply: {
      kind: 'accepted',
      receipt: receipts[0]!,
      delivered: count((row) => row.delivered),
      queued: 0,
      held: count((row) => row.held),
      refused: count((row) => !row.delivered && !row.held),
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
