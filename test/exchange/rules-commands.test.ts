// The operator's commands on what the rules know, with a real instance: a signature block, a statement, a permit, and an incident of volume, each seen in SMTP's replies or in the mail. G12, G13, T08, T23
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Incident } from '#community/incidents.ts'
import type { Permit } from '#community/permits.ts'
import { startInstance } from '#test/support/instance.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'

const instance = await startInstance({
  environment: {
    CJSM_SENDING_PER_HOUR: '120',
    CJSM_WORKERS: '1',
    CJSM_SPAM_ENGINE: 'spamassassin',
    CJSM_SPAM_ENGINE_ADDRESS: '/nobody/serves/spamd.sock',
    CJSM_PUBLIC_URL: 'https://webmail.example.org:4443',
  },
})
const [priya, miriam] = [instance.person('prosecutor'), instance.person('solicitor')]

async function send(fields: readonly string[], times = 1): Promise<string> {
  const client = await openSmtpClient(instance.ports.submissions, priya)
  try {
    const lines = [`From: ${priya.address}`, `To: ${miriam.address}`, `Subject: x ${Math.random()}`, ...fields, '', 'Hello', '']
    const to = Array.from({ length: times }, () => miriam.address)
    const { reply } = await client.submit({ from: priya.address, to, octets: Buffer.from(lines.join('\r\n')) })
    return reply.text
  } finally {
    client.close()
  }
}
function run(...words: string[]): string {
  const { status, stdout, stderr } = instance.cjsm(...words)
  assert.equal(status, 0, stdout + stderr)
  return stdout
}

test('an engine that does not answer is said by status, and no mail waits for it (T23)', async () => {
  assert.match(
    run('status'),
    /The spam engine does not answer at \/nobody\/serves\/spamd\.sock: the limits of volume count without it\./,
  )
  assert.match(await send([], 20), /^250/)
  assert.match(await send([], 20), /^250/)
})

