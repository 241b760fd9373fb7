// Accounts and signing in: who may, in what state, and what is recorded. G02, G03, T03, T06
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Refused } from '#base/faults.ts'
import { newId } from '#base/ids.ts'
import { newLog } from '#base/log.ts'
import { openEvidence } from '#evidence/record.ts'
import { type HolderState, type NewAccount, openAccounts } from '#identity/accounts.ts'
import { passwordIs } from '#identity/passwords.ts'
import { type SignedIn, newSignIn } from '#identity/sign-in.ts'
import { theService } from '#keys/epoch.ts'
import { openDatabase } from '#store/database.ts'
import { sql } from '#store/sql.ts'
import { testDatabase } from '#test/support/database.ts'
import { testKeys } from '#test/support/keys.ts'

const { database, connectionString } = await testDatabase()
const clock = { now: () => Date.now(), monotonic: () => performance.now() }
const { keys } = await testKeys(clock)
const forParties = openDatabase({ connectionString, connections: 2, waitMs: 5_000, log: newLog('silent', {}) })
const evidence = openEvidence(database, forParties, keys, clock)
const accounts = openAccounts({ database, keys, evidence, clock })
const signIn = newSignIn({ database, keys, evidence })
const organisation = newId(1)
test.after(() => forParties.close())

let made = 0
const newAccount = (more: Partial<NewAccount> = {}): NewAccount => ({
  organisation,
  address: `Person.${++made}@Firm.cjsm.test`,
  userName: `person.${made}`,
  name: 'Canary Person',
  role: 'solicitor',
  password: 'Abcdefg1',
  quotaOctets: 1e6,
  ...more,
})
class Refusal extends Error {
  readonly refused: Refused
  constructor(refused: Refused) {
    super(refused.reason)
    this.refused = refused
  }
}
/** Creates as members.ts does: a refusal rolls back. */
async function create(account: NewAccount): Promise<{ kind: 'created'; id: string } | Refused> {
  try {
    return await database.transaction(async (tx) => {
      const created = await accounts.create(tx, theService, account)
      if (created.kind === 'refused') throw new Refusal(created)
      return created
    })
  } catch (fault) {
    if (fault instanceof Refusal) return fault.refused
    throw fault
  }
}
async function newPerson(more: Partial<NewAccount> = {}) {
  const account = newAccount(more)
  const created = await create(account)
  assert.equal(created.kind, 'created', JSON.stringify(created))
  const { id } = created as { id: string }
  const device = await database.transaction((tx) => accounts.issueDevice(tx, theService, id, 'First computer'))
  return { ...account, id, ...device, devicePassword: device.password, password: account.password }
}
const attempt = (userName: string, password: string) =>
  signIn({ userName, password, remoteAddress: '192.0.2.7', protocol: 'imap' })
const setState = (id: string, state: HolderState) =>
  database.transaction((tx) => accounts.setState(tx, theService, id, state, { clause: 'G02', reason: 'a test' }))
async function recordsOf(event: string) {
  const rows = await database.rows<{ id: string }>(sql`select id from evidence_record order by id`)
  const records = await Promise.all(rows.map(({ id }) => evidence.read(id)))
  return records.filter((record) => record!.leaf.event === event).map((record) => record!)
}

test('passwords at the rules’ limit are taken and one past it refused: 8, upper, lower, and digit or special (T06)', async () => {
  for (const password of ['Abcdefg1', 'aBCDEFG!', 'Ä ä ä ä ä', 'Abcdefg '])
    assert.equal((await create(newAccount({ password }))).kind, 'created', password)
  for (const password of ['', 'Abcdef1', 'abcdefg1', 'ABCDEFG1', 'Abcdefgh', '12345678', '!!!!!!!!']) {
    const refused = await create(newAccount({ password }))
    assert.equal(refused.kind === 'refused' && `${refused.clause} ${refused.reason}`, 'T06 password-is-weak', password)
    assert.ok(password === '' || !JSON.stringify(refused).includes(password))
  }
})

