// Yesterday's data folder, started today: refused before the first 250, until two operators say otherwise; and what the commands of the record print. design.md, Evidence; G14
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import nodemailer from 'nodemailer'
import pg from 'pg'
import { placesOf } from '#roles/places.ts'
import { query } from '#test/support/agreement.ts'
import { type Instance, startInstance } from '#test/support/instance.ts'

const folder = mkdtempSync(join(tmpdir(), 'cjsm-roll-back-'))
chmodSync(folder, 0o711)
after(() => rmSync(folder, { recursive: true, force: true }))
const launcher = fileURLToPath(new URL('../../cjsm', import.meta.url))
const keyFiles = ['ann', 'bob', 'eve'].map((name) => join(folder, `${name}.key`))
const [ann, bob, eve] = keyFiles.map((file, at) => {
  const made = spawnSync(launcher, ['new-operator-key', ['ann', 'bob', 'eve'][at]!, '--out', file], { encoding: 'utf8' })
  assert.equal(made.status, 0, made.stderr)
  return made.stdout.trim()
})
const instance = await startInstance({ environment: { CJSM_OPERATOR_KEYS: `${ann},${bob}` } })

/** Sends a message; returns the reply to its end, or to what was refused before. */
async function send({ ports, person }: Instance, subject: string): Promise<string> {
  const [from, to] = [person('prosecutor'), person('solicitor')]
  const transport = nodemailer.createTransport({
    host: '127.0.0.1',
    port: ports.submissions,
    secure: true,
    tls: { rejectUnauthorized: false },
    auth: { user: from.userName, pass: from.devicePassword },
  })
  try {
    return (await transport.sendMail({ from: from.address, to: to.address, subject, text: `${from.name}, ${from.address}` }))
      .response
  } catch (fault) {
    return (fault as { response?: string }).response ?? String(fault)
  } finally {
    transport.close()
  }
}

const anchorFile = join(`${instance.data}-keys`, 'service', 'anchor.json')
const anchor = () => JSON.parse(readFileSync(anchorFile, 'utf8')) as { size: number; statements: string[] }
const anchored = () => anchor().size

async function anchoredAbove(size: number): Promise<number> {
  for (const untilMs = Date.now() + 20_000; anchored() <= size; await wait(50))
    assert.ok(Date.now() < untilMs, 'the anchor is kept')
  return anchored()
}

test('a message’s receipt is verified offline, and the whole record against the store (G14)', async () => {
  const before = anchored()
  const reply = await send(instance, 'first')
  assert.match(reply, /^250 /)
  await anchoredAbove(before)
  const [id] = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(reply)!
  const { stdout: receipt } = instance.cjsm('receipt', id!)
  const [file, keys] = [join(folder, 'receipt.json'), join(folder, 'keys')]
  writeFileSync(file, receipt)
  writeFileSync(keys, instance.cjsm('public-keys').stdout)
  const verified = instance.cjsm('verify', file, '--key', keys)
  assert.equal(verified.status, 0, verified.stdout)
  assert.match(verified.stdout, new RegExp(`^GOOD: SubmissionAcceptance, record ${id}`))
  assert.match(instance.cjsm('checkpoint').stdout, /^mail\.cjsm\.test\/evidence\n\d+\n/)
  const all = instance.cjsm('verify', '--all')
  assert.equal(all.status, 0, all.stdout)
  assert.match(all.stdout, /nothing is wrong/)
})

test('both kinds of keys are rotated while it runs; receipts of before stay good', async () => {
  for (const command of ['rotate-log-key', 'rotate-root-key']) {
    const rotated = instance.cjsm(command)
    assert.equal(rotated.status, 0, rotated.stdout + rotated.stderr)
  }
  assert.match(await send(instance, 'second'), /^250 /)
  const keys = join(folder, 'keys')
  writeFileSync(keys, instance.cjsm('public-keys').stdout)
  assert.equal(readFileSync(keys, 'utf8').match(/^log /gm)!.length, 2)
  assert.equal(instance.cjsm('verify', join(folder, 'receipt.json'), '--key', keys).status, 0)
  assert.equal(instance.cjsm('verify', '--all').status, 0)
})

