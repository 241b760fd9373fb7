// Held messages through the door: held with its evidence, seen by nobody, and one final outcome whoever decides. T19, G05, RFC 3461, RFC 3464
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { afterEach, test } from 'node:test'
import type { Refused } from '#base/faults.ts'
import type { DemoPerson } from '#cli/demonstration.ts'
import type { Accepted, EnvelopeRecipient } from '#delivery/envelope.ts'
import { orphanGraceMs, sweepContent } from '#delivery/housekeeping.ts'
import { auditHolds, newHeldAccounts } from '#delivery/audit-holds.ts'
import { expireHolds, type Hold, openHolds } from '#delivery/holds.ts'
import { holdsExpiredAtOnce, maxHeldMessages } from '#delivery/limits.ts'
import { theService } from '#keys/epoch.ts'
import type { UnscannableChoice } from '#policy/looked-into.ts'
import { holdsParts } from '#roles/holds.ts'
import { type Query, sql } from '#store/sql.ts'
import { allRecords, messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { zipOf } from '#test/support/archives.ts'
import { eicar } from '#test/support/clamd.ts'
import { testHostName, testService } from '#test/support/service.ts'

const service = await testService()
const { domains, clamd } = service
const choosing = (unscannable: UnscannableChoice) => ({
  ...domains.organisations,
  find: async (id: string) => {
    const found = await domains.organisations.find(id)
    return found === null ? null : { ...found, wording: { ...found.wording, unscannable } }
  },
})
const [holding, flagging, refusing] = [
  await openTestDoors(service, { organisations: choosing('hold') }),
  await openTestDoors(service, { organisations: choosing('deliver-flagged') }),
  await openTestDoors(service),
]
const { holds } = holding
const [miriam, priya, gareth, orla] = ['solicitor', 'prosecutor', 'clerk', 'detective sergeant'].map(service.person) as [
  DemoPerson,
  DemoPerson,
  DemoPerson,
  DemoPerson,
]
afterEach(() => {
  clamd.mode = 'finds-eicar'
})

/** A message with an encrypted archive in it. */
function locked(word = randomBytes(6).toString('hex'), more = ''): string {
  return messageOf(
    `From: ${miriam.address}`,
    `To: ${priya.address}`,
    `Subject: papers ${word}`,
    `Message-ID: <${word}@client.example>`,
    'MIME-Version: 1.0',
    'X-CJSM-Not-Looked-Into: written by a stranger',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    `Please see attached.${more}`,
    'Telephone 020 7946 0018',
    '--b',
    'Content-Type: application/zip; name="accounts.zip"',
    'Content-Transfer-Encoding: base64',
    '',
    zipOf('a.txt', Buffer.from('x'), 1).toString('base64'),
    '--b--',
  )
}
const both = [priya.address, gareth.address]
const send = (raw: string, to: readonly (string | EnvelopeRecipient)[] = both, doors = holding) => doors.submit(miriam, to, raw)
const notified = (address: string, ...notify: ('NEVER' | 'SUCCESS' | 'FAILURE' | 'DELAY')[]): EnvelopeRecipient => ({
  address,
  originalRecipient: null,
  notify,
})
function accepted(reply: Accepted | Refused): Accepted {
  assert.equal(reply.kind, 'accepted', JSON.stringify(reply))
  return reply as Accepted
}
const inbox = (person: DemoPerson) => holding.read(person)
const counts = async () => Promise.all([miriam, priya, gareth].map(async (one) => (await inbox(one)).length))
const recordsOf = async (event: string) => (await allRecords(service)).filter(({ leaf }) => leaf.event === event)
const ofReceipt = async (receipt: string): Promise<Hold> => (await holds.ofReceipt(receipt))!.hold
async function heldNow(raw: string, to: readonly (string | EnvelopeRecipient)[] = both): Promise<Hold> {
  return ofReceipt(accepted(await send(raw, to)).receipt)
}
function isHold(decided: Hold | Refused): Hold {
  assert.ok(!('about' in decided), JSON.stringify(decided))
  return decided
}
const accountOf = async (person: DemoPerson) => (await holding.signIn(person)).account

test('T19 the organisation’s choice: refused by default, delivered with a field that says so, or held', async () => {
  const before = await counts()
  const refused = (await send(locked(), both, refusing)) as Refused
  assert.deepEqual(
    [refused.kind, refused.clause, refused.about],
    ['refused', 'T19', 'accounts.zip › a.txt is encrypted and cannot be looked into'],
  )
  assert.deepEqual(await counts(), before)
  const flagged = accepted(await send(locked('flagged'), both, flagging))
  assert.deepEqual([flagged.delivered, flagged.held, flagged.warnings?.[0]?.reason], [2, 0, 'delivered-not-looked-into'])
  const [, got] = await Promise.all([inbox(miriam), inbox(priya)])
  assert.match(got.at(-1)!, /^X-CJSM-Not-Looked-Into: accounts\.zip > a\.txt is encrypted and cannot be looked\r\n into\r\n/m)
  assert.match(got.at(-1)!, /^Subject: papers flagged\r\n/m)
  assert.doesNotMatch(got.at(-1)!, /written by a stranger/)
  const clean = accepted(
    await flagging.submit(
      miriam,
      [priya.address],
      messageOf(`From: ${miriam.address}`, 'Subject: clean', '', 'x', 'Tel. 020 7946 0018'),
    ),
  )
  assert.equal(clean.warnings, undefined)
  assert.doesNotMatch((await inbox(priya)).at(-1)!, /Not-Looked-Into/)
})

test('T19 RFC 3464 a held message is 250 with its count, nobody has it, its sender gets one delayed notice, and all is recorded', async () => {
  const [mine, ...others] = await counts()
  const reply = accepted(await send(locked('waits')))
  assert.deepEqual([reply.delivered, reply.held, reply.refused, reply.again], [0, 2, 0, false])
  assert.equal(reply.warnings?.[0]?.about, 'accounts.zip › a.txt is encrypted and cannot be looked into')
  assert.deepEqual(await counts(), [mine! + 1, ...others])
  const notice = (await inbox(miriam)).at(-1)!
  assert.equal(notice.match(/^Action: delayed\r$/gm)?.length, 2)
  assert.match(notice, /^Status: 4\.7\.1\r$/m)
  assert.match(notice, /^Will-Retry-Until: /m)
  assert.match(notice, /^X-CJSM-Clause: T19\r$/m)
  const { leaf, openings } = (await allRecords(service)).find((one) => one.leaf.id === reply.receipt)!
  assert.equal(leaf.event, 'SubmissionAcceptance')
  assert.deepEqual(
    openings.map(({ detail }) => [detail.recipient, detail.outcome]),
    both.map((address) => [address, 'held']),
  )
  const hold = await ofReceipt(reply.receipt)
  assert.deepEqual([hold.state, hold.recipients, hold.reversePath], ['held', both, miriam.address])
  assert.equal(hold.expiresMs - hold.heldMs, 7 * 24 * 3_600_000)
  const again = accepted(await send(locked('waits')))
  assert.deepEqual([again.receipt, again.held, again.again], [reply.receipt, 2, true])
  assert.equal((await holds.of(await accountOf(miriam))).length, 1)
  const wider = accepted(await send(locked('waits'), [...both, orla.address]))
  assert.deepEqual([wider.held, wider.again], [3, false])
  assert.deepEqual((await ofReceipt(wider.receipt)).recipients, [orla.address])
  isHold(await holds.decide(theService, (await ofReceipt(wider.receipt)).id, 'refused', 'x'))
  isHold(await holds.decide(theService, hold.id, 'refused', 'x'))
})

test('T19 G14 a release delivers the very octets to all, once, with consignment and the notices that were asked for', async () => {
  const hold = await heldNow(locked('released'), [notified(priya.address, 'SUCCESS', 'DELAY'), gareth.address])
  const [mine, ...others] = await counts()
  const decided = isHold(await holds.decide(theService, hold.id, 'released', 'telephoned the sender'))
  assert.deepEqual([decided.state, decided.decidedBy], ['released', null])
  assert.deepEqual(await counts(), [mine! + 1, ...others.map((count) => count + 1)])
  const [one, other] = [(await inbox(priya)).at(-1)!, (await inbox(gareth)).at(-1)!]
  assert.equal(one, other)
  assert.match(one, /^X-CJSM-Not-Looked-Into: accounts\.zip/m)
  assert.match((await inbox(miriam)).at(-1)!, /^Action: delivered\r$/m)
  const { outcomes, reason } = (await holds.ofReceipt(hold.receipt))!
  assert.deepEqual(
    outcomes.map(({ outcome }) => outcome),
    ['delivered', 'delivered'],
  )
  assert.equal(reason, 'telephoned the sender')
  const consigned = (await recordsOf('ContentConsignment'))
    .flatMap(({ openings }) => openings)
    .filter(({ detail }) => detail.receipt === hold.receipt && detail.notice !== true)
  assert.deepEqual(
    consigned.map(({ detail }) => detail.recipient),
    both,
  )
  for (const decision of ['released', 'refused'] as const)
    assert.equal(((await holds.decide(theService, hold.id, decision, 'x')) as Refused).reason, 'hold-was-decided')
  const again = accepted(await send(locked('released'), [notified(priya.address, 'SUCCESS', 'DELAY'), gareth.address]))
  assert.deepEqual([again.receipt, again.held, again.again], [hold.receipt, 2, true])
  assert.equal((await inbox(priya)).at(-1), one)
})

test('T19 what is refused is gone for good: a failed notice with the reason, no copy, no key', async () => {
  const hold = await heldNow(locked('refused'))
  const [mine, ...others] = await counts()
  isHold(await holds.decide(theService, hold.id, 'refused', 'not for these people'))
  assert.deepEqual(await counts(), [mine! + 1, ...others])
  const notice = (await inbox(miriam)).at(-1)!
  assert.equal(notice.match(/^Action: failed\r$/gm)?.length, 2)
  assert.match(notice, /not for these people/)
  const [row] = await domains.database.rows<{ left: boolean }>(
    sql`select content is not null or wrapped_key is not null or summary is not null as left from hold where id = ${hold.id}`,
  )
  assert.equal(row!.left, false)
})

test('T19 its sender alone may withdraw it, and nobody decides about a message of their own', async () => {
  const hold = await heldNow(locked('withdrawn'))
  const before = await counts()
  const [own, other] = [await accountOf(miriam), await accountOf(priya)]
  assert.equal(((await holds.decide(other, hold.id, 'withdrawn', '')) as Refused).reason, 'no-such-hold')
  assert.equal(((await holds.decide(own, hold.id, 'released', 'mine')) as Refused).reason, 'hold-is-of-ones-own')
  assert.equal((await ofReceipt(hold.receipt)).state, 'held')
  isHold(await holds.decide(own, hold.id, 'withdrawn', ''))
  assert.deepEqual(await counts(), before)
  assert.deepEqual(
    (await holds.ofReceipt(hold.receipt))!.outcomes.map(({ outcome }) => outcome),
    ['withdrawn', 'withdrawn'],
  )
})

test('T19 who is to get it does not decide about it, but another does', async () => {
  const hold = await heldNow(locked('to-an-officer'))
  const [recipient, officer] = [await accountOf(gareth), await accountOf(orla)]
  for (const decision of ['released', 'refused'] as const) {
    assert.equal(((await holds.decide(recipient, hold.id, decision, 'mine')) as Refused).reason, 'hold-is-to-oneself')
    assert.equal((await ofReceipt(hold.receipt)).state, 'held')
  }
  isHold(await holds.decide(officer, hold.id, 'refused', 'not looked into'))
})

/** Ends those whose time is over then. */
function expireAt(nowMs: number): Promise<number> {
  const given = {
    scanner: { scan: () => Promise.reject(new Error('not asked')), close() {} },
    hasRoom: () => true,
    recordHeld: () => null,
  }
  const clock = { ...domains.clock, now: () => nowMs }
  return expireHolds(holdsParts({ ...domains, clock }, { ...given, announce() {}, hostName: testHostName }))
}

test('T19 what does not open any more is listed as damaged, is decided by nobody, and hides and delays no other', async (t) => {
  const hold = await heldNow(locked('whole'))
  t.after(() => domains.database.run(sql`delete from hold where sealed_about = '\\x00'`))
  await domains.database.run(sql`
    insert into hold (id, submitter, receipt, month, message, octets, sealed_about, summary, content, stored, wrapped_key, held_ms, expires_ms)
    select uuidv7(), submitter, uuidv7(), month, uuidv7(), octets, '\\x00', summary, content, stored, wrapped_key, held_ms, expires_ms - 1
      from hold, generate_series(1, ${holdsExpiredAtOnce}::int) where id = ${hold.id}`)
  const listed = await holds.of(await accountOf(miriam))
  const broken = listed.find(({ isBroken }) => isBroken)!
  assert.deepEqual([broken.state, broken.recipients, broken.clause], ['held', [], 'T19'])
  assert.ok((await holds.list()).open.some(({ isBroken }) => isBroken))
  assert.equal((await holds.find(broken.id))!.isBroken, true)
  const decided = await holds.decide(await accountOf(orla), broken.id, 'released', 'papers')
  assert.equal((decided as Refused).reason, 'hold-is-broken')
  assert.equal(await expireAt(hold.expiresMs), 1)
  assert.equal((await ofReceipt(hold.receipt)).state, 'expired')
  assert.equal((await holds.find(broken.id))!.state, 'held')
})

test('T19 when its time is over it is not delivered, with a failed notice; not a millisecond before', async () => {
  const hold = await heldNow(locked('expires'))
  const [mine, ...others] = await counts()
  assert.equal(await expireAt(hold.expiresMs - 1), 0)
  assert.deepEqual(await counts(), [mine, ...others])
  assert.equal(await expireAt(hold.expiresMs), 1)
  assert.equal(await expireAt(hold.expiresMs), 0)
  assert.deepEqual(await counts(), [mine! + 1, ...others])
  assert.match((await inbox(miriam)).at(-1)!, /^Status: 5\.4\.7\r$/m)
  assert.equal((await ofReceipt(hold.receipt)).state, 'expired')
})

test('T19 a release scans again: what is malicious now is never delivered, and without a scanner it stays held', async () => {
  clamd.mode = 'clean'
  const hold = await heldNow(locked('malicious', `\r\n${eicar}`), [priya.address])
  const before = (await inbox(priya)).length
  clamd.mode = 'closes'
  assert.equal(((await holds.decide(theService, hold.id, 'released', 'x')) as Refused).reason, 'scanner-is-away')
  assert.equal((await ofReceipt(hold.receipt)).state, 'held')
  clamd.mode = 'finds-eicar'
  assert.equal(isHold(await holds.decide(theService, hold.id, 'released', 'x')).state, 'refused')
  assert.equal((await inbox(priya)).length, before)
  assert.match((await inbox(miriam)).at(-1)!, /malicious/)
})

test('T19 a virus is refused and a scanner that is away is 451 whatever the organisation chose', async () => {
  for (const doors of [holding, flagging]) {
    assert.equal(((await send(locked(undefined, `\r\n${eicar}`), both, doors)) as Refused).reason, 'content-is-malicious')
    clamd.mode = 'closes'
    await assert.rejects(send(locked(), both, doors), /scanner is not available/)
    clamd.mode = 'finds-eicar'
  }
})

test('T19 what only the scanner cannot look into is treated alike', async () => {
  const plain = (word: string) => messageOf(`From: ${miriam.address}`, `Subject: ${word}`, '', 'x', 'Tel. 020 7946 0018')
  clamd.mode = 'exceeds'
  const refused = (await send(plain('one'), [priya.address], refusing)) as Refused
  assert.equal(refused.about, 'something attached is too large or too deep to be looked into')
  assert.equal(accepted(await send(plain('two'), [priya.address], flagging)).delivered, 1)
  assert.match((await inbox(priya)).at(-1)!, /^X-CJSM-Not-Looked-Into: something attached is too large or too deep/m)
  const hold = await heldNow(plain('three'), [priya.address])
  assert.equal(isHold(await holds.decide(theService, hold.id, 'released', 'x')).state, 'released')
})

test('T19 G20 at a release each recipient is looked at again: who is full gets none, and the sender is told of that one', async () => {
  const hold = await heldNow(locked('quota'))
  const before = await counts()
  const account = await accountOf(gareth)
  await domains.database.run(sql`update holder set quota_octets = 1 where id = ${account}`)
  isHold(await holds.decide(theService, hold.id, 'released', 'x'))
  await domains.database.run(sql`update holder set quota_octets = 100000000 where id = ${account}`)
  assert.deepEqual(await counts(), [before[0]! + 1, before[1]! + 1, before[2]])
  assert.match((await inbox(miriam)).at(-1)!, /^Status: 5\.2\.2\r$/m)
  assert.deepEqual(
    (await holds.ofReceipt(hold.receipt))!.outcomes.map(({ outcome }) => outcome),
    ['delivered', 'refused'],
  )
})

test('RFC 3461 notices of a delay go to whom they are due: none for NEVER, none for FAILURE alone; refused ones are told at once', async () => {
  const [mine] = await counts()
  await heldNow(locked(), [notified(priya.address, 'NEVER'), notified(gareth.address, 'FAILURE')])
  assert.equal((await counts())[0], mine)
  const mixed = accepted(await send(locked(), [priya.address, 'nobody@solicitors.cjsm.test']))
  assert.deepEqual([mixed.held, mixed.refused], [1, 1])
  const notice = (await inbox(miriam)).at(-1)!
  assert.match(notice, /^Action: delayed\r$/m)
  assert.match(notice, /^Action: failed\r$/m)
  const none = (await send(locked(), ['nobody@solicitors.cjsm.test'])) as Refused
  assert.equal(none.reason, 'recipient-is-unknown')
})

test('T19 many who decide at once give it one final outcome, one record, and one notice', async () => {
  const hold = await heldNow(locked('race'), [priya.address])
  const [mine, theirs] = await counts()
  const recorded = (await recordsOf('HoldDecided')).length
  const own = await accountOf(miriam)
  const other = openHolds(
    holdsParts(domains, {
      scanner: { scan: async () => ({ kind: 'clean' as const }), close() {} },
      hasRoom: () => true,
      recordHeld: () => null,
      announce() {},
      hostName: testHostName,
    }),
  )
  const all = await Promise.all([
    holds.decide(theService, hold.id, 'released', 'one'),
    other.decide(theService, hold.id, 'released', 'two'),
    holds.decide(theService, hold.id, 'refused', 'three'),
    other.decide(own, hold.id, 'withdrawn', ''),
  ])
  assert.equal(all.filter((one) => !('about' in one)).length, 1, JSON.stringify(all))
  assert.equal((await recordsOf('HoldDecided')).length, recorded + 1)
  const { state } = await ofReceipt(hold.receipt)
  assert.deepEqual((await counts()).slice(0, 2), [
    mine! + (state === 'refused' ? 1 : 0),
    theirs! + (state === 'released' ? 1 : 0),
  ])
})

test('T19 the same message twice at once is held once', async () => {
  const raw = locked('twice at once')
  const [one, other] = (await Promise.all([send(raw), send(raw)])).map(accepted)
  assert.equal(one!.receipt, other!.receipt)
  assert.deepEqual([one!.held, other!.held, [one!.again, other!.again].sort()], [2, 2, [false, true]])
  isHold(await holds.decide(theService, (await ofReceipt(one!.receipt)).id, 'refused', 'x'))
})

test('G20 large held content stands in the content store, outlives the sweep, moves on with a release and goes with a refusal', async () => {
  const filler = randomBytes(150_000).toString('base64').replace(/.{76}/g, '\r\n$&')
  const later = { ...domains, clock: { ...domains.clock, now: () => domains.clock.now() + orphanGraceMs + 60_000 } }
  const objects = async () => (await Array.fromAsync(domains.contentStore.list())).length
  const start = await objects()
  const kept = await heldNow(locked('large', filler), [priya.address])
  const dropped = await heldNow(locked('larger', filler), [priya.address])
  assert.equal(await objects(), start + 2)
  await sweepContent(later)
  assert.equal(await objects(), start + 2)
  isHold(await holds.decide(theService, kept.id, 'released', 'x'))
  isHold(await holds.decide(theService, dropped.id, 'refused', 'x'))
  await sweepContent(later)
  assert.equal(await objects(), start + 1)
  assert.ok((await inbox(priya)).at(-1)!.includes(filler))
})

test('G20 T19 a release while the sweep asks about its content leaves the content where it is', async () => {
  const filler = randomBytes(150_000).toString('base64').replace(/.{76}/g, '\r\n$&')
  const hold = await heldNow(locked('swept', filler), [priya.address])
  const [{ message } = { message: '' }] = await domains.database.rows<{ message: string }>(
    sql`select message from hold where id = ${hold.id}`,
  )
  let isReleased = false
  const database = {
    ...domains.database,
    async rows<Row>(query: Query): Promise<Row[]> {
      const rows = await domains.database.rows<Row>(query)
      if (!isReleased && query.values.includes(message)) {
        isReleased = true
        isHold(await holds.decide(theService, hold.id, 'released', 'x'))
      }
      return rows
    },
  }
  const clock = { ...domains.clock, now: () => domains.clock.now() + orphanGraceMs + 60_000 }
  await sweepContent({ ...domains, database, clock })
  assert.ok(isReleased)
  assert.ok((await inbox(priya)).at(-1)!.includes(filler))
})

test('T19 who decides while another does is told so, though nothing opens any more', async () => {
  for (const filler of ['', randomBytes(150_000).toString('base64').replace(/.{76}/g, '\r\n$&')]) {
    const hold = await heldNow(locked(randomBytes(6).toString('hex'), filler), [priya.address])
    const later = openHolds(
      holdsParts(domains, {
        scanner: {
          async scan(read) {
            isHold(await holds.decide(theService, hold.id, 'refused', 'first'))
            for await (const _ of read());
            return { kind: 'clean' as const }
          },
          close() {},
        },
        hasRoom: () => {
          return true
        },
        recordHeld: () => null,
        announce() {},
        hostName: testHostName,
      }),
    )
    const decided = await later.decide(theService, hold.id, 'released', 'second')
    assert.equal('about' in decided && decided.reason, 'hold-was-decided')
  }
})

test('RFC 3461 of a retry with more recipients whom no rule admits nothing is held twice, and the sender is told of those', async () => {
  const raw = locked('more')
  const first = accepted(await send(raw, [priya.address]))
  const [mine] = await counts()
  const reply = accepted(await send(raw, [priya.address, 'nobody@stranger.example']))
  assert.deepEqual([reply.held, reply.refused], [1, 1])
  assert.equal((await holds.of(await accountOf(miriam))).filter(({ recipients }) => recipients.length === 0).length, 0)
  assert.equal((await inbox(miriam)).length, mine! + 1)
  assert.match((await inbox(miriam)).at(-1)!, /^Final-Recipient: rfc822; nobody@stranger\.example\r\nAction: failed/m)
  isHold(await holds.decide(theService, (await ofReceipt(first.receipt)).id, 'refused', 'x'))
})

test('T19 a retry of what was delivered before the choice was to hold is told what was delivered', async () => {
  const raw = locked('before the choice')
  assert.equal(accepted(await send(raw, both, flagging)).delivered, 2)
  const again = accepted(await send(raw))
  assert.deepEqual([again.delivered, again.held, again.warnings ?? []], [2, 0, []])
})

test('T19 so many messages of one account are held at a time, and not one more', async () => {
  const account = await accountOf(miriam)
  const waiting = (await holds.of(account)).filter(({ state }) => state === 'held').length
  await domains.database.run(sql`
    insert into hold (id, submitter, receipt, month, message, octets, sealed_about, summary, content, stored, wrapped_key, held_ms, expires_ms)
    select gen_random_uuid(), ${account}, gen_random_uuid(), 1, gen_random_uuid(), 1, ''::bytea, ''::bytea, ''::bytea, false, ''::bytea, 1, 99999999999999
      from generate_series(1, ${maxHeldMessages - 1 - waiting}::int)`)
  assert.equal(accepted(await send(locked())).held, 2)
  assert.equal(((await send(locked())) as Refused).reason, 'too-many-held')
  const raw = locked('one more recipient')
  await domains.database.run(
    sql`update hold set month = 2 where month = 1 and id = (select id from hold where month = 1 limit 1)`,
  )
  await domains.database.run(sql`delete from hold where month = 2`)
  assert.equal(accepted(await send(raw, [priya.address])).held, 1)
  const [mine] = await counts()
  const more = accepted(await send(raw))
  assert.deepEqual([more.held, more.refused], [1, 1])
  assert.deepEqual(
    [(await inbox(miriam)).length, /too many of your messages/.test((await inbox(miriam)).at(-1)!)],
    [mine! + 1, true],
  )
  await domains.database.run(sql`delete from hold where month = 1`)
  assert.equal(accepted(await send(locked())).held, 2)
})

test('G14 the audit finds a held message that is gone, was changed, or stands otherwise than was recorded', async () => {
  const wrong = async () => {
    const found: string[] = []
    const held = newHeldAccounts()
    for (const { leaf, openings } of await allRecords(service)) held.hear(leaf, openings)
    await domains.database.transaction((tx) =>
      auditHolds({ ...domains, tx, held, complete: true, find: (sentence) => found.push(sentence) }),
    )
    return found
  }
  assert.deepEqual(await wrong(), [])
  const told = newHeldAccounts()
  const decided = (await recordsOf('HoldDecided')).find(({ openings }) => openings[0]!.detail.decision === 'released')!
  const stands = () => told.states.get(String(decided.openings[0]!.detail.hold))
  told.hear(decided.leaf, decided.openings)
  assert.equal(stands(), 'released')
  told.hear(decided.leaf, decided.openings)
  assert.equal(stands(), 'decided twice')
  const { id } = await heldNow(locked('audited'))
  assert.deepEqual(await wrong(), [])
  const undone = new Error('undone')
  const after = async (change: Query, expected: RegExp) => {
    const [before] = await domains.database.rows<{ content: Buffer; state: string }>(
      sql`select content, state from hold where id = ${id}`,
    )
    await domains.database.run(change)
    const found = await wrong()
    await domains.database.run(sql`update hold set content = ${before!.content}, state = 'held' where id = ${id}`)
    assert.equal(found.length, 1, found.join())
    assert.match(found[0]!, expected)
  }
  await after(sql`update hold set content = set_byte(content, 40, get_byte(content, 40) # 1) where id = ${id}`, /does not open/)
  await assert.rejects(
    domains.database.transaction(async (tx) => {
      await tx.run(sql`delete from hold where id = ${id}`)
      const found: string[] = []
      const held = newHeldAccounts()
      for (const { leaf, openings } of await allRecords(service)) held.hear(leaf, openings)
      await auditHolds({ ...domains, tx, held, complete: true, find: (sentence) => found.push(sentence) })
      assert.deepEqual(found, [`held message ${id}: it is missing`])
      throw undone
    }),
    undone,
  )
})
