// Drafts: sealed, never overwritten unseen, sent once. docs/decisions/0041-drafts.md
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { newId } from '#base/ids.ts'
import { type DraftFields, type DraftOrigin, DraftWasChanged, openDrafts } from '#mailbox/drafts.ts'
import { openGround } from '#mailbox/ground.test-support.ts'
import { maxDraftOctets, maxDrafts, maxHeldDraftsOctets } from '#mailbox/limits.ts'
import { openUploads } from '#mailbox/uploads.ts'
import { sql } from '#store/sql.ts'
import { testDatabase } from '#test/support/database.ts'

const { database } = await testDatabase()
const ground = await openGround(database)
after(() => ground.close())
const drafts = openDrafts(ground.means)
const uploads = openUploads(ground.means)
const origin: DraftOrigin = { kind: 'new', references: [], minimum: null }
const fieldsOf = (text: string): DraftFields => ({ to: '', cc: '', bcc: '', subject: 'canary-subject', text, marking: null })

async function begin(who: Awaited<ReturnType<typeof ground.newReader>>, text = 'canary-text') {
  const made = await drafts.create(who, origin, fieldsOf(text))
  assert.equal(made.kind, 'created')
  return made.kind === 'created' ? made.id : ''
}

test('a draft is read as it was typed, by its holder only, and its row shows nothing of it', async () => {
  const [who, other] = [await ground.newReader(), await ground.newReader()]
  const id = await begin(who)
  assert.equal((await drafts.read(who, id))?.fields.text, 'canary-text')
  assert.equal(await drafts.read(other, id), null)
  assert.equal(await drafts.discard(other, id), false)
  assert.equal((await drafts.save(other, id, 1, fieldsOf('mine'))).kind, 'gone')
  const [row] = await database.rows<{ sealed: Buffer }>(sql`select sealed from draft where id = ${id}`)
  assert.equal(row!.sealed.includes('canary'), false)
  assert.equal(await drafts.read(who, 'not an id'), null)
})

test('a second window that saves over what it has not seen is given what stands there, and nothing is lost', async () => {
  const who = await ground.newReader()
  const id = await begin(who, 'first')
  assert.deepEqual(await drafts.save(who, id, 1, fieldsOf('one window')), { kind: 'saved', version: 2 })
  const second = await drafts.save(who, id, 1, fieldsOf('the other window'))
  assert.ok(second.kind === 'changed')
  assert.equal(second.now.fields.text, 'one window')
  assert.equal((await drafts.read(who, id))?.fields.text, 'one window')
  assert.deepEqual(await drafts.save(who, id, second.now.version, fieldsOf('the other window')), { kind: 'saved', version: 3 })
})

test('of saves at one moment over one version one wins, and the others are told', async () => {
  const who = await ground.newReader()
  const id = await begin(who)
  const kinds = (await Promise.all(Array.from({ length: 8 }, (_, at) => drafts.save(who, id, 1, fieldsOf(`window ${at}`))))).map(
    (one) => one.kind,
  )
  assert.equal(kinds.filter((kind) => kind === 'saved').length, 1)
  assert.equal(kinds.filter((kind) => kind === 'changed').length, 7)
})

test('a form that is sent again finds the draft that it made, or the message that became of it', async () => {
  const who = await ground.newReader()
  const id = newId(ground.means.clock.now())
  const kinds = (await Promise.all([1, 2, 3].map(() => drafts.create(who, origin, fieldsOf('once'), id)))).map((one) => one.kind)
  assert.deepEqual(kinds.sort(), ['created', 'exists', 'exists'])
  const sent = { month: 1, message: newId(1), receipt: newId(2), sentMs: 7 }
  await database.transaction((tx) => drafts.become(tx, who.holder, id, 1, sent))
  assert.equal((await drafts.create(who, origin, fieldsOf('again'), id)).kind, 'sent')
  assert.equal((await drafts.create(await ground.newReader(), origin, fieldsOf('another’s'), id)).kind, 'created')
})

