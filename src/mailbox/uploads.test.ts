// Files of drafts: sealed as they come, read back by range, within their limits. docs/decisions/0041-drafts.md
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { pieceOctets } from '#keys/content.ts'
import { openDrafts } from '#mailbox/drafts.ts'
import { openGround } from '#mailbox/ground.test-support.ts'
import { maxHeldUploadsOctets, maxUploadNameCharacters, maxUploads, maxUploadsOctets } from '#mailbox/limits.ts'
import type { Reader } from '#mailbox/means.ts'
import { messagesStored } from '#mailbox/stored.ts'
import { openUploads, uploadName, uploadType } from '#mailbox/uploads.ts'
import { sql } from '#store/sql.ts'
import { testDatabase } from '#test/support/database.ts'

const { database } = await testDatabase()
const ground = await openGround(database)
after(() => ground.close())
const drafts = openDrafts(ground.means)
const uploads = openUploads(ground.means)

async function newDraft(who: Reader): Promise<string> {
  const fields = { to: '', cc: '', bcc: '', subject: '', text: '', marking: null }
  const made = await drafts.create(who, { kind: 'new', references: [], minimum: null }, fields)
  return made.kind === 'created' ? made.id : assert.fail(made.kind)
}

async function* inChunks(octets: Buffer, size = 65_536): AsyncGenerator<Buffer> {
  for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size)
}

async function gather(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}

async function objects(): Promise<string[]> {
  const ids: string[] = []
  for await (const object of ground.means.contentStore.list()) ids.push(object.id)
  return ids
}

test('files of every size about a piece are read back as they came, whole and in part, and stand sealed', async () => {
  const who = await ground.newReader()
  const draft = await newDraft(who)
  for (const size of [0, 1, 1000, pieceOctets - 1, pieceOctets, pieceOctets + 1, 2 * pieceOctets, 700_001]) {
    const octets = randomBytes(size)
    const added = await uploads.add(who, draft, { name: `${size}.bin`, type: 'application/pdf' }, inChunks(octets, 50_000))
    assert.ok(added.kind === 'added')
    const content = (await uploads.content(who, draft, added.upload.id))!
    assert.equal(content.octets, size)
    assert.deepEqual(await gather(content.range(0, size)), octets)
    const [from, to] = [Math.floor(size / 3), Math.floor(size / 2)]
    assert.deepEqual(await gather(content.range(from, to)), octets.subarray(from, to))
    assert.equal(await uploads.content(await ground.newReader(), draft, added.upload.id), null)
  }
  assert.deepEqual(
    (await uploads.list(who, draft)).map((one) => one.octets),
    [0, 1, 1000, pieceOctets - 1, pieceOctets, pieceOctets + 1, 2 * pieceOctets, 700_001],
  )
})

test('a name or content stands nowhere in the clear, and what is large is somebody’s until it is taken away', async () => {
  const who = await ground.newReader()
  const draft = await newDraft(who)
  const small = await uploads.add(
    who,
    draft,
    { name: 'canary-name.txt', type: 'text/plain' },
    inChunks(Buffer.from('canary-content')),
  )
  const large = await uploads.add(who, draft, { name: 'large', type: '' }, inChunks(randomBytes(200_000)))
  assert.ok(small.kind === 'added' && large.kind === 'added')
  const rows = await database.rows<{ row: string; month: number }>(
    sql`select encode(sealed_about || coalesce(content, ''), 'escape') as row, month from draft_upload where draft = ${draft}`,
  )
  assert.ok(rows.every(({ row }) => !row.includes('canary')))
  assert.ok((await objects()).includes(large.upload.id))
  assert.equal(await messagesStored(database, rows[0]!.month, large.upload.id), true)
  assert.equal(await uploads.remove(await ground.newReader(), draft, large.upload.id), null)
  assert.equal(await uploads.remove(who, draft, large.upload.id), large.version + 1)
  assert.equal(await messagesStored(database, rows[0]!.month, large.upload.id), false)
  assert.equal((await objects()).includes(large.upload.id), false)
})

