// The sanitiser by itself, by its table; the browser has the last word in test/browser/hostile-html.test.ts. WHATWG HTML §13.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  maxHtmlCharacters,
  maxHtmlDepth,
  maxHtmlElements,
  maxHtmlTexts,
  maxStyleCharacters,
  maxStyleValueCharacters,
} from '#mail/limits.ts'
import { contentIdsIn, sanitiseHtml } from '#mail/sanitise.ts'
import { harmlessStyle } from '#mail/sanitise-style.ts'

const picture = 'data:image/png;base64,iVBORw0KGgo='
const clean = async (html: string) => (await sanitiseHtml(html, (id) => (id === 'a@b' ? picture : null)))?.html ?? null

const table: [name: string, html: string, expected: string][] = [
  ['ordinary formatting stays', '<p align="center"><b>a</b> &amp; <i>b</i></p>', '<p align="center"><b>a</b> &amp; <i>b</i></p>'],
  ['classes and ids go', '<p class="x" id="y" name="z">a</p>', '<p>a</p>'],
  ['a script goes with its content', '<p>a<script>b</script>c</p>', '<p>ac</p>'],
  ['drawings and formulas go with their content', '<svg><text>a</text></svg><math><mi>b</mi></math>c', 'c'],
  ['a form leaves its text', '<form action="x"><label>Name</label><input value="v"><button>Go</button></form>', 'NameGo'],
  ['a picture of the message is its data', '<img src="cid:a@b" alt="x">', `<img alt="x" src="${picture}" />`],
  ['an encoded Content-ID is read (RFC 2392)', '<img src="cid:a%40b">', `<img src="${picture}" alt="" />`],
  ['another picture leaves its description', '<img src="https://a.example/p.png" alt="Logo" width="9">', '<img alt="Logo" />'],
  ['a drawing as data is no picture', '<img src="data:image/svg+xml;base64,AAAA">', '<img alt="" />'],
  ['a script’s link is none', '<a href="java&#9;script:x">a</a><a href="data:text/html,x">b</a>', '<a>a</a><a>b</a>'],
  [
    'a relative link is none',
    '<a href="/sign-out">a</a><a href="//a.example">b</a><a href="#c">c</a>',
    '<a>a</a><a>b</a><a>c</a>',
  ],
  [
    'a cell spans a few others at most',
    '<table><tr><td colspan="9" rowspan="99999">a</td></tr></table>',
    '<table><tr><td colspan="9">a</td></tr></table>',
  ],
]

for (const [name, html, expected] of table) test(name, async () => assert.equal(await clean(html), expected))

test('a link opens a window of its own, tells nothing of us, and says where it leads', async () => {
  const html = await clean('<a href="HTTPS://Évil.example/a?b&c" onclick="x">https://bank.example</a>')
  assert.match(html!, /href="https:\/\/xn--vil-9la\.example\/a\?b&amp;c" target="_blank" rel="noopener noreferrer nofollow"/)
  assert.match(html!, /data-leads-to="xn--vil-9la\.example"/)
})

test('pictures that stand elsewhere are counted', async () => {
  const html = '<img src="https://a.example/1"><img src="//a.example/2"><img src="cid:x"><img alt="a">'
  assert.equal((await sanitiseHtml(html, () => null))?.remotePictures, 2)
})

test('the Content-IDs that HTML names are found', () => {
  assert.deepEqual([...contentIdsIn('<img src="cid:a@b"><img src=CID:c%40d>cid:e"')], ['a@b', 'c@d', 'e'])
})

test('at the limits of size, elements, texts and depth HTML is sanitised, one past it is not', async () => {
  assert.notEqual(await clean('a'.repeat(maxHtmlCharacters)), null)
  assert.equal(await clean('a'.repeat(maxHtmlCharacters + 1)), null)
  assert.notEqual(await clean('<br>'.repeat(maxHtmlElements)), null)
  assert.equal(await clean('<br>'.repeat(maxHtmlElements + 1)), null)
  assert.notEqual(await clean('&lt;'.repeat(maxHtmlTexts)), null)
  assert.equal(await clean('&lt;'.repeat(maxHtmlTexts + 1)), null)
  assert.notEqual(await clean('<div>'.repeat(maxHtmlDepth)), null)
  assert.equal(await clean('<div>'.repeat(maxHtmlDepth + 1)), null)
})

const styles: [style: string, expected: string][] = [
  ['color:red; FONT-SIZE : 12pt', 'color:red;font-size:12pt'],
  ["font-family:'Segoe UI', Arial", "font-family:'Segoe UI', Arial"],
  ['background:#fff', 'background-color:#fff'],
  ['background:url(x)', ''],
  ['background-color:rgb(1, 2, 3)', 'background-color:rgb(1, 2, 3)'],
  ['width:calc(1px)', ''],
  ['width:expression(1)', ''],
  ['position:fixed', ''],
  ['color:var(--a)', ''],
  ['color:r\\65 d', ''],
  ['color:red/**/', ''],
  ['color:"</style>"', ''],
  ['--a:red', ''],
  ['color', ''],
  [':red', ''],
  [`font-family:${'a'.repeat(maxStyleValueCharacters)}`, `font-family:${'a'.repeat(maxStyleValueCharacters)}`],
  [`font-family:${'a'.repeat(maxStyleValueCharacters + 1)}`, ''],
]

for (const [style, expected] of styles) {
  test(`of the style ${style.slice(0, 60)} this stays: ${expected.slice(0, 60) || 'nothing'}`, () =>
    assert.equal(harmlessStyle(style), expected))
}

test('a style of the longest length is read, one character more is dropped', () => {
  const style = 'color:red;'.repeat(maxStyleCharacters / 10)
  assert.notEqual(harmlessStyle(style), '')
  assert.equal(harmlessStyle(`${style} `), '')
})

test('whatever is written, what is left is sanitised already: a second time changes nothing that runs', async () => {
  const words = fc.constantFrom(
    ...'< > </ /> <! <!-- --> " \' = & &lt; &#60; svg math style script title textarea noscript template table td a img p div form'.split(
      ' ',
    ),
    ...' | href=|src=|onerror=|style=|javascript:|https://a.example|cid:a@b|url(|\0|\n|<img |<svg>|<style>|</style>|<math>|<mtext>'.split(
      '|',
    ),
  )
  const property = fc.asyncProperty(fc.array(words, { maxLength: 40 }), async (pieces) => {
    const once = await clean(pieces.join(''))
    // Outside of quotes, every tag is one that we write, with attributes that we write.
    assert.doesNotMatch(once!, /<(?!\/?(?:table|tbody|td|a|img|p|div)[ />]|\/?(?:table|td|a|p|div)>)/)
    assert.doesNotMatch(once!.replaceAll(/"[^"]*"/g, '""'), /<[^>]*\son|javascript:[^<]*>/)
    assert.equal(await clean(once!), once)
  })
  await fc.assert(property, { seed: 20261122, numRuns: 1500 })
})

test('the costliest HTML of a megabyte ends within moments', async () => {
  const floods = [
    '<',
    '&',
    '<!--',
    '<noscript>',
    '<p a=b>',
    '</p>',
    '<?',
    '<textarea>',
    '<b>x',
    '<a href="https://a.example">',
    '<p style="color:rgb(">',
  ]
  for (const flood of floods) {
    const started = performance.now()
    await clean(flood.repeat(Math.floor(maxHtmlCharacters / flood.length)))
    assert.ok(performance.now() - started < 10_000, flood)
  }
})
