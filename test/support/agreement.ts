// What must hold after crashes: ledger, mailboxes and evidence agree. Nothing that was answered 250 is missing, nothing is there twice, nothing is there that was refused. Issue: the core, proved.
import { createHash } from 'node:crypto'
import pg from 'pg'
import type { Detail } from '#evidence/leaf.ts'
import type { Domains } from '#roles/domains.ts'
import { placesOf } from '#roles/places.ts'
import { imapClient } from '#test/support/imap-client.ts'
import type { Instance } from '#test/support/instance.ts'
import { type Community, type Correspondent, domainsOf, numberIn, numberedMessage } from '#test/support/numbered.ts'
import type { Answered } from '#test/support/traffic.ts'

interface Acceptance {
  readonly openings: readonly Detail[]
  readonly consignments: (readonly Detail[])[]
  readonly notices: number
}

/** What was found so far; kept from round to round, so that only what is new is read. */
interface Found {
  /** Digests of the copies of each number in each mailbox: `number/address`. */
  readonly copies: Map<string, string[]>
  /** Notices of each number in its sender's mailbox: `number/address`. */
  readonly notices: Map<string, number>
  readonly nextUids: Map<string, number>
  readonly acceptances: Map<string, Acceptance>
  readonly rejected: Detail[]
  repeated: number
  lastRecord: string
}

export interface Agreement {
  /** Reads mailboxes and record, and returns a sentence for each thing that does not agree with the ledger. The service must be at rest. */
  check(ledger: readonly Answered[]): Promise<string[]>
}

/** Reads as the people do, over IMAP, and the record with the service's own keys. */
export function newAgreement(instance: Instance, community: Community): Agreement {
  const found: Found = {
    copies: new Map(),
    notices: new Map(),
    nextUids: new Map(),
    acceptances: new Map(),
    rejected: [],
    repeated: 0,
    lastRecord: '00000000-0000-0000-0000-000000000000',
  }
  return {
    async check(ledger) {
      for (const person of [...community.good, community.full, ...community.senders]) await readMailbox(instance, person, found)
      const { domains, close } = domainsOf(instance)
      try {
        await readRecord(instance, domains, found)
      } finally {
        await close()
      }
      return [
        ...ledger.flatMap((one) => disagreements(community, found, one)),
        ...strangers(ledger, found),
        ...(await countersAgree(instance)),
      ]
    },
  }
}

function add<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  map.set(key, [...(map.get(key) ?? []), value])
}

async function readMailbox(instance: Instance, person: Correspondent, found: Found): Promise<void> {
  const client = imapClient(instance.ports.imaps, person)
  await client.connect()
  try {
    const lock = await client.getMailboxLock('INBOX')
    const from = found.nextUids.get(person.address) ?? 1
    if (client.mailbox !== false && client.mailbox.exists > 0) {
      for await (const { uid, envelope, source } of client.fetch(`${from}:*`, { envelope: true, source: true }, { uid: true })) {
        if (uid < from) continue
        found.nextUids.set(person.address, Math.max(uid + 1, found.nextUids.get(person.address) ?? 1))
        noteMessage(found, person.address, envelope?.subject ?? '', source ?? Buffer.alloc(0))
      }
    }
    lock.release()
  } finally {
    await client.logout()
  }
}

function noteMessage(found: Found, address: string, subject: string, source: Buffer): void {
  const text = source.toString('latin1')
  const number = numberIn(text)
  if (number === null) return
  const key = `${number}/${address}`
  if (/^(SECRET: )?numbered /.test(subject)) add(found.copies, key, digestOf(source))
  else found.notices.set(key, (found.notices.get(key) ?? 0) + 1)
}

const digestOf = (octets: Buffer) => createHash('sha256').update(octets).digest('base64')

async function readRecord(instance: Instance, domains: Domains, found: Found): Promise<void> {
  const wanted = ['SubmissionAcceptance', 'SubmissionRejection', 'ContentConsignment', 'SubmissionRepeated']
  const { rows } = await query<{ id: string; event: string }>(
    instance,
    `select id, event from (select id, convert_from(leaf, 'UTF8')::json ->> 'event' as event from evidence_record where id > $1) record
      where event = any($2) order by id`,
    [found.lastRecord, wanted],
  )
  for (const { id, event } of rows) {
    const record = await domains.evidence.read(id)
    const openings = (record?.openings ?? []).map((one) => one.detail)
    found.lastRecord = id
    if (event === 'SubmissionAcceptance') found.acceptances.set(id, { ...acceptanceOf(found, id), openings })
    else if (event === 'SubmissionRejection') found.rejected.push(...openings)
    else if (event === 'SubmissionRepeated') found.repeated++
    else noteConsignment(found, openings)
  }
}

/** What is known of an acceptance; a consignment of the same millisecond may come before its acceptance. */
function acceptanceOf(found: Found, receipt: string): Acceptance {
  return found.acceptances.get(receipt) ?? { openings: [], consignments: [], notices: 0 }
}