test('a deleted draft leaves no row of itself or its files', async () => {
  const who = await ground.newReader()
  const id = await begin(who)
  const file = await uploads.add(
    who,
    id,
    { name: 'a', type: 'text/plain' },
    (async function* () {
      yield randomBytes(300_000)
    })(),
  )
  assert.ok(file.kind === 'added')
  assert.equal(await drafts.discard(who, id), true)
  assert.equal(await drafts.discard(who, id), false)
  assert.equal((await database.rows(sql`select from draft where id = ${id}`)).length, 0)
  assert.equal((await database.rows(sql`select from draft_upload where draft = ${id}`)).length, 0)
  for await (const object of ground.means.contentStore.list()) assert.notEqual(object.id, file.upload.id)
})

test('a draft becomes one message: what comes after finds what became of it', async () => {
  const who = await ground.newReader()
  const id = await begin(who)
  const atMs = await drafts.firstSend(who, id, 1)
  assert.equal(await drafts.firstSend(who, id, 1), atMs, 'a second try has the time of the first')
  assert.equal(await drafts.firstSend(who, id, 2), null)
  const sent = { month: 1, message: newId(1), receipt: newId(2), sentMs: 7 }
  const become = (version: number) => database.transaction((tx) => drafts.become(tx, who.holder, id, version, sent))
  await assert.rejects(become(9), DraftWasChanged)
  const outcomes = await Promise.allSettled([become(1), become(1), become(1)])
  assert.equal(outcomes.filter((one) => one.status === 'fulfilled').length, 1)
  assert.ok(outcomes.every((one) => one.status === 'fulfilled' || one.reason instanceof DraftWasChanged))
  assert.equal(await drafts.read(who, id), null)
  assert.deepEqual(await drafts.sent(who, id), { draft: id, ...sent })
  assert.equal(await drafts.sent(await ground.newReader(), id), null)
  assert.equal((await drafts.save(who, id, 1, fieldsOf('late'))).kind, 'gone')
})

test('what an edit makes is another message: its first send is forgotten', async () => {
  const who = await ground.newReader()
  const id = await begin(who)
  await drafts.firstSend(who, id, 1)
  await drafts.save(who, id, 1, fieldsOf('edited'))
  const [row] = await database.rows<{ firstSendMs: number | null }>(sql`select first_send_ms from draft where id = ${id}`)
  assert.equal(row!.firstSendMs, null)
})

test('a person has so many drafts, and one is so long, at most', async () => {
  const who = await ground.newReader()
  const overhead = JSON.stringify({ v: 1, fields: fieldsOf(''), origin }).length
  const longest = await drafts.create(who, origin, fieldsOf('x'.repeat(maxDraftOctets - overhead)))
  assert.equal(longest.kind, 'created')
  const longer = await drafts.create(who, origin, fieldsOf('x'.repeat(maxDraftOctets - overhead + 1)))
  assert.ok(longer.kind === 'refused' && longer.reason === 'draft-is-too-long')
  for (let count = 1; count < maxDrafts; count++) await begin(who)
  const more = await drafts.create(who, origin, fieldsOf(''))
  assert.ok(more.kind === 'refused' && more.reason === 'too-many-drafts')
  assert.equal((await drafts.list(who)).length, maxDrafts)
})

test('the drafts of one holder are within their limit together: one more, or one that grows, is refused', async () => {
  const who = await ground.newReader()
  const long = 'x'.repeat(maxDraftOctets - 1000)
  const ids: string[] = []
  for (let n = 0; n < maxHeldDraftsOctets / maxDraftOctets; n++) ids.push(await begin(who, long))
  const more = await drafts.create(who, origin, fieldsOf(long))
  assert.ok(more.kind === 'refused' && more.reason === 'too-many-drafts')
  const short = await drafts.create(who, origin, fieldsOf('short'))
  assert.ok(short.kind === 'created')
  assert.equal((await drafts.save(who, short.id, 1, fieldsOf(long))).kind, 'refused')
  assert.equal((await drafts.save(who, ids[0]!, 1, fieldsOf(long))).kind, 'saved', 'one that stays as long is saved')
})
