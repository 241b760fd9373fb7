// Which texts of a message are its writer's, and which are files. G04, G05, G07
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownTextParts } from '#mail/own-text-parts.ts'
import { StructureScan } from '#mail/structure.ts'

/** The own texts of a multipart of parts, each its header fields and a text. */
function ownTexts(subtype: string, ...parts: (readonly string[])[]): string[] {
  const lines = parts.flatMap((part) => ['--b', ...part.slice(0, -1), '', part.at(-1)!])
  const raw = Buffer.from([`Content-Type: multipart/${subtype}; boundary=b`, '', ...lines, '--b--', ''].join('\r\n'))
  const scan = new StructureScan()
  scan.push(raw)
  return ownTextParts(scan.end().root).map(({ bodyStart, bodyEnd }) => raw.toString('latin1', bodyStart, bodyEnd))
}

test('a text with a file’s name is a file, whatever its disposition (G05, G07)', () => {
  for (const named of [
    ['Content-Type: text/plain; name="note.txt"', 'Content-Disposition: inline'],
    ['Content-Type: text/plain; name="note.txt"'],
    ['Content-Type: text/html', 'Content-Disposition: inline; filename="note.html"'],
    ["Content-Type: text/plain; name*0*=utf-8''note; name*1=.txt"],
    ['Content-Disposition: attachment'],
  ])
    assert.deepEqual(ownTexts('mixed', ['body'], [...named, 'file']), ['body'], named[0])
})

test('the first text is the message’s own, whatever it is called, and so is each alternative of it (G04, G05)', () => {
  assert.deepEqual(ownTexts('mixed', ['Content-Type: text/plain; name="a.txt"', 'body'], ['more']), ['body', 'more'])
  assert.deepEqual(ownTexts('alternative', ['body'], ['Content-Type: text/html; name="a.html"', '<p>body']), ['body', '<p>body'])
})

test('texts without names are the message’s own, inline or not (G05, G07)', () => {
  assert.deepEqual(ownTexts('mixed', ['body'], ['Content-Disposition: inline', 'more'], ['list footer']), [
    'body',
    'more',
    'list footer',
  ])
})