function noteConsignment(found: Found, openings: readonly Detail[]): void {
  const receipt = String(openings[0]?.receipt)
  const known = acceptanceOf(found, receipt)
  if (openings[0]?.notice === true) found.acceptances.set(receipt, { ...known, notices: known.notices + 1 })
  else found.acceptances.set(receipt, { ...known, consignments: [...known.consignments, openings] })
}

/** Whether a commitment to content, as a detail holds it, is to these octets. */
function isCommitmentTo(commitment: unknown, digest: string): boolean {
  const { salt, sha256 } = commitment as { salt: string; sha256: string }
  const committed = createHash('sha256').update(Buffer.from(salt, 'base64')).update(Buffer.from(digest, 'base64'))
  return committed.digest('base64') === sha256
}

function disagreements(community: Community, found: Found, answered: Answered): string[] {
  const message = numberedMessage(community, answered.number)
  const about = (text: string) => `message ${answered.number}, answered ${answered.code}: ${text}`
  if (answered.code !== 250) {
    const recorded = found.rejected.some((detail) => isCommitmentTo(detail.submitted, digestOf(message.octets)))
    return recorded || answered.to.length === 0 ? [] : [about('its refusal is not recorded')]
  }
  const acceptance = found.acceptances.get(answered.receipt ?? '')
  if (acceptance === undefined || acceptance.openings.length === 0) return [about('its acceptance is not recorded')]
  const outcomes = new Map(acceptance.openings.map((detail) => [String(detail.recipient), detail.outcome]))
  const delivered = answered.to.filter((address) => outcomes.get(address) === 'delivered')
  const consigned = acceptance.consignments.flat()
  const wrong: string[] = []
  const expect = (holds: boolean, text: string) => {
    if (!holds) wrong.push(about(text))
  }
  expect(outcomes.size === answered.to.length, 'the record names other recipients than RCPT took')
  expect(
    acceptance.openings.every((one) => isCommitmentTo(one.submitted, digestOf(message.octets))),
    'the record is of other octets',
  )
  expect(delivered.length === answered.delivered, `250 said ${answered.delivered} deliveries, the record ${delivered.length}`)
  const good = answered.to.filter((address) => address !== community.full.address)
  expect(
    good.every((address) => delivered.includes(address)),
    'not delivered to all who can receive',
  )
  expect(acceptance.consignments.length === 1, `${acceptance.consignments.length} consignments are recorded`)
  expect(
    sameSet(
      consigned.map((detail) => String(detail.recipient)),
      delivered,
    ),
    'the consignment names others than the acceptance',
  )
  for (const address of delivered) {
    const copies = found.copies.get(`${answered.number}/${address}`) ?? []
    expect(copies.length === 1, `${copies.length} copies in the mailbox of ${address}`)
    const detail = consigned.find((one) => one.recipient === address)
    expect(
      copies.every((digest) => detail !== undefined && isCommitmentTo(detail.delivered, digest)),
      `other octets at ${address}`,
    )
  }
  const notices = found.notices.get(`${answered.number}/${message.from.address}`) ?? 0
  const due = answered.refused > 0 ? 1 : 0
  expect(notices === due && acceptance.notices === due, `${notices} notices, ${acceptance.notices} recorded, ${due} due`)
  return wrong
}

const sameSet = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((item) => other.includes(item))

/** What nobody was told of: copies of no message that was answered 250, and acceptances whose receipt nobody has. */
function strangers(ledger: readonly Answered[], found: Found): string[] {
  const receipts = new Set(ledger.map((one) => one.receipt))
  const delivered = new Set(ledger.filter((one) => one.code === 250).flatMap((one) => one.to.map((to) => `${one.number}/${to}`)))
  const wrong = [...found.copies.keys()].filter((key) => !delivered.has(key)).map((key) => `a copy that no 250 named: ${key}`)
  for (const receipt of found.acceptances.keys())
    if (!receipts.has(receipt)) wrong.push(`an acceptance that no 250 named: ${receipt}`)
  const again = ledger.filter((one) => one.again).length
  if (found.repeated < again) wrong.push(`${again} retries were recognised, ${found.repeated} are recorded`)
  return wrong
}

/** The counters of mailboxes and messages say what is there. */
async function countersAgree(instance: Instance): Promise<string[]> {
  const { rows } = await query<{ wrong: string }>(
    instance,
    `select 'mailbox ' || id as wrong from mailbox
       left join lateral (select count(*) as messages, coalesce(sum(octets), 0) as octets from copy
                           where copy.holder = mailbox.holder and copy.mailbox = mailbox.id) here on true
      where mailbox.messages <> here.messages or mailbox.octets <> here.octets
     union all
     select 'message ' || id from message
      where copies <> (select count(*) from copy where copy.month = message.month and copy.message = message.id)`,
    [],
  )
  return rows.map((row) => `the counters of ${row.wrong} are wrong`)
}

/** Asks an instance's database. */
export async function query<Row extends pg.QueryResultRow>(
  instance: Instance,
  text: string,
  values: unknown[],
): Promise<pg.QueryResult<Row>> {
  const client = new pg.Client(placesOf(instance.config).connectionString)
  await client.connect()
  try {
    return await client.query<Row>(text, values)
  } finally {
    await client.end()
  }
}
