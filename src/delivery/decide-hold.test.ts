// The one final outcome of a held message, whoever decides and whatever comes between. T19, G05, RFC 3464
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { randomBytes } from 'node:crypto'
import type { Refused } from '#base/faults.ts'
import { orphanGraceMs, sweepContent } from '#delivery/housekeeping.ts'
import { expireHolds } from '#delivery/decide-hold.ts'
import { openHolds } from '#delivery/holds.ts'
import { holdsExpiredAtOnce } from '#delivery/limits.ts'
import type { Hold } from '#delivery/shown-hold.ts'
import { theService } from '#keys/epoch.ts'
import { holdsParts } from '#roles/holds.ts'
import { eicar } from '#test/support/clamd.ts'
import { testHostName } from '#test/support/service.ts'
import { type Query, sql } from '#store/sql.ts'
import { accepted, isHold, notified, openHolding } from '#test/support/holding.ts'

const {
  service,
  holds,
  miriam,
  priya,
  gareth,
  orla,
  both,
  locked,
  send,
  inbox,
  ofReceipt,
  counts,
  recordsOf,
  heldNow,
  accountOf,
} = await openHolding()
const { domains, clamd } = service
afterEach(() => {
  clamd.mode = 'finds-eicar'
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

test('T19 what stands beside a message is lost: no officer decides, and its sender is told by the record of its acceptance what became of it', async () => {
  const [expires, refuses, withdraws] = [
    await heldNow(locked('lost')),
    await heldNow(locked('ended')),
    await heldNow(locked('back')),
  ]
  const damaged = [expires, refuses, withdraws].map(({ id }) => id)
  await domains.database.run(sql`update hold set sealed_about = '\\x00' where id = any(${damaged}::uuid[])`)
  const officer = await accountOf(orla)
  for (const decision of ['released', 'refused'] as const)
    assert.equal(((await holds.decide(officer, refuses.id, decision, 'x')) as Refused).reason, 'hold-is-broken')
  assert.equal(((await holds.decide(theService, refuses.id, 'released', 'x')) as Refused).reason, 'hold-is-broken')
  isHold(await holds.decide(await accountOf(miriam), withdraws.id, 'withdrawn', ''))
  const [mine, ...others] = await counts()
  isHold(await holds.decide(theService, refuses.id, 'refused', 'a disk failed'))
  assert.match((await inbox(miriam)).at(-1)!, /a disk failed/)
  assert.equal(await expireAt(expires.expiresMs), 1)
  assert.deepEqual(await counts(), [mine! + 2, ...others])
  const notice = (await inbox(miriam)).at(-1)!
  for (const address of both) assert.match(notice, new RegExp(`^Final-Recipient: rfc822; ${address}\r\nAction: failed\r$`, 'm'))
  assert.match(notice, /what is stored of it is damaged/)
  const { hold, outcomes } = (await holds.ofReceipt(expires.receipt))!
  assert.deepEqual([hold.state, hold.isBroken, outcomes.map(({ recipient }) => recipient)], ['expired', true, both])
})

test('T19 a message whose key or content is lost is not released, and is ended like any other', async () => {
  const filler = randomBytes(150_000).toString('base64').replace(/.{76}/g, '\r\n$&')
  const ends = async (hold: Hold) => {
    const released = await holds.decide(theService, hold.id, 'released', 'x')
    assert.equal('about' in released && released.reason, 'hold-is-broken')
    assert.equal((await ofReceipt(hold.receipt)).state, 'held')
    isHold(await holds.decide(theService, hold.id, 'refused', 'a disk failed'))
    assert.match((await inbox(miriam)).at(-1)!, /a disk failed/)
  }
  const keyless = await heldNow(locked('keyless'))
  await domains.database.run(sql`update hold set wrapped_key = '\\x00' where id = ${keyless.id}`)
  await ends(keyless)
  const changed = await heldNow(locked('changed'))
  await domains.database.run(
    sql`update hold set content = set_byte(content, 40, get_byte(content, 40) # 1) where id = ${changed.id}`,
  )
  await ends(changed)
  const gone = await heldNow(locked('gone', filler))
  const [row] = await domains.database.rows<{ month: number; message: string }>(
    sql`select month, message from hold where id = ${gone.id}`,
  )
  await domains.contentStore.remove(row!.month, row!.message)
  await ends(gone)
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

test('T19 G02 while its sender may not send it is not released, and the officer is told that it stays held', async () => {
  const hold = await heldNow(locked('suspended'), [priya.address])
  const account = await accountOf(miriam)
  const setState = (state: 'suspended' | 'active') =>
    domains.database.transaction((tx) =>
      domains.accounts.setState(tx, theService, account, state, { clause: 'G02', reason: 'x' }),
    )
  await setState('suspended')
  const said = (await holds.decide(theService, hold.id, 'released', 'x')) as Refused
  await setState('active')
  assert.equal(said.reason, 'sender-is-suspended')
  assert.match(said.remedy, /stays held/)
  assert.equal((await ofReceipt(hold.receipt)).state, 'held')
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
