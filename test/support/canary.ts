// Looks for words in every file below a folder, in the forms in which mail software leaves them: plain, base64, quoted-printable, UTF-16, hexadecimal.
import { globSync, lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Every form of a word that is looked for. Base64 at each of its three alignments, without the characters that its neighbours decide. */
function formsOf(word: string): Map<string, Buffer> {
  const octets = Buffer.from(word)
  const forms = new Map<string, Buffer>([
    ['plain', octets],
    ['utf-16le', Buffer.from(word, 'utf16le')],
    ['utf-16be', Buffer.from(word, 'utf16le').swap16()],
    ['hex', Buffer.from(octets.toString('hex'))],
    ['HEX', Buffer.from(octets.toString('hex').toUpperCase())],
    [
      'quoted-printable',
      Buffer.from(
        [...octets]
          .map((octet) =>
            octet > 126 || octet === 61 ? `=${octet.toString(16).toUpperCase().padStart(2, '0')}` : String.fromCharCode(octet),
          )
          .join(''),
      ),
    ],
  ])
  for (const before of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(before), octets]).toString('base64')
    const first = Math.ceil((before * 8) / 6)
    const last = Math.floor(((before + octets.length) * 8) / 6)
    forms.set(`base64 at ${before}`, Buffer.from(text.slice(first, last)))
  }
  return forms
}

export interface Sighting {
  readonly word: string
  readonly form: string
  readonly file: string
}

/** Every word found in a file below `folder`, but for the files named. */
export function findWords(folder: string, words: readonly string[], except: readonly string[] = []): Sighting[] {
  const needles = words.flatMap((word) => [...formsOf(word)].map(([form, octets]) => ({ word, form, octets })))
  const found: Sighting[] = []
  for (const file of globSync('**/*', { cwd: folder })) {
    const path = join(folder, file)
    if (except.includes(path) || !lstatSync(path).isFile()) continue
    const content = readFileSync(path)
    for (const { word, form, octets } of needles) if (content.includes(octets)) found.push({ word, form, file })
  }
  return found
}