test('a new hostName leaves the log its name, so that old receipts and keys stay good; another logOrigin stops the start (G14)', async () => {
  const upWith = (settings: Record<string, string>) => {
    const file = join(folder, 'settings.json')
    writeFileSync(file, JSON.stringify(settings))
    return instance.cjsm(...instance.up, '--config', file)
  }
  const keys = join(folder, 'keys')
  assert.equal(instance.cjsm('down').status, 0)
  const refused = upWith({ logOrigin: 'mail.new.example/evidence' })
  assert.equal(refused.status, 1)
  assert.match(
    refused.stdout + refused.stderr,
    /logOrigin is mail\.new\.example\/evidence, but the record began as mail\.cjsm\.test\/evidence/,
  )
  assert.equal(upWith({ hostName: 'mail.new.example' }).status, 0)
  const before = anchored()
  const reply = await send(instance, 'third')
  assert.match(reply, /^250 /)
  await anchoredAbove(before)
  const later = join(folder, 'later.json')
  writeFileSync(later, instance.cjsm('receipt', /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(reply)![0]).stdout)
  for (const file of [join(folder, 'receipt.json'), later]) {
    const verified = instance.cjsm('verify', file, '--key', keys)
    assert.equal(verified.status, 0, verified.stdout)
  }
  assert.equal(readFileSync(keys, 'utf8'), instance.cjsm('public-keys').stdout)
  const all = instance.cjsm('verify', '--all')
  assert.equal(all.status, 0, all.stdout)
  assert.equal(instance.cjsm('down').status, 0)
  assert.equal(instance.cjsm(...instance.up).status, 0)
})

async function isAcceptedAgain(): Promise<void> {
  for (const untilMs = Date.now() + 20_000; ; await wait(200)) {
    const reply = await send(instance, 'accepted')
    if (reply.startsWith('250')) return
    assert.ok(Date.now() < untilMs, reply)
  }
}

/** Accepts the roll-back, by a command that ends when the anchor has the statement and the database no record of it. */
async function acceptCutOff(): Promise<void> {
  const locking = new pg.Client(placesOf(instance.config).connectionString)
  await locking.connect()
  await locking.query('begin; lock table evidence_record in exclusive mode')
  const cutOff = instance.cjsmBeside('accept-rollback', keyFiles[0]!, keyFiles[1]!)
  for (const untilMs = Date.now() + 20_000; anchor().statements.length === 0; await wait(50)) assert.ok(Date.now() < untilMs)
  const waiting = `select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock'`
  for (const untilMs = Date.now() + 20_000; (await locking.query(waiting)).rowCount === 0; await wait(50))
    assert.ok(Date.now() < untilMs)
  assert.equal((await cutOff).status, 1)
  await locking.end()
}

test('yesterday’s data folder accepts no mail, says why, and does so again on the word of two operators', async () => {
  assert.equal(instance.cjsm('down').status, 0)
  const yesterday = join(folder, 'yesterday')
  assert.equal(spawnSync('cp', ['-a', instance.data, yesterday]).status, 0)
  assert.equal(instance.cjsm(...instance.up).status, 0)
  const before = anchored()
  assert.match(await send(instance, 'today'), /^250 /)
  const signed = await anchoredAbove(before)
  assert.equal(instance.cjsm('down').status, 0)
  rmSync(instance.data, { recursive: true })
  assert.equal(spawnSync('cp', ['-a', yesterday, instance.data]).status, 0)

  assert.equal(instance.cjsm(...instance.up).status, 0)
  assert.match(await send(instance, 'refused'), /^451[- ]4\.3\.0 \[G14\] The record was rolled back: it has \d+ entries/)
  const status = instance.cjsm('status')
  assert.equal(status.status, 1)
  assert.match(status.stdout, /No mail is accepted: The record was rolled back/)
  assert.ok(anchored() >= signed, 'the anchor does not go back by itself')

  for (const wrong of [
    [keyFiles[0]!, keyFiles[0]!],
    [keyFiles[0]!, keyFiles[2]!],
  ]) {
    const refused = instance.cjsm('accept-rollback', ...wrong)
    assert.equal(refused.status, 1, refused.stderr)
    assert.match(refused.stdout, /signatures of 2 different operators/)
  }
  assert.ok(eve !== undefined && existsSync(keyFiles[2]!))
  assert.match(await send(instance, 'still refused'), /^451/)
  await acceptCutOff()
  const accepted = instance.cjsm('accept-rollback', keyFiles[0]!, keyFiles[1]!)
  assert.equal(accepted.status, 0, accepted.stdout + accepted.stderr)
  await isAcceptedAgain()
  const accepting = `select from evidence_record where convert_from(leaf, 'UTF8') like '%"RollbackAccepted"%'`
  assert.equal((await query(instance, accepting, [])).rowCount, 1, 'the act is recorded')
  const all = instance.cjsm('verify', '--all')
  assert.match(all.stdout, /nothing is wrong/)
})