test('a mail program signs in with any address of the account as with its user name, in any case, and with nobody else’s (T06)', async () => {
  const [person, other] = [await newPerson(), await newPerson()]
  for (const name of [person.userName, person.address, person.address.toUpperCase()]) {
    const who = (await attempt(name, person.devicePassword)) as SignedIn
    assert.deepEqual([who.kind, who.account], ['signed-in', person.id], name)
  }
  for (const name of [other.address, `${person.userName}@cjsm.test`, `${person.address}\0`, '@'])
    assert.equal(((await attempt(name, person.devicePassword)) as Refused).reason, 'sign-in-failed', name)
  await setState(person.id, 'suspended')
  assert.equal(((await attempt(person.address, person.devicePassword)) as Refused).reason, 'account-is-suspended')
})

test('user names are unique and of a plain form, at the limits and one past them (T06)', async () => {
  for (const userName of ['abc', 'a'.repeat(64), '007', 'a.b-c_d'])
    assert.equal((await create(newAccount({ userName }))).kind, 'created', userName)
  for (const userName of ['ab', 'a'.repeat(65), 'Abc', '.abc', 'a b', 'abc\0', 'é-é-é', '__proto__'])
    assert.equal(((await create(newAccount({ userName }))) as Refused).reason, 'user-name-is-malformed', userName)
  assert.equal(((await create(newAccount({ userName: 'abc' }))) as Refused).reason, 'user-name-is-taken')
})

test('an address over 254 octets is refused, and one of 254 taken (RFC 5321 §4.5.3.1.3)', async () => {
  const local = 'a'.repeat(64)
  const domainOf = (octets: number) => `${'d'.repeat(62)}.${'e'.repeat(62)}.${'f'.repeat(octets - 126 - 10)}.cjsm.test`
  const fits = `${local}@${domainOf(254 - 65)}`
  assert.equal(fits.length, 254)
  assert.equal((await create(newAccount({ address: fits }))).kind, 'created')
  for (const address of [
    `${local}@${domainOf(255 - 65)}`,
    `${local}a@firm.cjsm.test`,
    'no-at',
    'a@@b.test',
    '"a@b.test',
    'a b@c.test',
  ])
    assert.equal(((await create(newAccount({ address }))) as Refused).reason, 'address-is-malformed', address)
})

test('an address is never given out again, not when written otherwise, and not after its holder was removed (G02)', async () => {
  const { id, address, userName } = await newPerson()
  const again = async () => ((await create(newAccount({ address: address.toUpperCase().toLowerCase() }))) as Refused).reason
  assert.equal(await again(), 'address-is-taken')
  await setState(id, 'removed')
  assert.equal(await again(), 'address-is-taken')
  assert.deepEqual((await accounts.holdersAt([address.toLowerCase()])).get(address.toLowerCase()), {
    holder: id,
    state: 'removed',
    organisation,
  })
  assert.equal((await accounts.list({ userName }))[0]!.addresses[0], address)
  const rows = await database.rows(sql`select from holder where id not in (select holder from address)`)
  assert.equal(rows.length, 0)
})

test('the password is kept as a hash only, and the record of an account does not hold it', async () => {
  const { id, password } = await newPerson()
  const [row] = await database.rows<{ passwordHash: string }>(sql`select password_hash from account where id = ${id}`)
  assert.equal(await passwordIs(row!.passwordHash, password), true)
  const records = await recordsOf('AccountCreated')
  assert.ok(records.length > 0)
  assert.equal(JSON.stringify(records).includes(password), false)
})

test('a device password signs in, also when typed with spaces, without hyphens or in upper case, and the user name in upper case', async () => {
  const { id, computer, devicePassword, userName, address } = await newPerson()
  const expected: SignedIn = {
    kind: 'signed-in',
    account: id,
    organisation,
    computer,
    name: 'Canary Person',
    address,
    mayUse: [address.toLowerCase()],
    maySend: true,
  }
  for (const typed of [
    devicePassword,
    devicePassword.toUpperCase(),
    devicePassword.replaceAll('-', ' '),
    devicePassword.replaceAll('-', ''),
  ])
    assert.deepEqual(await attempt(userName, typed), expected)
  assert.deepEqual(await attempt(userName.toUpperCase(), devicePassword), expected)
})

