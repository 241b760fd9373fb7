// How much of a text the rules read, and that no line that is cut counts as one. G04, G05
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect, octetsOf } from '#delivery/inspect.ts'
import { htmlHeadOctets } from '#mail/documents/limits.ts'
import { findMarkings } from '#policy/find-markings.ts'
import { shippedSchemes } from '#policy/schemes.ts'

const KiB = 1024
const encodings: Record<string, (text: string) => string> = {
  '8bit': (text) => text,
  'quoted-printable': (text) => text.replaceAll('=', '=3D'),
  base64: (text) => Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\r\n'),
}

/** The levels that stand in a text as banners. */
async function levels(type: 'html' | 'plain', text: string, encoding = '8bit'): Promise<(string | null)[]> {
  const fields = `Subject: x\r\nContent-Type: text/${type}; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`
  const { header, texts } = await inspect(octetsOf(Buffer.from(fields + encodings[encoding]!(text))))
  return findMarkings(header, texts, shippedSchemes).map(({ marking }) => marking.level)
}
const style = (octets: number) => `<style>${'p.Mso { margin: 0 }\r\n'.repeat(octets / 21)}</style>`
const paragraphs = (octets: number) => '<p class=MsoNormal>Nothing of note, and no more of it.</p>\r\n'.repeat(octets / 62)
const page = (head: string, body: string) => `<html><head>${head}</head><body>${body}</body></html>`

for (const encoding of Object.keys(encodings)) {
  test(`a banner of HTML behind a long style sheet is read, in ${encoding} (G05)`, async () => {
    for (const [css, more] of [
      [18, 0],
      [18, 100],
      [100, 400],
    ] as const) {
      const body = `<p>SECRET</p><p>Dear Orla</p>${paragraphs(more * KiB)}`
      assert.deepEqual(await levels('html', page(style(css * KiB), body), encoding), ['SECRET'], `${css} and ${more}`)
    }
  })

  test(`a banner that ends a long text is read, in ${encoding} (G05)`, async () => {
    assert.deepEqual(await levels('html', page('', `${paragraphs(400 * KiB)}<p>SECRET</p>`), encoding), ['SECRET'])
    assert.deepEqual(await levels('plain', `${'Nothing of note.\r\n'.repeat(30_000)}\r\nSECRET\r\n`, encoding), ['SECRET'])
  })
}

test('HTML that shows little is read for 256 KiB, and what stands behind that does not begin it (htmlHeadOctets, G04, G05)', async () => {
  const marked = (octets: number) => levels('html', page(style(octets), `<p>SECRET</p>${paragraphs(300 * KiB)}`))
  assert.deepEqual(await marked(htmlHeadOctets - 100), ['SECRET'])
  assert.deepEqual(await marked(htmlHeadOctets), [])
  const dots = '<p class=MsoNormal>.</p>\r\n'.repeat(1_000)
  assert.deepEqual(await levels('html', page('', `${dots}<p>SECRET</p>${paragraphs(100 * KiB)}`)), ['SECRET'])
})

test('a line that is cut is neither the first nor the last of its text (G04)', async () => {
  // What is behind the cut begins with the end of a line, 16 KiB before the end of the text.
  const behind = (start: string) => `${`${start}\r\n`.padEnd(16 * KiB - 2, '-')}\r\n`
  assert.deepEqual(
    await levels('plain', ` ${'-'.repeat(40 * KiB)} no\r\n${'-'.repeat(40 * KiB)} the officer said it was${behind('SECRET')}`),
    [],
  )
  // What is before the cut ends with the beginning of a word.
  const before = `${'-'.repeat(16 * KiB - 8)}\r\nSECRETARIES of both courts are to come.\r\n`
  assert.deepEqual(await levels('plain', `${before}${'-\r\n'.repeat(20 * KiB)}`), [])
  const html = `<p>SECRET <b class="${'x'.repeat(300 * KiB)}">Santa is on Friday</b></p>${'<br>'.repeat(10 * KiB)}`
  assert.deepEqual(await levels('html', html), [])
  const hidden = page(style(300 * KiB), `<p>${'-'.repeat(20)}</p>`)
  assert.deepEqual(await levels('html', `${hidden}<style>${'p {}\r\n'.repeat(10 * KiB)}SECRET</style>`), [])
})

test('HTML that was made to be slow costs time in proportion', async () => {
  for (const unit of ['<', '<p>', '<!--', '<style>', '&nbsp;', '<a b="', '<p>.</p>', '</', ' \n']) {
    const started = performance.now()
    for (const encoding of Object.keys(encodings)) await levels('html', unit.repeat((2048 * KiB) / unit.length), encoding)
    assert.ok(performance.now() - started < 5_000, unit)
  }
})
