// A suspension or a revoked credential ends the sessions that are open, in words that the program shows. G02, T06
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { ImapFlow } from 'imapflow'
import { theService } from '#keys/epoch.ts'
import type { DemoPerson } from '#cli/demonstration.ts'
import { imapClient } from '#test/support/imap-client.ts'
import { testService } from '#test/support/service.ts'

const service = await testService()
const { domains } = service

async function signedIn(person: DemoPerson): Promise<{ client: ImapFlow; closed: Promise<void> }> {
  const client = imapClient(service.faces.imaps.port, person)
  client.on('error', () => {})
  await client.connect()
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
  await client.status('INBOX', { messages: true })
  return { client, closed }
}

/** Asks for a mailbox's status until the session ends: what was looked up may be two seconds old. */
async function endsWhenUsed({ client, closed }: { client: ImapFlow; closed: Promise<void> }): Promise<void> {
  const ended = closed.then(() => true)
  const until = performance.now() + 20_000
  while (performance.now() < until) {
    await client.status('INBOX', { messages: true }).catch(() => {})
    if (await Promise.race([ended, wait(250, false)])) return
  }
  assert.fail('the session went on')
}

test('G02 an open IMAP session of a suspended person ends at its next act, and others go on', async () => {
  const officer = service.person('disclosure officer')
  const other = await signedIn(service.person('solicitor'))
  const session = await signedIn(officer)
  const [account] = await domains.accounts.list({ userName: officer.userName })
  const reason = { clause: 'G02', reason: 'test' }
  await domains.database.transaction((tx) => domains.accounts.setState(tx, theService, account!.id, 'suspended', reason))
  await endsWhenUsed(session)
  await other.client.status('INBOX', { messages: true })
  await other.client.logout()
})

test('T06 an open IMAP session ends when its computer’s credential is revoked', async () => {
  const clerk = service.person('clerk')
  const session = await signedIn(clerk)
  const [account] = await domains.accounts.list({ userName: clerk.userName })
  const second = await domains.database.transaction((tx) => domains.accounts.issueDevice(tx, theService, account!.id, 'second'))
  const secondSession = await signedIn({ ...clerk, devicePassword: second.password })
  await domains.database.transaction((tx) => domains.accounts.revokeDevice(tx, theService, second.computer))
  await endsWhenUsed(secondSession)
  await session.client.status('INBOX', { messages: true })
  await session.client.logout()
})
