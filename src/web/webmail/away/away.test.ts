// The page on which people say that they are away: kept, shown, taken back, and mended where it is wrong. G11, RFC 3834
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allRecords } from '#test/support/acceptance.ts'
import { testService } from '#test/support/service.ts'
import { webVisitor } from '#test/support/web.ts'

const service = await testService()
const visitor = webVisitor(service.faces.web.app)
const miriam = service.person('solicitor')
await visitor.signIn(miriam)
const text = (html: string) => html.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ')
const dayIn = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
const [today, inTwoDays] = [dayIn(0), dayIn(2)]

test('an absence is kept, shown and taken back, and each is recorded (G11)', async () => {
  assert.doesNotMatch((await visitor.get('/away')).body, /I am back/)
  await visitor.post('/away', { from: today, until: inTwoDays, text: 'Ask the\r\nclerks <b>', do: 'save' })
  const page = await visitor.get('/away')
  assert.match(page.body, new RegExp(`value="${inTwoDays}"`))
  assert.match(page.body, />Ask the\nclerks &lt;b&gt;<\/textarea>/)
  assert.match(text(page.body), new RegExp(`On From ${today} to ${inTwoDays}`))
  const sender = webVisitor(service.faces.web.app)
  await sender.signIn(service.person('prosecutor'))
  const begun = /name="begun" value="([^"]*)"/.exec((await sender.get('/write')).body)![1]!
  const fields = { begun, version: '0', to: miriam.address, cc: '', bcc: '', subject: 'a', text: 'b', marking: '', do: 'check' }
  const check = String((await sender.post('/write', fields)).headers.location)
  assert.match(text((await sender.get(check)).body), new RegExp(`${miriam.address} is away until ${inTwoDays}`))
  await visitor.post('/away', { do: 'off' })
  assert.doesNotMatch((await visitor.get('/away')).body, /I am back/)
  assert.doesNotMatch(text((await sender.get(check)).body), /is away/)
  const records = (await allRecords(service)).filter(({ leaf }) => leaf.event === 'AwayNoticeChanged')
  assert.deepEqual(
    records.map(({ openings }) => openings[0]!.detail.untilMs === null),
    [false, true],
  )
})

for (const [what, fields, said] of [
  ['a first day that is none', { from: '1 May', until: inTwoDays, text: 'x' }, 'The first day must be a date'],
  ['a last day that is none', { from: today, until: '2026-02-30', text: 'x' }, 'The last day must be a date'],
  ['days the wrong way round', { from: inTwoDays, until: today, text: 'x' }, 'The last day must not be before the first'],
  ['days that are past', { from: '2020-01-01', until: '2020-01-02', text: 'x' }, 'before its first, or past'],
  ['no text', { from: today, until: inTwoDays, text: ' ' }, 'Enter what is answered'],
  ['too much text', { from: today, until: inTwoDays, text: 'x'.repeat(2_001) }, '2,000 characters or fewer'],
] as const) {
  test(`${what} is said at its field, and what was typed stays (G11)`, async () => {
    const answer = await visitor.post('/away', { ...fields, do: 'save' })
    assert.equal(answer.statusCode, 422)
    assert.ok(text(answer.body).includes(said), text(answer.body))
    assert.ok(answer.body.includes(`value="${fields.until}"`))
  })
}