test('a refusal names the page of its rule where people find webmail (T00)', async () => {
  assert.match(await send(['Precedence: bulk']), /^550 5\.7\.1 \[T08\] .* See https:\/\/webmail\.example\.org:4443\/rules#T08$/)
})

test('set-signature and set-statement say what they did, and refuse what is malformed (G12, G13)', () => {
  assert.match(run('set-signature', priya.userName, '--text', 'Priya Raman\n020 7946 0000'), /has this signature block now/)
  const refused = instance.cjsm('set-signature', priya.userName, '--text', 'nothing to reach me by')
  assert.equal(refused.status, 1)
  assert.match(refused.stdout, /Refused \[G12\]/)
  assert.match(
    run('set-statement', '--organisation', priya.organisation, '--text', 'For the addressee only.', '--for', 'protected'),
    /wording/,
  )
})

test('permit grant, list and revoke open and close the door for automated mail (T08)', async () => {
  const bulk = ['Precedence: bulk']
  assert.match(await send(bulk), /^550 5\.7\.1 \[T08\] the header says that a machine sends it \(Precedence: bulk\)/)
  const options = ['--user', priya.userName, '--purpose', 'lists', '--to-organisations', miriam.organisation, '--per-hour', '5']
  assert.match(run('permit', 'grant', ...options, '--days', '30', '--granted-by', 'the Ministry'), /has permit/)
  assert.match(await send(bulk), /^250[ -]/)
  const [permit] = JSON.parse(run('permit', 'list', '--json')) as Permit[]
  assert.deepEqual([permit!.purpose, permit!.perHour, permit!.grantedBy], ['lists', 5, 'the Ministry'])
  assert.match(run('permit', 'revoke', '--id', permit!.id), /counts no more/)
  assert.match(await send(bulk), /^550 5\.7\.1 \[T08\]/)
})

test('a command that changes nothing says so by its exit code, too', () => {
  const unknown = '0190a000-0000-7000-8000-000000000000'
  for (const [words, sentence] of [
    [['revoke-device', unknown], /There is no such computer/],
    [['permit', 'revoke', '--id', unknown], /There is no such permit/],
    [['incident', 'release', '--id', unknown, '--reason', 'x'], /no such incident/],
    [['set-statement', '--organisation', priya.organisation], /Nothing is to be changed/],
    [
      ['add-organisation', '--name', 'x', '--kind', 'police', '--domain', 'x.cjsm.test', '--server-domain', 'x.example'],
      /exclude each other/,
    ],
  ] as const) {
    const { status, stdout, stderr } = instance.cjsm(...words)
    assert.notEqual(status, 0, words.join(' '))
    assert.match(stdout + stderr, sentence)
  }
})

test('at the limit of an hour the reply cites T23 and an incident is there; lifting it gives sending back (T23)', async () => {
  assert.match(await send([], 60), /^250[ -]/)
  assert.match(await send([], 60), /^550 5\.7\.1 \[T23\] the account sent to \d+ recipients within an hour; the limit is 120/)
  const [incident] = JSON.parse(run('incident', 'list', '--json')) as Incident[]
  assert.deepEqual([incident!.clause, incident!.kind, incident!.decision], ['T23', 'sending-stopped', null])
  assert.match(run('accounts', '--organisation', priya.organisation), /sending-suspended/)
  assert.match(run('incident', 'lift', '--id', incident!.id, '--reason', 'a court list'), /lifted/)
  assert.match(await send([]), /^250[ -]/)
})

test('set-listing and away say what they did; while somebody is away the jobs answer for them (G11, RFC 3834)', async () => {
  assert.match(run('set-listing', miriam.userName, 'ex-directory', '--reason', 'asked for it'), /is ex-directory now/)
  assert.match(run('set-listing', miriam.userName, 'ex-directory', '--reason', 'asked for it'), /was ex-directory already/)
  assert.match(run('accounts', '--organisation', miriam.organisation), /active, ex-directory/)
  const dayIn = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
  const days = ['--from', dayIn(-1), '--until', dayIn(1)]
  assert.equal(instance.cjsm('away', miriam.userName, '--from', '1 May', '--until', '2026-05-02', '--text', 'x').status, 2)
  assert.match(run('away', miriam.userName, ...days, '--text', 'Ask the clerks.'), /is away from/)
  assert.match(await send([]), /^250[ -]/)
  const deadlineMs = performance.now() + 120_000
  const replies = async () => {
    const text = await (await fetch(`http://127.0.0.1:${instance.ports.operations}/metrics`)).text()
    return Number(/^cjsm_automatic_replies_total\{[^}]*\} (\d+)$/m.exec(text)?.[1] ?? 0)
  }
  while ((await replies()) === 0 && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 500))
  assert.equal(await replies(), 1)
  assert.match(run('away', miriam.userName, '--off'), /is not away/)
})

test('incident list shows what the ceiling refused, release lets that same content pass, and officer appoints and dismisses (G05)', async () => {
  const above = ['X-Protective-Marking: VER=2018.4, NS=cjsm, SEC=SECRET']
  const sent = async (subject: string) => {
    const client = await openSmtpClient(instance.ports.submissions, priya)
    const lines = [`From: ${priya.address}`, `To: ${miriam.address}`, `Subject: ${subject}`, ...above, '', 'Hello', '']
    const { reply } = await client.submit({ from: priya.address, to: [miriam.address], octets: Buffer.from(lines.join('\r\n')) })
    client.close()
    return reply.text
  }
  assert.match(await sent('Santa'), /^550 5\.7\.1 \[G05\]/)
  const incident = (JSON.parse(run('incident', 'list', '--json')) as Incident[]).find(({ kind }) => kind === 'above-ceiling')
  assert.match(run('incident', 'list'), /above-ceiling/)
  const lifted = instance.cjsm('incident', 'lift', '--id', incident!.id, '--reason', 'x')
  assert.equal(lifted.status, 1)
  assert.match(lifted.stdout, /^Refused \[G05\]: .*cannot be decided of one of its kind/)
  assert.match(run('incident', 'release', '--id', incident!.id, '--reason', 'a party'), /released/)
  assert.match(await sent('Santa'), /^250[ -]/)
  assert.match(await sent('Another'), /^550 5\.7\.1 \[G05\]/)
  assert.match(run('officer', 'appoint', priya.userName, '--reason', 'joined'), /is an officer of the Helpdesk now/)
  assert.match(run('officer', 'appoint', priya.userName, '--reason', 'joined'), /was an officer of the Helpdesk already/)
  assert.match(run('officer', 'dismiss', priya.userName, '--reason', 'left'), /is no officer of the Helpdesk now/)
})
