// The operator's commands on what the rules know, with a real instance: a signature block, a statement, a permit, and an incident of volume, each seen in SMTP's replies or in the mail. G12, G13, T08, T23
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Incident } from '#community/incidents.ts'
import type { Permit } from '#community/permits.ts'
import { startInstance } from '#test/support/instance.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'

const instance = await startInstance({ environment: { CJSM_SENDING_PER_HOUR: '120', CJSM_WORKERS: '1' } })
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

test('at the limit of an hour the reply cites T23 and an incident is there; lifting it gives sending back (T23)', async () => {
  assert.match(await send([], 60), /^250[ -]/)
  assert.match(await send([], 60), /^550 5\.7\.1 \[T23\] the account sent to \d+ recipients within an hour; the limit is 120/)
  const [incident] = JSON.parse(run('incident', 'list', '--json')) as Incident[]
  assert.deepEqual([incident!.clause, incident!.kind, incident!.decision], ['T23', 'sending-stopped', null])
  assert.match(run('accounts', '--organisation', priya.organisation), /sending-suspended/)
  assert.match(run('incident', 'lift', '--id', incident!.id, '--reason', 'a court list'), /lifted/)
  assert.match(await send([]), /^250[ -]/)
})
