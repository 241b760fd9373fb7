// Links in plain text. RFC 3986 Appendix C.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linkify } from '#mail/display-links.ts'
import { maxLinkCharacters, maxLinks } from '#mail/limits.ts'

const links = (text: string) =>
  linkify(text)
    .filter(({ href }) => href !== null)
    .map(({ text: shown, href }) => (shown === href ? shown : `${shown} -> ${href}`))

const table: [text: string, links: string[]][] = [
  ['see https://a.example/x?y=1#z, or http://b.example/.', ['https://a.example/x?y=1#z', 'http://b.example/']],
  ['(https://a.example/wiki_(x)) and <https://b.example/c>', ['https://a.example/wiki_(x)', 'https://b.example/c']],
  ['HTTPS://A.EXAMPLE/x', ['HTTPS://A.EXAMPLE/x -> https://a.example/x']],
  ['write to mailto:a@b.example!', ['mailto:a@b.example']],
  ['javascript:alert(1) data:text/html,x vbscript:x file:///etc/passwd ftp://a.example', []],
  ['https://bank.example@evil.example/ https://a:b@c.example', []],
  ['https://аpple.example/', ['https://xn--pple-43d.example/']],
  ['https:// http://? https://[::1 mailto:nobody', []],
  ['xhttps://a.example', []],
  ['https://a.example/"onclick="x', ['https://a.example/']],
]

for (const [text, expected] of table) {
  test(`in ${JSON.stringify(text)} these are links: ${expected.join(' ') || 'none'}`, () => {
    assert.deepEqual(links(text), expected)
  })
}

test('what is shown, joined, is the text; a link shows where it leads', () => {
  const text = 'a https://b.example/c d https://e.example. f'
  assert.equal(
    linkify(text)
      .map((segment) => segment.text)
      .join(''),
    text,
  )
  for (const { text: shown, href } of linkify('https://a.example/?q=é https://bücher.example/x').filter(
    (one) => one.href !== null,
  )) {
    assert.equal(shown, href)
  }
})

test('a link of the longest length is one, one character more stays text', () => {
  const long = `https://a.example/${'x'.repeat(maxLinkCharacters - 18)}`
  assert.equal(links(long).length, 1)
  assert.equal(links(`${long}x`).length, 0)
})

test('as many links as the limit are made, the next stays text', () => {
  const text = 'https://a.example/x '.repeat(maxLinks + 1)
  assert.equal(links(text).length, maxLinks)
  assert.equal(
    linkify(text)
      .map((segment) => segment.text)
      .join(''),
    text,
  )
})

test('a megabyte of beginnings costs no more than a moment', () => {
  const started = performance.now()
  for (const piece of ['http://', 'https://a', 'mailto:', 'https://((((', 'https://a.example/.,.,.,', 'https://]'])
    linkify(piece.repeat(1_000_000 / piece.length))
  assert.ok(performance.now() - started < 20_000)
})
