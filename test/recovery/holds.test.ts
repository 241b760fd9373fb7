// A held message across SIGKILL on a real instance: a lost 250 makes no second hold, and a decision that was cut off has happened once or not at all. T19, G14; design.md, what 250 means
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { FaultPoint } from '#base/fault-point.ts'
import type { DemoPerson } from '#cli/demonstration.ts'
import type { Hold } from '#delivery/shown-hold.ts'
import { zipOf } from '#test/support/archives.ts'
import { imapClient } from '#test/support/imap-client.ts'
import { startInstance } from '#test/support/instance.ts'
import { allServe, faultPointFolder } from '#test/support/kills.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'

const faults = faultPointFolder()
after(() => rmSync(faults, { recursive: true, force: true }))
const instance = await startInstance({
  environment: { CJSM_TEST_FAULT_POINTS: faults, CJSM_WORKERS: '1', CJSM_SCAN_TIMEOUT_MS: '1500' },
})
const [from, to] = [instance.person('solicitor'), instance.person('detective sergeant')]
const chosen = instance.cjsm('set-unscannable', '--organisation', from.organisation, '--choice', 'hold')
assert.equal(chosen.status, 0, chosen.stdout + chosen.stderr)

/** Whoever reaches the point next is ended there. */
const arm = (point: FaultPoint) => writeFileSync(join(faults, point), '', { mode: 0o666 })

function messageOf(word: string, filler = ''): Buffer {
  const locked = zipOf('a.txt', Buffer.from('x'), 1).toString('base64')
  return Buffer.from(
    [
      ...[`From: ${from.address}`, `To: ${to.address}`, `Subject: ${word}`, 'MIME-Version: 1.0'],
      ...['Content-Type: multipart/mixed; boundary=b', '', '--b', '', `${word}${filler}`, 'Telephone 020 7946 0018'],
      ...['--b', 'Content-Type: application/zip; name=a.zip', 'Content-Transfer-Encoding: base64', '', locked, '--b--', ''],
    ].join('\r\n'),
  )
}
/** The reply, or null where the connection ended without one. */
async function submit(octets: Buffer): Promise<string | null> {
  await allServe(instance)
  const client = await openSmtpClient(instance.ports.submissions, from)
  try {
    return (await client.submit({ from: from.address, to: [to.address], octets })).reply.text
  } catch {
    return null
  } finally {
    client.close()
  }
}
const holds = (): Hold[] => JSON.parse(instance.cjsm('hold', 'list', '--json').stdout)
const decide = (act: 'release' | 'refuse', id: string) => instance.cjsm('hold', act, '--id', id, '--reason', 'a test')
async function subjects(person: DemoPerson): Promise<string[]> {
  await allServe(instance)
  const imap = imapClient(instance.ports.imaps, person)
  await imap.connect()
  const lock = await imap.getMailboxLock('INBOX')
  const all: string[] = []
  if ((imap.mailbox as { exists: number }).exists > 0)
    for await (const { envelope } of imap.fetch('1:*', { envelope: true })) all.push(envelope?.subject ?? '')
  lock.release()
  await imap.logout()
  return all
}
const countOf = async (person: DemoPerson, subject: string) => (await subjects(person)).filter((one) => one === subject).length

test('T19 a worker that is killed before or after it commits a hold leaves one hold, and the retry gets the same 250', async () => {
  for (const [at, point] of (['before-commit', 'after-commit'] as const).entries()) {
    const octets = messageOf(
      `lost ${point}`,
      at === 0 ? '' : Buffer.alloc(200_000, 'filler ').toString().replace(/.{70}/g, '$&\r\n'),
    )
    arm(point)
    assert.equal(await submit(octets), null)
    const retried = await submit(octets)
    assert.match(
      retried ?? '',
      at === 0 ? /^250-2\.0\.0 Held for 1; receipt / : /^250[ -]2\.0\.0 Held for 1; the same message came before/,
    )
    const again = await submit(octets)
    const receipt = (reply: string | null) => /receipt ([0-9a-f-]{36})/.exec(reply ?? '')?.[1]
    assert.equal(receipt(again), receipt(retried))
    assert.equal(holds().length, at + 1)
  }
  assert.equal(await countOf(from, 'Delayed'), 2)
  assert.equal(await countOf(to, 'lost before-commit'), 0)
})

test('T19 a release that is killed before its commit has not happened, and after it has happened once; it is never undone or repeated', async () => {
  const [first, second] = holds()
    .map(({ id }) => id)
    .sort()
  arm('before-commit')
  assert.equal(decide('release', first!).status, null, 'it was ended by a signal')
  assert.equal(holds().find(({ id }) => id === first)!.state, 'held')
  assert.equal(await countOf(to, 'lost before-commit'), 0)
  arm('after-commit')
  decide('release', first!)
  assert.equal(holds().find(({ id }) => id === first)!.state, 'released')
  assert.equal(await countOf(to, 'lost before-commit'), 1)
  for (const act of ['release', 'refuse'] as const) {
    const repeated = decide(act, first!)
    assert.deepEqual([repeated.status, /decided about this message already/.test(repeated.stdout)], [1, true])
  }
  assert.equal(await countOf(to, 'lost before-commit'), 1)
  assert.equal(await countOf(from, 'Not delivered'), 0)
  arm('before-commit')
  decide('refuse', second!)
  assert.equal(holds().find(({ id }) => id === second)!.state, 'held')
  assert.equal(decide('refuse', second!).status, 0)
  assert.equal(await countOf(from, 'Not delivered'), 1)
  assert.equal(await countOf(to, 'lost after-commit'), 0)
})

test('T19 without a scanner nothing is released; with it again the same message is', async () => {
  assert.match((await submit(messageOf('no scanner'))) ?? '', /Held for 1/)
  const { id } = holds().find(({ state }) => state === 'held')!
  const clamd: number = JSON.parse(instance.cjsm('status', '--json').stdout).processes.find(
    (one: { kind: string }) => one.kind === 'clamd',
  ).pid
  process.kill(clamd, 'SIGSTOP')
  const refused = decide('release', id)
  process.kill(clamd, 'SIGCONT')
  assert.deepEqual([refused.status, /the virus scanner does not answer/.test(refused.stdout)], [1, true])
  assert.equal(holds().find((one) => one.id === id)!.state, 'held')
  await allServe(instance)
  assert.equal(decide('release', id).status, 0)
  assert.equal(await countOf(to, 'no scanner'), 1)
})

test('G14 the whole record agrees with the store after all that: each held message is accounted for once', async () => {
  await allServe(instance)
  const verified = instance.cjsm('verify', '--all')
  assert.equal(verified.status, 0, verified.stdout + verified.stderr)
})
