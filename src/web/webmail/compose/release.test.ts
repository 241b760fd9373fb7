// Declaring on the page that checks a message why it may go outside the community: recorded, kept with that version, taken back by a change. G15
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { readerOf } from '#mailbox/means.ts'
import { openUploads } from '#mailbox/uploads.ts'
import { allRecords, openTestDoors } from '#test/support/acceptance.ts'
import { testService } from '#test/support/service.ts'
import { headingOf, webVisitor } from '#test/support/web.ts'

const service = await testService()
const { app } = service.faces.web
const priya = service.person('prosecutor')
const miriam = service.person('solicitor')
const reader = readerOf(await (await openTestDoors(service)).signIn(priya))
const visitor = webVisitor(app)
await visitor.signIn(priya)

const hidden = (html: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''
const text = (html: string) => html.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ')
const fields = { cc: '', bcc: '', subject: 'Rota', text: 'The rota.', marking: '' }

async function check(to: string, more: Partial<typeof fields> = {}): Promise<string> {
  const form = await visitor.get('/write')
  const answer = await visitor.post('/write', {
    begun: hidden(form.body, 'begun'),
    version: '0',
    to,
    ...fields,
    ...more,
    do: 'check',
  })
  assert.equal(answer.statusCode, 303, text(answer.body))
  return String(answer.headers.location)
}
async function declare(path: string, declared: Record<string, string>) {
  const version = hidden((await visitor.get(path)).body, 'version')
  return visitor.post(path.replace('/check', '/release'), { version, ...declared })
}
const declarations = async () => (await allRecords(service)).filter(({ leaf }) => leaf.event === 'ReleaseDeclared')

test('nobody is asked who writes to members only (G15)', async () => {
  assert.doesNotMatch((await visitor.get(await check(miriam.address))).body, /outside the community/)
})

test('the check says what is protected and asks for a ground; words make it a declaration, which is recorded once (G15)', async () => {
  const path = await check(`client@outside.example, ${miriam.address}`)
  const before = text((await visitor.get(path)).body)
  assert.match(
    before,
    /Cannot get it.*certain that it is not sensitive, say so: in webmail where it says “It goes outside the community”.*Why may it leave/,
  )
  const none = await declare(path, { words: 'It was published' })
  assert.equal(none.statusCode, 422)
  assert.match(text(none.body), /Choose why it may leave the community/)
  assert.doesNotMatch(none.body, /You declared|name="ground"[^>]*checked/)
  const wordless = await declare(path, { ground: 'certain-not-sensitive', words: '-' })
  assert.equal(wordless.statusCode, 422)
  assert.match(text(wordless.body), /Say in your own words why/)
  assert.match(wordless.body, /value="certain-not-sensitive"[^>]*checked/)
  assert.equal((await declarations()).length, 0)

  assert.equal((await declare(path, { ground: 'certain-not-sensitive', words: 'It was published' })).statusCode, 303)
  const after = await visitor.get(path)
  assert.match(text(after.body), /You declared: I am certain that nothing in it is sensitive\.\s+It was published/)
  assert.match(text(after.body), /rules let it go to them, but this service cannot send outside the community yet/)
  assert.doesNotMatch(after.body, />\s*Send\s*<|Why may it leave/)
  const [one, ...more] = await declarations()
  assert.equal(more.length, 0)
  const { recipient, ground, words } = one!.openings[0]!.detail
  assert.deepEqual([recipient, ground, words], ['client@outside.example', 'certain-not-sensitive', 'It was published'])

  // Whoever changes the message declares anew.
  const draft = path.replace('/check', '')
  const version = hidden((await visitor.get(draft)).body, 'version')
  const to = `client@outside.example, ${miriam.address}`
  await visitor.post(draft, { to, ...fields, text: 'The rota, and a name.', version, do: 'check' })
  assert.doesNotMatch(text((await visitor.get(path)).body), /You declared/)
  assert.match(text((await visitor.get(path)).body), /certain that it is not sensitive/)
})

test('nothing is asked of what is NOT PROTECTIVELY MARKED, where a declaration changes nothing (G15)', async () => {
  const path = await check('client@outside.example', { marking: 'GPMS/NOT PROTECTIVELY MARKED' })
  const page = text((await visitor.get(path)).body)
  assert.match(page, /rules let it go to them/)
  assert.doesNotMatch(page, /It goes outside the community|Why may it leave/)
})

test('a file that is attached afterwards, and whoever is added, are not declared with the rest (G15)', async () => {
  const path = await check('client@outside.example')
  const draft = path.replace('/check', '')
  const isDeclared = async () => /You declared/.test(text((await visitor.get(path)).body))
  const refusedFor = async () => text((await visitor.get(path)).body).match(/is protected\. If you are certain/g)?.length ?? 0
  await declare(path, { ground: 'certain-not-sensitive', words: 'It was published' })
  assert.deepEqual([await isDeclared(), await refusedFor()], [true, 0])
  const file = { name: 'names.txt', type: 'text/plain' }
  const uploads = openUploads(service.domains)
  assert.equal((await uploads.add(reader, draft.split('/').at(-1)!, file, Readable.from([Buffer.from('Names.')]))).kind, 'added')
  assert.deepEqual([await isDeclared(), await refusedFor()], [false, 1])
  await declare(path, { ground: 'certain-not-sensitive', words: 'It was published' })
  assert.deepEqual([await isDeclared(), await refusedFor()], [true, 0])
  assert.equal((await visitor.post(`${draft}/people`, { field: 'to', person: miriam.address })).statusCode, 303)
  assert.deepEqual([await isDeclared(), await refusedFor()], [false, 1])
})

test('a trusted recipient without a verified channel is refused, and a declaration over a changed message is not kept (G15)', async () => {
  const path = await check('client@outside.example')
  await declare(path, { ground: 'trusted-recipient', words: 'She is instructed' })
  assert.match(text((await visitor.get(path)).body), /Ask the Helpdesk how they can be reached securely/)
  const before = (await declarations()).length
  const late = { version: '1', ground: 'certain-not-sensitive', words: 'It was published' }
  assert.equal((await visitor.post(path.replace('/check', '/release'), late)).statusCode, 303)
  assert.equal((await declarations()).length, before)
  assert.equal(headingOf((await visitor.get(path)).body), 'Check before you send')
})
