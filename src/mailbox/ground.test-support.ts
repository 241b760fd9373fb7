// What the tests of mailbox/ stand on: real keys in a temporary folder, holders with their mailboxes, and messages put into them.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, monthOf, systemClock } from '#base/clock.ts'
import { newId } from '#base/ids.ts'
import { newLog } from '#base/log.ts'
import { type Evidence, openEvidence } from '#evidence/record.ts'
import { openAccounts } from '#identity/accounts.ts'
import { newDataKey, pieceOctets, sealPiece, sealSummary } from '#keys/content.ts'
import { newKeeper } from '#keys/keeper.ts'
import { openKeyring } from '#keys/keyring.ts'
import { openKeys } from '#keys/keys.ts'
import { openRootKey } from '#keys/root.ts'
import { aesGcmZstd } from '#keys/sealing.ts'
import { imapEnvelopeOf } from '#mail/envelope.ts'
import { parseHeader } from '#mail/header.ts'
import { StructureScan } from '#mail/structure.ts'
import { type PlacedCopy, type SealedMessage, lockForDelivery, placeCopies } from '#mailbox/deliver.ts'
import { createStandardMailboxes } from '#mailbox/mailboxes.ts'
import type { Means, Reader } from '#mailbox/means.ts'
import { nameOf } from '#mailbox/named.ts'
import { type Mailboxes, openMailboxes } from '#mailbox/open-mailboxes.ts'
import { placeOfKey } from '#mailbox/summaries.ts'
import { encodeSummary } from '#mailbox/summary.ts'
import { type Watcher, openWatcher } from '#mailbox/watch.ts'
import { openContentStore } from '#store/content-store.ts'
import type { Database } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export interface Ground {
  readonly means: Means
  readonly mailboxes: Mailboxes
  /** Makes evidence fail while set: no record, no act. */
  readonly evidenceFails: { now: boolean }
  /** A new holder with standard mailboxes, at a computer. */
  newReader(quotaOctets?: number): Promise<Reader>
  /** Delivers octets to mailboxes of some readers (INBOX when none is named) as one message, and gives the UIDs. */
  deliver(to: readonly Delivery[], raw: string | Buffer): Promise<PlacedCopy[]>
  /** Names and openings of all records of a reader, oldest first. */
  records(who: Reader): Promise<{ event: string; details: Record<string, unknown>[] }[]>
  mailboxId(who: Reader, name: string): Promise<string>
  close(): Promise<void>
}

export interface Delivery {
  readonly who: Reader
  readonly mailbox?: string
  readonly flags?: readonly string[]
}

