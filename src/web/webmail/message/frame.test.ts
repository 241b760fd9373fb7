// The document that HTML mail is shown in, at its limits. RFC 2392, CSP Level 3.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { displayOf, type LocatedPart } from '#mail/display.ts'
import { newPart } from '#mail/part.ts'
import type { Content } from '#mailbox/open.ts'
import { maxPictureOctets, maxPictures, maxShownHtmlOctets } from '#web/limits.ts'
import { frameDocument, frameOf, framePolicy } from '#web/webmail/message/frame.ts'
import { readWrittenHtml } from '#web/webmail/message/read.ts'

const png = Buffer.from('89504e470d0a1a0a', 'hex')

/** A message that is its pictures, one behind the other, and what names them. */
function pictures(octetsOfEach: readonly number[]) {
  const octets = Buffer.concat(octetsOfEach.map((length) => Buffer.concat([png, Buffer.alloc(length - png.length)])))
  const located = new Map<string, LocatedPart>()
  let at = 0
  for (const [index, length] of octetsOfEach.entries()) {
    const part = { ...newPart(at), type: 'image', subtype: 'png', bodyStart: at, bodyEnd: at + length }
    located.set(`p${index}@x`, { path: `${index + 1}`, part })
    at += length
  }
  return { content: contentOf(octets), located }
}

function contentOf(octets: Buffer): Content {
  return {
    octets: octets.length,
    async *range(from, to) {
      yield octets.subarray(from, to)
    },
  }
}

const read = (text: string) => ({ text, damaged: false, cut: false })
const naming = (count: number) => Array.from({ length: count }, (_, index) => `<img src="cid:p${index}@x">`).join('')
const shownIn = (document: string) => document.match(/src="data:image\/png;base64,/g)?.length ?? 0

test('as many pictures as the limit are shown, the next is not', async () => {
  for (const count of [maxPictures, maxPictures + 1]) {
    const { content, located } = pictures(Array<number>(count).fill(20))
    assert.equal(shownIn(await frameOf(content, read(naming(count)), located)), maxPictures)
  }
})

test('pictures up to the limit of octets are shown, one octet more is not', async () => {
  const half = maxPictureOctets / 2
  const fitting = pictures([half, half])
  assert.equal(shownIn(await frameOf(fitting.content, read(naming(2)), fitting.located)), 2)
  const more = pictures([half, half + 1])
  assert.equal(shownIn(await frameOf(more.content, read(naming(2)), more.located)), 1)
})

test('each use of a picture counts, so that a small message makes no huge page', async () => {
  const { content, located } = pictures([maxPictureOctets / 4])
  const document = await frameOf(content, read('<img src="cid:p0@x">'.repeat(1000)), located)
  assert.ok(shownIn(document) >= 4 && document.length <= 2 * maxPictureOctets + 100_000)
})

test('a picture is what its octets are: a drawing or a page named as one is not shown', async () => {
  for (const octets of ['<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', '<html><script>alert(1)</script>']) {
    const part = { ...newPart(0), type: 'image', subtype: 'png', bodyEnd: octets.length }
    const located = new Map([['p0@x', { path: '1', part }]])
    assert.equal(shownIn(await frameOf(contentOf(Buffer.from(octets)), read(naming(1)), located)), 0)
  }
})

test('HTML of the longest length is shown as it is, one octet more as text', async () => {
  const comment = (length: number) => Buffer.from(`<b>a</b>${'='.repeat(length - 8)}`)
  for (const [length, cut] of [
    [maxShownHtmlOctets, false],
    [maxShownHtmlOctets + 1, true],
  ] as const) {
    const part = { ...newPart(0), type: 'text', subtype: 'html', bodyEnd: length }
    const { bodies } = displayOf(part)
    const found = await readWrittenHtml(contentOf(comment(length)), bodies[0]!.html!)
    assert.equal(found.cut, cut)
  }
  const document = await frameOf(contentOf(Buffer.alloc(0)), { text: '<b>a</b>', damaged: false, cut: true }, new Map())
  assert.match(document, /<pre>a<\/pre>/)
})

test('the policy allows pictures in the document, styles, and nothing that loads or runs', () => {
  const rules = new Map(framePolicy.split('; ').map((rule) => [rule.split(' ')[0], rule.split(' ').slice(1).join(' ')]))
  assert.equal(rules.get('default-src'), "'none'")
  assert.equal(rules.get('img-src'), 'data:')
  assert.match(rules.get('style-src-elem')!, /^'sha256-[A-Za-z0-9+/]{43}='$/)
  assert.equal(rules.get('sandbox'), 'allow-popups allow-popups-to-escape-sandbox')
  for (const rule of ['script-src', 'connect-src', 'frame-src', 'font-src', 'media-src', 'object-src'])
    assert.ok(!rules.has(rule), rule)
})

test('a frame within is never a tag, since browsers connect before the policy forbids it', () => {
  assert.doesNotMatch(frameDocument([], '<iframe src=x><IFRAME src=y></iframe><frame><frameset>'), /<(?:i?frame|frameset)/i)
})
