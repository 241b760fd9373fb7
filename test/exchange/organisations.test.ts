// The operator's commands on organisations and computers, with a real instance: each seen at a sign-in, in SMTP's replies or in a list. G02, G06, G07, T06
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { DemoPerson } from '#cli/demonstration.ts'
import type { Account, Computer } from '#identity/accounts.ts'
import { startInstance } from '#test/support/instance.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'

const instance = await startInstance()
const [priya, miriam] = [instance.person('prosecutor'), instance.person('solicitor')]
const withinMs = 20_000

function run(...words: string[]): string {
  const { status, stdout, stderr } = instance.cjsm(...words)
  assert.equal(status, 0, stdout + stderr)
  return stdout
}
function refused(...words: string[]): string {
  const { status, stdout, stderr } = instance.cjsm(...words)
  assert.notEqual(status, 0)
  return stdout + stderr
}
const accountNamed = (userName: string) =>
  (JSON.parse(run('accounts', '--json')) as Account[]).find((one) => one.userName === userName)!

function openAccount(userName: string): void {
  const domain = miriam.address.slice(miriam.address.indexOf('@') + 1)
  const person = ['--name', 'Ann', '--role', 'clerk', '--address', `${userName}@${domain}`, '--user-name', userName]
  run('add-account', '--organisation', miriam.organisation, ...person)
}

/** What a person's message is answered: the refusal of the sign-in, or of the message, or its 250. */
async function answerTo(person: DemoPerson, subject = 'Bail'): Promise<string> {
  let client: Awaited<ReturnType<typeof openSmtpClient>>
  try {
    client = await openSmtpClient(instance.ports.submissions, person)
  } catch (fault) {
    return String(fault)
  }
  try {
    const lines = [`From: ${person.address}`, `To: ${priya.address}`, `Subject: ${subject}`, '', `Hello ${randomUUID()}`, '']
    return (await client.submit({ from: person.address, to: [priya.address], octets: Buffer.from(lines.join('\r\n')) })).reply
      .text
  } finally {
    client.close()
  }
}

/** What is known of a person or an organisation may be some seconds old. */
async function answers(person: DemoPerson, wanted: RegExp, subject?: string): Promise<void> {
  const untilMs = performance.now() + withinMs
  let text = ''
  while (performance.now() < untilMs) {
    text = await answerTo(person, subject)
    if (wanted.test(text)) return
    await wait(500)
  }
  assert.match(text, wanted)
}

test('G02 an organisation is suspended with all its people, and what each was by itself comes back with it', async () => {
  await answers(miriam, /^250/)
  openAccount('ann.early')
  run('set-account', 'ann.early', 'sending-suspended', '--reason', 'a test')
  const said = run('set-organisation', miriam.organisation, '--state', 'suspended', '--reason', 'not paid')
  assert.match(said, /was active and is suspended now, with \d+ accounts?\./)
  assert.match(run('organisations'), new RegExp(`${miriam.organisation} .*suspended`))
  assert.equal(accountNamed(miriam.userName).state, 'suspended')
  await answers(miriam, /535/)
  await answers(priya, /^250/)
  assert.match(run('set-account', miriam.userName, 'active', '--reason', 'a test'), /organisation is suspended, and they with it/)
  run('set-organisation', miriam.organisation, '--state', 'active', '--reason', 'paid')
  await answers(miriam, /^250/)
  assert.equal(accountNamed('ann.early').state, 'sending-suspended')
})

test('G02 an account that is opened in a suspended organisation is suspended with it', () => {
  run('set-organisation', miriam.organisation, '--state', 'sending-suspended', '--reason', 'a test')
  openAccount('ann.late')
  assert.equal(accountNamed('ann.late').state, 'sending-suspended')
  run('set-organisation', miriam.organisation, '--state', 'active', '--reason', 'a test')
  assert.equal(accountNamed('ann.late').state, 'active')
})

test('G07 who adopts the scheme may originate RESTRICTED, and who leaves it may not', async () => {
  const subject = '[RESTRICTED] Bail'
  await answers(miriam, /G07/, subject)
  run('set-organisation', miriam.organisation, '--scheme', 'adopter', '--reason', 'signed the terms')
  await answers(miriam, /^250/, subject)
  run('set-organisation', miriam.organisation, '--scheme', 'none', '--reason', 'left')
  await answers(miriam, /G07/, subject)
})

test('an organisation gets another domain, and what is taken, outside or no change is refused (G01, T00)', () => {
  const change = (...more: string[]) => ['set-organisation', miriam.organisation, ...more]
  const reason = ['--reason', 'a merger']
  assert.match(run(...change('--domain', 'merged.cjsm.test', ...reason)), /has the domain merged\.cjsm\.test now/)
  assert.match(refused(...change('--domain', 'merged.cjsm.test', ...reason)), /belongs to an organisation already/)
  assert.match(refused(...change('--domain', 'merged.example', ...reason)), /G01/)
  assert.match(refused(...change(...reason)), /needs --state/)
  assert.match(refused(...change('--state', 'closed', ...reason)), /--state is one of active, sending-suspended, suspended/)
  assert.match(refused(...change('--state', 'suspended')), /--reason is missing/)
  assert.match(refused('set-organisation', 'Nobody & Co', '--state', 'active', ...reason), /no organisation called/)
  const both = change('--state', 'suspended', '--domain', 'merged.cjsm.test', ...reason)
  assert.match(refused(...both), /belongs to an organisation already/)
  assert.equal(accountNamed(miriam.userName).state, 'active')
})

test('one address of a server organisation is mapped by itself, or to nobody', () => {
  run('set-organisation', priya.organisation, '--server-domain', 'hq.example', '--reason', 'a test')
  const address = 'chief@hq.example.cjsm.test'
  assert.match(run('map-address', address, '--home', 'office@hq.example'), /stands for office@hq\.example now/)
  assert.match(run('map-address', address, '--nobody'), /is nobody’s now/)
  assert.match(refused('map-address', miriam.address, '--nobody'), /mail server of its own/)
})

test('T06 a person’s computers are listed with the ids that revoke-device takes', () => {
  run('add-device', miriam.userName, '--name', 'Laptop')
  const computers = () => JSON.parse(run('computers', miriam.userName, '--json')) as Computer[]
  const laptop = computers().find((one) => one.name === 'Laptop')!
  assert.equal(laptop.revokedMs, null)
  assert.match(run('computers', miriam.userName), new RegExp(`${laptop.id} +Laptop +mail program +\\d{4}-\\d\\d-\\d\\d$`, 'm'))
  run('revoke-device', laptop.id)
  assert.ok(computers().find((one) => one.id === laptop.id)!.revokedMs! > 0)
  assert.match(refused('computers', 'nobody.here'), /no account with the user name/)
})