test('an unknown name, a wrong password, another’s password and a revoked one are refused in the same words (T06)', async () => {
  const [one, two] = [await newPerson(), await newPerson()]
  const second = await database.transaction((tx) => accounts.issueDevice(tx, theService, one.id, 'Second computer'))
  assert.equal(await database.transaction((tx) => accounts.revokeDevice(tx, theService, second.computer)), true)
  assert.equal(await database.transaction((tx) => accounts.revokeDevice(tx, theService, second.computer)), false)
  const refusals = [
    await attempt('nobody.at.all', one.devicePassword),
    await attempt(one.userName, two.devicePassword),
    await attempt(one.userName, one.password),
    await attempt(one.userName, ''),
    await attempt(one.userName, second.password),
    await attempt('', ''),
    await attempt('nul\0name', 'x'),
    await attempt(one.userName, 'nul\0'),
    await attempt('\ud800', '\ud800'),
    await attempt('x'.repeat(100_000), 'x'.repeat(100_000)),
    await attempt('__proto__', 'x'),
    await attempt("' or 1=1 --", 'x'),
  ]
  assert.equal((refusals[0] as Refused).reason, 'sign-in-failed')
  for (const refusal of refusals) assert.deepEqual(refusal, refusals[0])
  assert.equal((await attempt(one.userName, one.devicePassword)).kind, 'signed-in')
})

test('suspended and removed accounts are refused only with the right password; suspended sending may still read (G02)', async () => {
  const { id, userName, devicePassword } = await newPerson()
  for (const state of ['suspended', 'removed'] as const) {
    await setState(id, state)
    assert.equal(((await attempt(userName, devicePassword)) as Refused).clause, 'G02')
    assert.equal(((await attempt(userName, 'wrong')) as Refused).reason, 'sign-in-failed')
  }
  assert.equal(await setState(id, 'sending-suspended'), 'removed')
  const reading = await attempt(userName, devicePassword)
  assert.equal(reading.kind === 'signed-in' && reading.maySend, false)
  await setState(id, 'active')
  assert.equal(((await attempt(userName, devicePassword)) as SignedIn).maySend, true)
  assert.equal(await setState(newId(7), 'active'), null)
})

test('each sign-in and each failure leaves one record, with whence and by what, and without what was typed (T03)', async () => {
  const { id, userName, devicePassword, computer } = await newPerson()
  const before = [(await recordsOf('SignIn')).length, (await recordsOf('SignInFailure')).length] as const
  await attempt(userName, devicePassword)
  await attempt(userName, 'typed-canary')
  await attempt('unknown-canary', 'typed-canary')
  const [signIns, failures] = [(await recordsOf('SignIn')).slice(before[0]), (await recordsOf('SignInFailure')).slice(before[1])]
  assert.deepEqual(
    signIns.map(({ openings }) => openings![0]!.detail),
    [{ protocol: 'imap', remoteAddress: '192.0.2.7', computer }],
  )
  assert.deepEqual(
    failures.map(({ openings }) => openings![0]!.detail.reason),
    ['sign-in-failed', 'sign-in-failed'],
  )
  assert.equal(JSON.stringify([signIns, failures]).includes('canary'), false)
  const abouts = failures.map(({ leaf }) => leaf.about).sort()
  assert.deepEqual(abouts, [signIns[0]!.leaf.about, failures[0]!.leaf.actor].sort())
  await setState(id, 'suspended')
  const [changed] = (await recordsOf('AccountStateChanged')).slice(-1)
  assert.deepEqual(changed!.openings![0]!.detail, {
    account: id,
    was: 'active',
    is: 'suspended',
    clause: 'G02',
    reason: 'a test',
  })
})

test('a sign-in that cannot be recorded does not happen: no record, no act', async () => {
  const { userName, devicePassword } = await newPerson()
  const failing = newSignIn({
    database,
    keys,
    evidence: { ...evidence, write: () => Promise.reject(new Error('evidence is away')) },
  })
  const one = { remoteAddress: '192.0.2.7', protocol: 'imap' } as const
  await assert.rejects(failing({ userName, password: devicePassword, ...one }), /evidence is away/)
  await assert.rejects(failing({ userName, password: 'wrong', ...one }), /evidence is away/)
})

test('twenty people who sign in at once, before whom nobody was named, all get in', async () => {
  const people = []
  for (let index = 0; index < 20; index++) people.push(await newPerson())
  const fresh = newSignIn({ database, keys, evidence: openEvidence(database, forParties, keys, clock) })
  const all = await Promise.all(
    people.map(({ userName, devicePassword }) =>
      fresh({ userName, password: devicePassword, remoteAddress: '192.0.2.7', protocol: 'imap' }),
    ),
  )
  assert.ok(all.every((one) => one.kind === 'signed-in'))
})
