// The headers, footers, first page and properties of a Rich Text file. RTF 1.9.1. G05.
import { Lines } from '#mail/documents/lines.ts'
import { maxPartsRead, maxProperties, maxPropertyCharacters, maxRtfDepth } from '#mail/documents/limits.ts'
import type { Place, Where } from '#mail/documents/place.ts'
import { type Property, propertyPlaces } from '#mail/documents/properties.ts'
import { decodeText } from '#mail/decode.ts'

/** What the text of a group is for; `nothing` is never shown. */
type Target = 'body' | 'header' | 'footer' | 'property' | 'propertyName' | 'propertyValue' | 'nothing'

interface Group {
  target: Target
  property: string
  /** How many characters stand for the one of `\u`, for programs that do not know it. */
  substitutes: number
}

const pageEdges = new Map<string, Target>(
  ['', 'l', 'r', 'f'].flatMap((kind) => [
    [`header${kind}`, 'header'],
    [`footer${kind}`, 'footer'],
  ]),
)
const properties = new Set(['title', 'subject', 'keywords', 'category', 'doccomm'])
const silent = new Set(
  [
    'fonttbl colortbl stylesheet listtable listoverridetable revtbl rsidtbl pict object datafield fldinst themedata xmlnstbl',
    'colorschememapping datastore generator author operator company manager private xform nonshppict footnote annotation',
  ]
    .join(' ')
    .split(' '),
)
const signs = new Map([
  ['tab', '\t'],
  ['cell', '\t'],
  ['emdash', '—'],
  ['endash', '–'],
  ['lquote', '‘'],
  ['rquote', '’'],
  ['bullet', '•'],
])
const wordPattern = /([a-zA-Z]{1,32})(-?\d{1,10})? ?/y

/** The places of a Rich Text file; linear, reads what there is, and never throws. */
export function rtfPlaces(octets: Buffer, path: readonly string[]): Place[] {
  const scan = new RtfScan(octets.toString('latin1'))
  scan.run()
  return [...scan.places.map((place) => ({ ...place, path })), ...propertyPlaces(path, scan.found)]
}

class RtfScan {
  readonly places: Omit<Place, 'path'>[] = []
  readonly found: Property[] = []
  private readonly rtf: string
  private at = 0
  private group: Group = { target: 'body', property: '', substitutes: 1 }
  private readonly outer: Group[] = []
  /** Groups that are deeper than is looked at. */
  private tooDeep = 0
  private skip = 0
  private codePage = 'windows-1252'
  private starred = false
  private lines = new Lines()
  private readonly body = new Lines()
  private bodyEnded = false
  private name = ''
  private value = ''

  constructor(rtf: string) {
    this.rtf = rtf
  }

  run(): void {
    while (this.at < this.rtf.length) {
      const char = this.rtf[this.at]!
      if (char === '{') this.open()
      else if (char === '}') this.close()
      else if (char === '\\') this.control()
      else if (char === '\r' || char === '\n') this.at++
      else this.plain()
    }
    while (this.outer.length > 0) this.close()
    this.body.endLine()
    this.places.push({ where: 'first page', lines: this.body.lines })
  }

  private open(): void {
    this.at++
    this.starred = false
    if (this.outer.length >= maxRtfDepth) this.tooDeep++
    else {
      this.outer.push(this.group)
      this.group = { ...this.group }
    }
  }

  private close(): void {
    this.at++
    if (this.tooDeep > 0) {
      this.tooDeep--
      return
    }
    const ended = this.group
    this.group = this.outer.pop() ?? { target: 'body', property: '', substitutes: 1 }
    if (ended.target !== this.group.target) this.finish(ended)
  }

  private finish({ target, property }: Group): void {
    if (target === 'header' || target === 'footer') {
      this.lines.endLine()
      if (this.places.length < maxPartsRead) this.places.push({ where: target satisfies Where, lines: this.lines.lines })
    } else if (target === 'property') this.note(property, this.value)
    else if (target === 'propertyName') this.name = this.value
    else if (target === 'propertyValue') this.note(this.name, this.value)
    this.value = ''
  }

  private note(name: string, value: string): void {
    if (this.found.length < maxProperties) this.found.push([name === 'doccomm' ? 'description' : name, value])
  }

  private control(): void {
    wordPattern.lastIndex = this.at + 1
    const match = wordPattern.exec(this.rtf)
    if (match !== null) {
      this.at = wordPattern.lastIndex
      this.word(match[1]!, match[2] === undefined ? null : Number(match[2]))
      return
    }
    const sign = this.rtf[this.at + 1] ?? ''
    this.at += 2
    if (sign === "'") {
      const code = Number.parseInt(this.rtf.slice(this.at, this.at + 2), 16)
      this.at += 2
      if (!Number.isNaN(code)) this.show(decodeText(Buffer.of(code), this.codePage))
    } else if (sign === '*') this.starred = true
    else if (sign === '~') this.show(' ')
    else if (sign === '_') this.show('-')
    else if (sign === '{' || sign === '}' || sign === '\\') this.show(sign)
    else if (sign === '\r' || sign === '\n') this.endLine()
  }

  private word(word: string, parameter: number | null): void {
    const edge = pageEdges.get(word)
    if (edge !== undefined) {
      this.group.target = edge
      this.lines = new Lines()
    } else if (word === 'propname') this.begin('propertyName')
    else if (word === 'staticval') this.begin('propertyValue')
    else if (properties.has(word) && this.outer.length < 4) {
      this.begin('property')
      this.group.property = word
    } else if (word === 'bin') this.at += Math.max(0, Math.min(parameter ?? 0, this.rtf.length))
    else if (silent.has(word) || (this.starred && word !== 'userprops')) this.group.target = 'nothing'
    else this.format(word, parameter)
    this.starred = false
  }

  private format(word: string, parameter: number | null): void {
    if (word === 'par' || word === 'line' || word === 'row') this.endLine()
    else if (word === 'u' && parameter !== null) {
      this.show(String.fromCharCode(parameter & 0xffff))
      this.skip = this.group.substitutes
    } else if (word === 'uc') this.group.substitutes = Math.max(0, Math.min(parameter ?? 1, 10))
    else if (word === 'ansicpg' && parameter !== null) this.codePage = `windows-${parameter}`
    else if (word === 'page' || word === 'sect') this.bodyEnded ||= this.group.target === 'body' && this.body.lines.length > 0
    else if (signs.has(word)) this.show(signs.get(word)!)
  }

  private begin(target: Target): void {
    this.group.target = target
    this.value = ''
  }

  private plain(): void {
    const rest = /[{}\\\r\n]/g
    rest.lastIndex = this.at
    const end = rest.exec(this.rtf)?.index ?? this.rtf.length
    const text = this.rtf.slice(this.at, end)
    this.at = end
    this.show(text.length > this.skip ? text.slice(this.skip) : '', text.length)
  }

  /** Shows text where its group says; `written` is how many characters it takes from those that stand for a `\u`. */
  private show(text: string, written = 1): void {
    const skipped = this.skip > 0
    this.skip = Math.max(0, this.skip - written)
    if (skipped && written === 1) return
    const { target } = this.group
    if (target === 'body' && !this.bodyEnded) this.body.add(text)
    else if (target === 'header' || target === 'footer') this.lines.add(text)
    else if (target.startsWith('property') && this.value.length < maxPropertyCharacters) this.value += text
  }

  private endLine(): void {
    const { target } = this.group
    if (target === 'body' && !this.bodyEnded) this.body.endLine()
    else if (target === 'header' || target === 'footer') this.lines.endLine()
  }
}
