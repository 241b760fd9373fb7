// Commands that prove: receipts, their verification, the audit of the whole record against the store, and the public keys. G14
import { systemClock } from '#base/clock.ts'
import { newLog } from '#base/log.ts'
import { type Options, UsageError, needed } from '#cli/command.ts'
import type { Config } from '#config.ts'
import { auditHolds, newHeldAccounts } from '#delivery/audit-holds.ts'
import { type Audited, auditEvidence } from '#evidence/audit.ts'
import { consignmentOf } from '#evidence/consignment.ts'
import { receiptPollMs, receiptWaitMs } from '#evidence/limits.ts'
import { cosignaturesOf, receiptOf, receiptSoon } from '#evidence/receipt.ts'
import { checkpointNote, publicKeysText, treeOf } from '#evidence/tree.ts'
import { type Receipt, verifyFile } from '#evidence/verify.ts'
import { type Witness, readWitnesses } from '#evidence/witnesses.ts'
import type { LogKeeper } from '#keys/log-keys.ts'
import { auditMessages, newAccounts } from '#mailbox/audit.ts'
import type { Domains } from '#roles/domains.ts'
import { originOfKeys } from '#roles/log-origin.ts'
import { openServiceDomains } from '#roles/open.ts'
import type { Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

type Print = (text: string) => void
const uncosigned =
  'No witness has cosigned it yet: by the public keys it may not be good, unless with --witnesses 0. Ask for it again when a witness answers: see ./cjsm status.'
/** An audit sorts and reads what there is. */
const waits = { waitMs: 5_000, statementMs: 6 * 3_600_000 }

/** Runs `work` over the running service's domains. */
async function within<T>(config: Config, work: (domains: Domains, logKeeper: LogKeeper) => Promise<T>): Promise<T> {
  const { domains, logKeeper, close } = openServiceDomains(config, systemClock, newLog('silent', {}), 2, waits)
  return work(domains, logKeeper).finally(close)
}

/** Prints a receipt; returns 1, with a sentence, when there is none, or when no witness cosigned it: `tell` says so beside the receipt. */
export async function printReceipt(config: Config, options: Options, print: Print, tell: Print): Promise<number> {
  const [id = ''] = options.words
  if (!/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(id)) throw new UsageError('A record is named by its id.')
  const recipient = options.values.get('recipient') ?? null
  const witnesses = readWitnesses(config.witnesses).map(({ verifier }) => verifier)
  const cosignatures = (receipt: Receipt) => cosignaturesOf(receipt, witnesses)
  const isCosigned = (receipt: Receipt) => witnesses.length === 0 || cosignatures(receipt) > 0
  const receipt = await within(config, async (domains) => {
    const record = options.flags.has('delivered') ? await consignmentOf(domains, id, recipient) : id
    if (record === null) return 'There is no record that the message was delivered.'
    const look = () => receiptOf({ ...domains, witnesses }, record, recipient)
    return receiptSoon(look, isCosigned, { waitMs: receiptWaitMs, pollMs: receiptPollMs })
  })
  print(typeof receipt === 'string' ? receipt : JSON.stringify(receipt, null, 2))
  if (typeof receipt === 'string') return 1
  if (!isCosigned(receipt)) tell(uncosigned)
  else if (cosignatures(receipt) < witnesses.length)
    tell(`${cosignatures(receipt)} of ${witnesses.length} witnesses cosigned it.`)
  return isCosigned(receipt) ? 0 : 1
}

/** Prints the public keys by which receipts are verified. */
export async function printPublicKeys(config: Config, print: Print): Promise<number> {
  const witnesses = readWitnesses(config.witnesses).map((one) => one.verifier.text)
  print(
    await within(config, async ({ database }, logKeeper) =>
      (await publicKeysText(database, await logKeeper.verifiers(), witnesses)).trimEnd(),
    ),
  )
  return 0
}

/** Prints the latest checkpoint, with its cosignatures. */
export async function printCheckpoint(config: Config, print: Print): Promise<number> {
  const latest = await within(config, ({ database }) => treeOf(database).latest())
  print(latest === null ? 'There is no checkpoint yet.' : checkpointNote(latest).trimEnd())
  return latest === null ? 1 : 0
}

/** Verifies a receipt, offline; or with --all the whole record against the store. Returns 0 when all is good. */
export async function verify(config: Config, options: Options, print: Print): Promise<number> {
  const [receipt] = options.words
  const { values } = options
  const isOfReceipt = receipt !== undefined || ['key', 'message', 'witnesses'].some((option) => values.has(option))
  if (options.flags.has('all')) {
    if (isOfReceipt) throw new UsageError('verify takes a receipt or --all, not both.')
    return verifyAll(config, print)
  }
  if (receipt === undefined) throw new UsageError('verify needs a receipt, or --all.')
  return verifyFile(
    { receipt, key: needed(options, 'key'), message: values.get('message'), witnesses: values.get('witnesses') },
    print,
  )
}

async function verifyAll(config: Config, print: Print): Promise<number> {
  const findings: string[] = []
  const find = (sentence: string) => {
    findings.push(sentence)
    print(`WRONG: ${sentence}`)
  }
  const parts = { witnesses: readWitnesses(config.witnesses), find }
  const audited = await within(config, async (domains, logKeeper) =>
    auditAll(domains, { ...parts, logKeeper, origin: await originOfKeys(logKeeper) }),
  )
  print(
    `${audited.records} records, ${audited.messages} messages: ${findings.length === 0 ? 'nothing is wrong' : `${findings.length} things are wrong`}.`,
  )
  if (audited.disposed > 0)
    print(`The details of ${audited.disposed} records were disposed of: whether every copy is accounted for cannot be told.`)
  if (audited.unknownCosignatures > 0)
    print(`${audited.unknownCosignatures} cosignatures are of witnesses that the settings do not name: they were passed over.`)
  return findings.length === 0 ? 0 : 1
}

/** Audits evidence and messages as they stand at one moment; `find` hears of each thing that is wrong. */
export function auditAll(
  domains: Domains,
  o: { logKeeper: LogKeeper; origin: string; witnesses: readonly Witness[]; find: (sentence: string) => void },
): Promise<Audited & { messages: number }> {
  return domains.database.transaction(async (tx) => {
    await tx.run(sql`set transaction isolation level repeatable read, read only`)
    await tx.run(sql`set local statement_timeout = 0`)
    return auditIn(tx, domains, o)
  })
}

/** The audit of what one transaction sees. */
export async function auditIn(
  tx: Transaction,
  domains: Domains,
  o: { logKeeper: LogKeeper; origin: string; witnesses: readonly Witness[]; find: (sentence: string) => void },
): Promise<Audited & { messages: number }> {
  const accounts = newAccounts()
  const held = newHeldAccounts()
  const hear: typeof accounts.hear = (leaf, openings, subjectOf) => {
    accounts.hear(leaf, openings, subjectOf)
    held.hear(leaf, openings)
  }
  const evidence = await auditEvidence({ ...o, ...domains, tx, hear })
  const complete = evidence.disposed === 0
  const messages = await auditMessages({ ...o, ...domains, tx, accounts, complete })
  await auditHolds({ ...o, ...domains, tx, held, complete })
  return { ...evidence, messages }
}