test('yesterday’s anchor with yesterday’s data: what a witness proved holds the mail when it is gone, until two operators give it up', async () => {
  const keys = join(folder, 'keys')
  writeFileSync(keys, instance.cjsm('public-keys').stdout)
  const place = ['--listen', '127.0.0.1:0', '--data', join(folder, 'tern'), '--name', 'tern']
  const args = ['witness', '--origin', 'mail.cjsm.test/evidence', '--log-key', keys, ...place]
  const witness = spawn(launcher, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  after(() => witness.kill('SIGTERM'))
  const [, key, port] = /^Witness (\S+)\nlistens on 127\.0\.0\.1:(\d+) /.exec(String((await once(witness.stdout, 'data'))[0]))!
  const settings = join(folder, 'witnessed.json')
  writeFileSync(settings, JSON.stringify({ witnesses: [`http://127.0.0.1:${port} ${key}`] }))
  const witnessed = () => instance.cjsm(...instance.up, '--config', settings)
  const cosigned = () => /^— tern /m.test(instance.cjsm('checkpoint').stdout)

  assert.equal(instance.cjsm('down').status, 0)
  const kept: [string, string][] = [
    [instance.data, join(folder, 'before')],
    [join(`${instance.data}-keys`, 'service', 'anchor.json'), join(folder, 'before.json')],
  ]
  for (const [from, to] of kept) assert.equal(spawnSync('cp', ['-a', from, to]).status, 0)
  assert.equal(witnessed().status, 0)
  assert.match(await send(instance, 'witnessed'), /^250 /)
  await wait(1_500)
  for (const untilMs = Date.now() + 20_000; !cosigned(); await wait(200)) assert.ok(Date.now() < untilMs, 'it is cosigned')
  assert.equal(instance.cjsm('down').status, 0)
  for (const [from, to] of kept) {
    rmSync(from, { recursive: true })
    assert.equal(spawnSync('cp', ['-a', to, from]).status, 0)
  }
  assert.equal(witnessed().status, 0)
  assert.match(await send(instance, 'refused'), /^451[- ]4\.3\.0 \[G14\] The witness tern saw \d+ records, and there are \d+/)

  witness.kill('SIGTERM')
  await once(witness, 'exit')
  assert.equal(instance.cjsm('down').status, 0)
  assert.equal(instance.cjsm(...instance.up).status, 0)
  assert.match(await send(instance, 'still refused'), /^451[- ]4\.3\.0 \[G14\] The witness tern saw/)
  const refused = instance.cjsm('accept-rollback', keyFiles[0]!, keyFiles[2]!)
  assert.equal(refused.status, 1, refused.stderr)
  assert.match(refused.stdout, /signatures of 2 different operators/)
  assert.match(await send(instance, 'and still'), /^451/)
  const accepted = instance.cjsm('accept-rollback', keyFiles[0]!, keyFiles[1]!)
  assert.equal(accepted.status, 0, accepted.stdout + accepted.stderr)
  await isAcceptedAgain()
  assert.match(instance.cjsm('accept-rollback', keyFiles[0]!, keyFiles[1]!).stdout, /nothing to accept/)
})
