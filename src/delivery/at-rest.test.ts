// What stands in the service's folders and rows after mail has passed: nothing that can be read, and nothing that nobody refers to for long. docs/flow.md, At rest.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { newId } from '#base/ids.ts'
import { orphanGraceMs, sweepContent } from '#delivery/housekeeping.ts'
import { type Sealing, aesGcmZstd } from '#keys/sealing.ts'
import { sql } from '#store/sql.ts'
import { messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { eicar } from '#test/support/clamd.ts'
import { type TestService, testService } from '#test/support/service.ts'

const word = `canary${randomBytes(6).toString('hex')}`

/** The word in every form in which it might stand in a file. */
function formsOf(text: string): Buffer[] {
  const octets = Buffer.from(text)
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), octets])
      .toString('base64')
      .slice(shift === 0 ? 0 : 4, -4),
  )
  const quotedPrintable = [...octets].map((octet) => `=${octet.toString(16).toUpperCase()}`).join('')
  const hex = octets.toString('hex')
  return [
    octets,
    Buffer.from(text, 'utf16le'),
    ...[...base64, hex, hex.toUpperCase(), quotedPrintable].map((one) => Buffer.from(one)),
  ]
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** Where the word stands: files, and tables of the database (rows as text: octets are hexadecimal there). */
async function placesOf(service: TestService, text: string): Promise<string[]> {
  const forms = formsOf(text)
  const found: string[] = []
  const files = await filesBelow(service.folders.root)
  assert.ok(
    files.some((file) => file.startsWith(service.folders.content)) &&
      files.some((file) => file.startsWith(service.folders.keyring)),
  )
  for (const file of files) {
    const octets = await readFile(file)
    if (forms.some((form) => octets.includes(form))) found.push(file.slice(service.folders.root.length))
  }
  const { database } = service.domains
  const tables = await database.rows<{ name: string }>(
    sql`select table_name as name from information_schema.tables where table_schema = 'public'`,
  )
  for (const { name } of tables) {
    const rows = await database.rows<{ row: string }>({
      name: `all ${name}`,
      text: `select one::text as row from "${name}" one`,
      values: [],
    })
    const octets = Buffer.from(rows.map(({ row }) => row).join('\n'))
    if (forms.some((form) => octets.includes(form) || octets.includes(form.toString('hex')))) found.push(`table ${name}`)
  }
  return [...new Set(found)]
}

/** Mail that holds the word in every place it can, by both doors, delivered and refused, small and large. */
async function sendCanaries(t: TestContext, sealing?: Sealing): Promise<TestService> {
  const service = await testService(sealing === undefined ? {} : { sealing })
  t.after(() => service.close())
  const doors = await openTestDoors(service)
  const [priya, miriam] = [service.person('prosecutor'), service.person('solicitor')]
  const header = [`From: ${priya.address}`, `To: ${miriam.address}`, `Subject: ${word} subject`]
  const attachment = [
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    '',
    `${word} in the body`,
    '--b',
    `Content-Type: application/octet-stream; name="${word}.bin"`,
    `Content-Disposition: attachment; filename="${word}.bin"`,
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from(`${word} in an attachment`).toString('base64'),
    '--b--',
  ]
  const large = `${word} ${randomBytes(150_000).toString('base64')} ${word}`
  assert.equal((await doors.submit(priya, [miriam.address], messageOf(...header, ...attachment))).kind, 'accepted')
  assert.equal((await doors.submit(priya, [miriam.address], messageOf(...header, '', large))).kind, 'accepted')
  assert.equal((await doors.submit(priya, [miriam.address], messageOf(...header, '', eicar))).kind, 'refused')
  assert.equal(
    (await doors.submit(priya, [miriam.address], messageOf(`From: ${word} <${miriam.address}>`, '', word))).kind,
    'refused',
  )
  service.clamd.mode = 'closes'
  await assert.rejects(doors.submit(priya, [miriam.address], messageOf(...header, '', `${large}again`)))
  service.clamd.mode = 'clean'
  const who = await doors.signIn(miriam)
  const reader = { holder: who.account, computer: who.computer, address: who.address }
  assert.equal('kind' in (await doors.mailboxes.createMailbox(reader, `${word} folder`)), false)
  const appended = messageOf(`Subject: ${word}`, '', word)
  const chunks = async function* () {
    yield Buffer.from(appended)
  }
  assert.ok(
    'uid' in (await doors.append(who, `${word} folder`, { flags: [], internalDateMs: null, octets: appended.length }, chunks())),
  )
  assert.equal((await doors.read(miriam)).filter((text) => text.includes(word)).length, 2)
  await doors.close()
  return service
}

test('no word of a message, attachment, its name or a folder’s name can be read in any file or row', async (t) => {
  const service = await sendCanaries(t)
  assert.deepEqual(await placesOf(service, word), [])
  for (const person of service.people.slice(0, 3)) {
    assert.deepEqual(await placesOf(service, person.password), [], 'a password')
    assert.deepEqual(await placesOf(service, person.devicePassword), [], 'a device password')
  }
})

test('with a seal that seals nothing the same search finds them, in rows and files', async (t) => {
  const none: Sealing = {
    ...aesGcmZstd,
    seal: (_key, _nonce, _associated, plain, before = Buffer.alloc(0)) => Buffer.concat([before, plain, Buffer.alloc(16)]),
    unseal: (_key, _nonce, _associated, sealed) => sealed.subarray(0, -16),
    compress: (octets) => octets,
    decompress: (octets) => octets,
  }
  const found = await placesOf(await sendCanaries(t, none), word)
  assert.ok(found.includes('table message') && found.includes('table mailbox'), String(found))
  assert.ok(
    found.some((place) => place.startsWith('/content/')),
    String(found),
  )
})

test('content that no message refers to is swept after a day, with drafts of a crash, and nothing else is', async (t) => {
  const service = await sendCanaries(t)
  const { contentStore, database, clock } = service.domains
  const kept = await filesBelow(service.folders.content)
  assert.equal(kept.length, 1)
  const put = (id: string) =>
    contentStore.put(
      24_300,
      id,
      (async function* () {
        yield Buffer.from('x')
      })(),
    )
  const old = newId(clock.now() - orphanGraceMs - 60_000)
  const young = newId(clock.now() - orphanGraceMs + 60_000)
  await put(old)
  await put(young)
  const shelf = join(service.folders.content, '24300', 'zz')
  await mkdir(shelf, { recursive: true })
  await writeFile(join(shelf, `${newId(clock.now() - orphanGraceMs - 60_000)}.draft`), 'x')
  await writeFile(join(shelf, `${newId(clock.now())}.draft`), 'x')
  await writeFile(join(shelf, 'not-an-id'), 'x')
  assert.equal(await sweepContent({ database, contentStore, clock }), 2)
  assert.equal((await filesBelow(service.folders.content)).length, 4)
  const later = { ...clock, now: () => clock.now() + 2 * orphanGraceMs }
  assert.equal(await sweepContent({ database, contentStore, clock: later }), 2)
  assert.deepEqual((await filesBelow(service.folders.content)).sort(), [...kept, join(shelf, 'not-an-id')].sort())
})
