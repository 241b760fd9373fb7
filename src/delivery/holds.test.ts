// What is held, and that it is held once: by choice, with its evidence and notices, seen by nobody. T19, RFC 3461, RFC 3464
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import type { Refused } from '#base/faults.ts'
import { maxHeldMessages } from '#delivery/limits.ts'
import { theService } from '#keys/epoch.ts'
import { eicar } from '#test/support/clamd.ts'
import { sql } from '#store/sql.ts'
import { allRecords, messageOf } from '#test/support/acceptance.ts'
import { accepted, isHold, notified, openHolding } from '#test/support/holding.ts'

const {
  service,
  holding,
  flagging,
  refusing,
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
  heldNow,
  accountOf,
} = await openHolding()
const { domains, clamd } = service
afterEach(() => {
  clamd.mode = 'finds-eicar'
})

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

test('T19 the same message twice at once is held once', async () => {
  const raw = locked('twice at once')
  const [one, other] = (await Promise.all([send(raw), send(raw)])).map(accepted)
  assert.equal(one!.receipt, other!.receipt)
  assert.deepEqual([one!.held, other!.held, [one!.again, other!.again].sort()], [2, 2, [false, true]])
  isHold(await holds.decide(theService, (await ofReceipt(one!.receipt)).id, 'refused', 'x'))
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
