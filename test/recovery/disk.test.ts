// Full disks: data folder, content store and log each on a small file system of its own, in octets and in inodes. G20, RFC 5321 §4.2.2
import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { readConfig } from '#config.ts'
import { spaceEveryMs } from '#host/limits.ts'
import { imapClient } from '#test/support/imap-client.ts'
import { startInstance } from '#test/support/instance.ts'
import { mountSmall, needsRoot } from '#test/support/mount.ts'
import { NotTaken, openSmtpClient, type SmtpReply } from '#test/support/smtp-client.ts'

const MiB = 1024 * 1024
const floor = 64 * MiB
const mounts: Record<'data' | 'content' | 'log', ReturnType<typeof mountSmall>> = {} as never
/** Looked at every 5 s; the issue allows 60. */
const recoversWithinMs = 60_000

async function smallInstance() {
  return startInstance({
    environment: { CJSM_DISK_FLOOR_OCTETS: String(floor), CJSM_DISK_FLOOR_INODES: '1000' },
    prepare(data) {
      mounts.data = mountSmall(data, 'size=900m,mode=711')
      mounts.content = mountSmall(join(data, 'content'), 'size=200m,mode=700')
      mounts.log = mountSmall(join(data, 'log'), 'size=1m,mode=700')
      chmodSync(data, 0o711)
      return () => ['log', 'content', 'data'].map((name) => mounts[name as keyof typeof mounts].unmount())
    },
  })
}
const instance = needsRoot.skip === false ? await smallInstance() : (null as never)
const free = (folder: string) => statfsSync(folder).bavail * statfsSync(folder).bsize
/** Takes room until only so much is free; returns what gives it back. */
function fill(folder: string, leave: number): () => void {
  const file = join(folder, 'filler')
  writeFileSync(file, Buffer.alloc(Math.max(0, free(folder) - leave)))
  return () => rmSync(file)
}

let sent = 0
async function send(octets = 100): Promise<SmtpReply> {
  const from = instance.person('prosecutor')
  const client = await openSmtpClient(instance.ports.submissions, from).catch((fault: unknown) => {
    if (fault instanceof NotTaken) return fault.reply // a sign-in is recorded, for which there may be no room either: 454
    throw fault
  })
  if ('code' in client) return client
  try {
    const to = instance.person('solicitor').address
    const text = `From: ${from.address}\r\nTo: ${to}\r\nSubject: number ${++sent}\r\n\r\n${'word \r\n'.repeat(octets / 7)}`
    return (await client.submit({ from: from.address, to: [to], octets: Buffer.from(text) })).reply
  } finally {
    client.close()
  }
}

/** Every worker looks at the disks by itself: they agree when so many connections hear the same. */
const inARow = 4

async function until(says: RegExp, limitMs = recoversWithinMs): Promise<string> {
  const end = performance.now() + limitMs
  for (let same = 1; ; same++) {
    const { text } = await send()
    if (!says.test(text)) same = 0
    if (same === inARow || performance.now() > end) {
      assert.match(text, says)
      return text
    }
    if (same === 0) await wait(250)
  }
}

async function statusWhenItWarns() {
  const end = performance.now() + recoversWithinMs
  for (;;) {
    const status = instance.cjsm('status', '--json')
    if (status.status === 1 || performance.now() > end) return status
    await wait(250)
  }
}

/** Signs in over IMAP and reads the newest message of the solicitor. */
async function read(append?: string): Promise<string> {
  const { userName, devicePassword } = instance.person('solicitor')
  const client = imapClient(instance.ports.imaps, { userName, devicePassword })
  await client.connect()
  try {
    await client.mailboxOpen('INBOX')
    if (append !== undefined) await client.append('INBOX', append)
    const found = await client.fetchOne('*', { source: true })
    return found ? found.source!.toString() : ''
  } finally {
    await client.logout()
  }
}

test('G20 by default 512 MiB and 10,000 inodes stay free, looked at every 5 s', () => {
  const { diskFloorOctets, diskFloorInodes } = readConfig({})
  assert.deepEqual([diskFloorOctets, diskFloorInodes, spaceEveryMs], [512 * MiB, 10_000, 5_000])
})

test(
  'G20 452 while the content store is below the floor, in octets or inodes; reading and signing in go on, and mail is accepted again once there is room',
  needsRoot,
  async () => {
    await until(/^250/)
    const giveBack = fill(join(instance.data, 'content'), floor - MiB)
    const refusal = await until(/^452/)
    assert.match(refusal, /452 4\.3\.1 \[G20\] .*too little free space.*Helpdesk/)
    assert.match(await read(), /Subject: number \d+/)
    await assert.rejects(read('Subject: a copy\r\n\r\nx'), (fault: { serverResponseCode?: string; responseText?: string }) =>
      /LIMIT/.test(`${fault.serverResponseCode} ${fault.responseText}`),
    )
    const status = await statusWhenItWarns()
    assert.equal(status.status, 1)
    assert.match(JSON.parse(status.stdout).warnings[0], /content is below its floor of \d+ free octets: no mail is accepted/)
    giveBack()
    await until(/^250/)
    mounts.content.remount('nr_inodes=900')
    await until(/^452 4\.3\.1/)
    assert.match(await read(), /Subject: number \d+/)
    mounts.content.remount('nr_inodes=100000')
    await until(/^250/)
  },
)

test(
  'G20 when the data folder fills, the ballast is given back, PostgreSQL goes on, and all recovers by itself',
  needsRoot,
  async () => {
    const ballast = join(instance.data, 'ballast')
    assert.equal(statSync(ballast).size, floor / 4)
    const { processes } = JSON.parse(instance.cjsm('status', '--json').stdout)
    const postgres = processes.find((one: { kind: string }) => one.kind === 'postgres').pid
    const giveBack = fill(instance.data, 200 * 1024)
    await until(/^452/)
    const end = performance.now() + recoversWithinMs
    while (existsSync(ballast) && performance.now() < end) await wait(100)
    assert.ok(free(instance.data) > floor / 8, 'the ballast was not given back')
    assert.match(await send().then((reply) => reply.text), /^452/)
    for (let n = 0; n < 5; n++) assert.match(await read(), /Subject: number \d+/)
    giveBack()
    await until(/^250/)
    const after = performance.now() + recoversWithinMs
    while (!existsSync(ballast) && performance.now() < after) await wait(100)
    assert.equal(statSync(ballast).size, floor / 4)
    const now = JSON.parse(instance.cjsm('status', '--json').stdout).processes
    assert.deepEqual(
      now.map((one: { name: string; restarts: number }) => [one.name, one.restarts]),
      now.map((one: { name: string }) => [one.name, 0]),
    )
    assert.equal(now.find((one: { kind: string }) => one.kind === 'postgres').pid, postgres)
  },
)

test('a full file system of the log stops nothing, and the log goes on when there is room', needsRoot, async () => {
  const log = join(instance.data, 'log')
  const giveBack = fill(log, 0)
  assert.equal(free(log), 0)
  for (let n = 0; n < 10; n++) assert.match((await send()).text, /^250/)
  assert.match(await read(), /Subject: number \d+/)
  giveBack()
  const octets = statSync(join(log, 'service.log')).size
  assert.match((await send()).text, /^250/)
  assert.ok(statSync(join(log, 'service.log')).size > octets)
  for (const line of readFileSync(join(log, 'service.log'), 'utf8').trimEnd().split('\n').slice(-1)) JSON.parse(line)
  assert.equal(instance.cjsm('status').status, 0)
})