test('the files of a draft hold 25 MiB at most: one octet more is refused, and nothing of it is kept', async () => {
  const who = await ground.newReader()
  const draft = await newDraft(who)
  const full = await uploads.add(who, draft, { name: 'full', type: '' }, inChunks(Buffer.alloc(maxUploadsOctets)))
  assert.ok(full.kind === 'added')
  const before = await objects()
  const more = await uploads.add(who, draft, { name: 'more', type: '' }, inChunks(Buffer.alloc(1)))
  assert.ok(more.kind === 'refused' && more.reason === 'files-are-too-large')
  const other = await newDraft(who)
  const over = await uploads.add(who, other, { name: 'over', type: '' }, inChunks(Buffer.alloc(maxUploadsOctets + 1)))
  assert.ok(over.kind === 'refused' && over.reason === 'files-are-too-large')
  assert.deepEqual(await objects(), before)
})

test('the files of all drafts of one holder are within their limit, also when they come at once', async () => {
  const who = await ground.newReader()
  const all = await Promise.all(Array.from({ length: maxHeldUploadsOctets / maxUploadsOctets + 2 }, () => newDraft(who)))
  const add = (draft: string) =>
    uploads.add(who, draft, { name: 'full', type: '' }, inChunks(Buffer.alloc(maxUploadsOctets), 1024 * 1024))
  const answers = await Promise.all(all.map(add))
  assert.equal(answers.filter((one) => one.kind === 'added').length, maxHeldUploadsOctets / maxUploadsOctets)
  for (const one of answers) assert.ok(one.kind === 'added' || one.reason === 'files-are-too-large')
  const more = await uploads.add(who, await newDraft(who), { name: 'more', type: '' }, inChunks(Buffer.alloc(1)))
  assert.ok(more.kind === 'refused' && more.about.includes('all your drafts'), 'an octet more')
})

test('a draft has so many files at most, also when they come at once', async () => {
  const who = await ground.newReader()
  const draft = await newDraft(who)
  const add = () => uploads.add(who, draft, { name: 'one', type: '' }, inChunks(Buffer.alloc(10)))
  for (let count = 2; count < maxUploads; count++) assert.equal((await add()).kind, 'added')
  const kinds = (await Promise.all([add(), add(), add(), add()])).map((one) => one.kind)
  assert.equal(kinds.filter((kind) => kind === 'added').length, 2)
  assert.equal((await uploads.list(who, draft)).length, maxUploads)
})

test('a file that its sender breaks off leaves nothing', async () => {
  const who = await ground.newReader()
  const draft = await newDraft(who)
  const before = await objects()
  async function* broken() {
    yield randomBytes(500_000)
    throw new Error('the connection was closed')
  }
  await assert.rejects(uploads.add(who, draft, { name: 'broken', type: '' }, broken()), /connection was closed/)
  assert.deepEqual(await uploads.list(who, draft), [])
  assert.deepEqual(await objects(), before)
  const gone = await uploads.add(
    who,
    '00000000-0000-0000-0000-000000000001',
    { name: 'x', type: '' },
    inChunks(randomBytes(100_000)),
  )
  assert.ok(gone.kind === 'refused' && gone.reason === 'draft-is-gone')
  assert.deepEqual(await objects(), before)
})

test('names are one line of what shows, without folders, and types are what may be believed', () => {
  for (const [name, kept] of [
    ['C:\\Users\\me\\case file.pdf', 'case file.pdf'],
    ['../../etc/passwd', 'passwd'],
    ['a\r\nX-Evil: 1.txt', 'aX-Evil: 1.txt'],
    ['\u202egpj.exe', 'gpj.exe'],
    ['..', 'file'],
    ['', 'file'],
    ['Zeugnis \u{1f600}.pdf', 'Zeugnis \u{1f600}.pdf'],
    ['\ud800x', '\ufffdx'],
    [`${'é'.repeat(maxUploadNameCharacters)}.pdf`, `${'é'.repeat(maxUploadNameCharacters - 4)}.pdf`],
    ['x'.repeat(maxUploadNameCharacters), 'x'.repeat(maxUploadNameCharacters)],
    ['x'.repeat(maxUploadNameCharacters + 1), 'x'.repeat(maxUploadNameCharacters)],
  ] as const)
    assert.equal(uploadName(name), kept)
  for (const [type, kept] of [
    ['application/PDF', 'application/pdf'],
    ['text/plain; charset=utf-8', 'text/plain'],
    ['multipart/mixed; boundary=x', 'application/octet-stream'],
    ['message/rfc822', 'application/octet-stream'],
    ['x', 'application/octet-stream'],
    ['a/b\r\nX: y', 'application/octet-stream'],
  ] as const)
    assert.equal(uploadType(type), kept)
})