/** Keys, evidence and content store over a test's database. */
export async function openGround(database: Database, clock: Clock = systemClock): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'cjsm-mailbox-'))
  const log = newLog('silent', {})
  const root = await openRootKey(aesGcmZstd, join(folder, 'root'), true)
  const keys = openKeys(newKeeper(root, openKeyring(join(folder, 'keyring'))), aesGcmZstd, clock)
  const evidenceFails = { now: false }
  const evidence = failing(openEvidence(database, database, keys, clock), evidenceFails)
  const accounts = openAccounts({ database, keys, evidence, clock })
  const watcher: Watcher = await openWatcher({ database, log })
  const means: Means = {
    database,
    keys,
    evidence,
    contentStore: openContentStore(join(folder, 'content')),
    clock,
    watcher,
    accounts,
    log,
  }
  const mailboxes = openMailboxes(means)
  const mailboxId = async (who: Reader, name: string) => (await mailboxes.status(who, name))!.id
  return {
    means,
    mailboxes,
    evidenceFails,
    mailboxId,
    newReader: (quotaOctets = 1e9) => newReader(means, quotaOctets),
    async deliver(to, raw) {
      const places = await Promise.all(
        to.map(async (one) =>
          one.mailbox === undefined ? null : { holder: one.who.holder, mailbox: await mailboxId(one.who, one.mailbox) },
        ),
      )
      return place(means, to, places, typeof raw === 'string' ? Buffer.from(raw.replaceAll(/\r?\n/g, '\r\n')) : raw)
    },
    records: (who) => recordsOf(means, who),
    async close() {
      await watcher.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function failing(evidence: Evidence, fails: { now: boolean }): Evidence {
  return {
    ...evidence,
    writeAll(tx, records) {
      if (fails.now) throw new Error('evidence is away')
      evidence.writeAll(tx, records)
    },
  }
}

async function newReader(means: Means, quotaOctets: number): Promise<Reader> {
  const holder = newId(means.clock.now())
  const organisation = newId(means.clock.now())
  await means.database.transaction(async (tx) => {
    await tx.run(sql`
      insert into holder (id, kind, organisation, own_state, quota_octets, created_ms)
      values (${holder}, 'account', ${organisation}, 'active', ${quotaOctets}, 0)`)
    await createStandardMailboxes(tx, means.keys, means.clock, holder)
  })
  return { holder, computer: newId(means.clock.now()), address: 'reader@firm.cjsm.test' }
}

async function place(
  means: Means,
  to: readonly Delivery[],
  places: readonly ({ holder: string; mailbox: string } | null)[],
  raw: Buffer,
): Promise<PlacedCopy[]> {
  const { message, dataKey } = await seal(means, raw)
  const epochs = await means.keys.currentFor(
    to.map((one) => one.who.holder),
    'mailbox',
  )
  return means.database.transaction(async (tx) => {
    const inboxes = to.filter((_, index) => places[index] === null).map((one) => one.who.holder)
    const named = places.filter((one) => one !== null)
    const targets = await lockForDelivery(tx, inboxes, named)
    return placeCopies(
      tx,
      targets,
      to.map((one, index) => ({
        holder: one.who.holder,
        mailbox: places[index]?.mailbox ?? null,
        message,
        wrappedKey: means.keys.seal(epochs[index]!, placeOfKey(message.id), dataKey),
        flags: one.flags ?? [],
        internalDateMs: 1_700_000_000_000,
      })),
    )
  })
}

/** Seals octets as one message: inline up to 64 KiB, larger in the content store. */
async function seal(means: Means, raw: Buffer): Promise<{ message: SealedMessage; dataKey: Buffer }> {
  const { sealing } = means.keys
  const atMs = means.clock.now()
  const identity = { month: monthOf(atMs), id: newId(atMs) }
  const dataKey = newDataKey()
  const scan = new StructureScan()
  scan.push(raw)
  const structure = scan.end()
  const summary = encodeSummary({
    v: 1,
    octets: raw.length,
    headerOctets: structure.headerOctets,
    envelope: imapEnvelopeOf(parseHeader(raw)),
    structure: structure.root,
    marking: null,
  })
  const pieces: Buffer[] = []
  for (let index = 0; index * pieceOctets < raw.length || index === 0; index++) {
    const end = Math.min(raw.length, (index + 1) * pieceOctets)
    pieces.push(sealPiece(sealing, dataKey, identity, index, end === raw.length, raw.subarray(index * pieceOctets, end)))
  }
  const inline = raw.length <= 64 * 1024
  if (!inline) {
    await means.contentStore.put(
      identity.month,
      identity.id,
      (async function* () {
        yield* pieces
      })(),
    )
  }
  const sealedSummary = sealSummary(sealing, dataKey, identity, summary)
  return {
    message: {
      ...identity,
      octets: raw.length,
      summary: sealedSummary,
      content: inline ? Buffer.concat(pieces) : null,
      name: await nameOf(means.keys, imapEnvelopeOf(parseHeader(raw)).messageId),
    },
    dataKey: dataKey.export(),
  }
}

async function recordsOf(means: Means, who: Reader): Promise<{ event: string; details: Record<string, unknown>[] }[]> {
  const rows = await means.database.rows<{ id: string }>(sql`select id from evidence_record order by id`)
  const records = await Promise.all(rows.map((row) => means.evidence.read(row.id)))
  return records
    .map((record) => ({ event: record!.leaf.event, details: record!.openings!.map((opening) => ({ ...opening.detail })) }))
    .filter((record) => record.details.some((detail) => detail.computer === who.computer))
}

/** Returns when a transaction of this database waits for a lock; throws when none does within ten seconds. */
export async function someoneWaits(database: Database): Promise<void> {
  const deadline = Date.now() + 10_000
  while (Date.now() < deadline) {
    const [row] = await database.rows<{ waiting: number }>(sql`
      select count(*) as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
    if (row!.waiting > 0) return
  }
  throw new Error('nobody waits for a lock')
}
