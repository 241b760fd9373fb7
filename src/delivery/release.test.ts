// Mail that names somebody outside the community: judged with the message, said at DATA, recorded; what is declared stays here. G15.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { octetsOf } from '#delivery/inspect.ts'
import { judgeMessage } from '#delivery/judge.ts'
import { shippedSet } from '#policy/marking-set.ts'
import { allRecords, messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { testHostName, testService } from '#test/support/service.ts'

const service = await testService()
const doors = await openTestDoors(service, { channels: ['expert.example'] })
const priya = service.person('prosecutor')
const miriam = service.person('solicitor')
const outside = 'client@outside.example'
const npm = 'NOT PROTECTIVELY MARKED'

const message = (fields: readonly string[], ...body: string[]) => messageOf(`From: ${priya.address}`, ...fields, '', ...body)
const file = (name: string, text: string) => [
  '--b',
  'Content-Type: text/plain',
  `Content-Disposition: attachment; filename="${name}"`,
  '',
  text,
]
const withFile = (name: string, text: string) =>
  message(
    [`Subject: ${npm}: rota`, 'MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b'],
    ...['--b', 'Content-Type: text/plain', '', 'The rota.', ...file(name, text), '--b--'],
  )
const withPart = (type: string, text: string, multipart = 'mixed') =>
  message(
    [`Subject: ${npm}: rota`, 'MIME-Version: 1.0', `Content-Type: multipart/${multipart}; boundary=b`],
    ...['--b', 'Content-Type: text/plain', '', npm, '', 'The rota.', '--b', `Content-Type: ${type}`, '', text, '--b--'],
  )
const plain = message(['Subject: rota'], 'The rota.')
const declared = (value: string) => message(['Subject: rota', `X-CJSM-Release: ${value}`], 'The rota.')

const cases: [name: string, raw: string, to: string, reason: string, recorded: string][] = [
  ['says nothing of release', plain, outside, 'release-is-not-declared', 'not-declared'],
  ['is marked NPM', message([`Subject: ${npm}: rota`], 'x'), outside, 'outside-is-not-reached-yet', 'not-protectively-marked'],
  ['is NPM with an unmarked file', withFile('rota.txt', 'Monday'), outside, 'release-is-not-declared', 'not-declared'],
  [
    'is NPM with a file that is NPM',
    withFile('rota.txt', `${npm}\r\n\r\nMonday`),
    outside,
    'outside-is-not-reached-yet',
    'not-protectively-marked',
  ],
  ['is NPM with a second text', withPart('text/plain', 'Names.'), outside, 'release-is-not-declared', 'not-declared'],
  [
    'is NPM with a file that is called a signature',
    withPart('application/pgp-signature; name=a', 'x'),
    outside,
    'release-is-not-declared',
    'not-declared',
  ],
  [
    'is NPM and signed',
    withPart('application/pgp-signature', 'x', 'signed'),
    outside,
    'outside-is-not-reached-yet',
    'not-protectively-marked',
  ],
  [
    'is NPM in two alternatives',
    withPart('text/html', `<p>${npm}</p><p>The rota.</p>`, 'alternative'),
    outside,
    'outside-is-not-reached-yet',
    'not-protectively-marked',
  ],
  [
    'is declared certain',
    declared('certain-not-sensitive; It was =?utf-8?Q?ver=C3=B6ffentlicht?='),
    outside,
    'outside-is-not-reached-yet',
    'certain-not-sensitive',
  ],
  ['is declared without words', declared('certain-not-sensitive'), outside, 'release-is-not-understood', 'not-understood'],
  [
    'is for a trusted recipient without a channel',
    declared('trusted-recipient; She is instructed'),
    outside,
    'channel-is-not-verified',
    'trusted-recipient',
  ],
  [
    'is for a trusted recipient over a verified channel',
    declared('trusted-recipient; She is instructed'),
    'dr.lee@expert.example',
    'outside-is-not-reached-yet',
    'trusted-recipient',
  ],
  [
    'was forwarded by a rule',
    message([`Subject: ${npm}: rota`, `X-Forwarded-For: ${priya.address} ${outside}`], 'x'),
    outside,
    'automatic-forwarding-goes-outside',
    'not-protectively-marked',
  ],
]

for (const [name, raw, to, reason, recorded] of cases) {
  test(`a message for somebody outside that ${name} is refused because ${reason}, and the decision is recorded (G15)`, async () => {
    const atRcpt = await doors.acceptance.admitRecipient(to)
    assert.ok(atRcpt?.kind === 'warning' && /X-CJSM-Release/.test(atRcpt.remedy))
    const answer = await doors.submit(priya, [to], raw)
    assert.ok(answer.kind === 'refused', JSON.stringify(answer))
    assert.deepEqual([answer.clause, answer.reason], ['G15', reason])
    const { leaf, openings } = (await allRecords(service)).at(-1)!
    assert.equal(leaf.event, 'SubmissionRejection')
    const { detail } = openings[0]!
    assert.deepEqual([detail.recipient, detail.reason, detail.release], [to, reason, recorded])
    if (recorded === 'certain-not-sensitive') assert.equal(detail.releaseWords, 'It was veröffentlicht')
  })
}

test('beside somebody outside, those inside get it; the sender is notified, and nobody sees the declaration (G15, RFC 3464)', async () => {
  const answer = await doors.submit(priya, [outside, miriam.address], declared('certain-not-sensitive; It was published'))
  assert.ok(answer.kind === 'accepted')
  assert.deepEqual([answer.delivered, answer.refused], [1, 1])
  const got = (await doors.read(miriam)).at(-1)!
  assert.doesNotMatch(got, /X-CJSM-Release|published/)
  const notice = (await doors.read(priya)).at(-1)!
  assert.match(notice, /client@outside\.example/)
  assert.match(notice, /Action: failed\r\nStatus: 5\.7\.1/)
  const accepted = (await allRecords(service)).filter(({ leaf }) => leaf.event === 'SubmissionAcceptance').at(-1)!
  const details = accepted.openings.map(({ detail }) => `${detail.recipient} ${detail.outcome} ${detail.reason ?? ''}`.trim())
  assert.deepEqual(
    details.toSorted(),
    [`${miriam.address} delivered`, `${outside} refused outside-is-not-reached-yet`].toSorted(),
  )
})

test('a declaration in a message for those inside alone changes nothing, and is taken out (G15)', async () => {
  const answer = await doors.submit(priya, [miriam.address], declared('what, where'))
  assert.equal(answer.kind, 'accepted')
  assert.doesNotMatch((await doors.read(miriam)).at(-1)!, /X-CJSM-Release/)
})

test('what one was sent unmarked does not become open by being forwarded as NPM (G15, T01)', async () => {
  const original = (await doors.read(miriam)).at(-1)!
  const forward = messageOf(
    `From: ${miriam.address}`,
    `Subject: ${npm}: Fwd: rota`,
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    ...['--b', 'Content-Type: text/plain', '', 'See below.', '--b', 'Content-Type: message/rfc822', '', original, '--b--'],
  )
  const attached = await doors.submit(miriam, [outside], forward)
  assert.ok(attached.kind === 'refused' && attached.reason === 'release-is-not-declared', JSON.stringify(attached))
  const quoting = messageOf(`From: ${miriam.address}`, `Subject: ${npm}: rota`, '', npm, '', 'See:', '', '> The rota.')
  const quoted = await doors.submit(miriam, [outside], quoting)
  assert.ok(quoted.kind === 'refused' && quoted.remedy.startsWith('What it quotes'), JSON.stringify(quoted))
  const fields = [`From: ${miriam.address}`, `Subject: ${npm}: rota`, 'References: <a@b.example>', 'Content-Type: text/html']
  const html = messageOf(...fields, '', `<p>${npm}</p><p>See:</p><blockquote>The rota.</blockquote>`)
  const byLook = await doors.submit(miriam, [outside], html)
  assert.ok(byLook.kind === 'refused' && byLook.remedy.startsWith('What it quotes'), JSON.stringify(byLook))
})

test('judging says of somebody outside what acceptance does (G15)', async () => {
  const parts = {
    ...service.domains,
    lookInside: doors.lookInside,
    countExpansion: doors.countExpansion,
    findIntegrity: doors.findIntegrity,
    markings: shippedSet,
    hostName: testHostName,
  }
  const who = await doors.signIn(priya)
  for (const [name, raw, to, reason] of cases) {
    const recipients = [{ address: to, originalRecipient: null, notify: null }]
    const envelope = { reversePath: priya.address, recipients, envid: null, ret: null }
    const nowMs = () => service.domains.clock.now()
    const judged = await judgeMessage(
      { ...parts, nowMs, channels: ['expert.example'] },
      who,
      envelope,
      octetsOf(Buffer.from(raw)),
    )
    const [{ verdict } = { verdict: null }] = judged.decision.recipients
    assert.equal(verdict?.kind === 'refused' && verdict.reason, reason, name)
  }
})
