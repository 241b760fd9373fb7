// The items of a FETCH, read from the command. RFC 3501 §6.4.5 and §9 (fetch-att).
import { BadCommand } from '#base/faults.ts'
import { astring } from '#imap/encode.ts'
import type { Section } from '#imap/fetch/section.ts'
import type { Decoder } from '#imap/grammar.ts'

/** An item that a summary answers, or a section of the content. */
export type Item = { readonly kind: PlainItem } | SectionItem

export type PlainItem = 'FLAGS' | 'UID' | 'INTERNALDATE' | 'RFC822.SIZE' | 'ENVELOPE' | 'BODY' | 'BODYSTRUCTURE'

export interface SectionItem {
  readonly kind: 'section'
  readonly section: Section
  /** `<from.octets>`, or null for the whole section. */
  readonly partial: { readonly from: number; readonly octets: number } | null
  readonly peek: boolean
  /** What the response calls it. */
  readonly label: string
}

const plainItems = new Set<string>(['FLAGS', 'UID', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE', 'BODY', 'BODYSTRUCTURE'])
const fast: readonly PlainItem[] = ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE']
const macros = new Map<string, readonly PlainItem[]>([
  ['FAST', fast],
  ['ALL', [...fast, 'ENVELOPE']],
  ['FULL', [...fast, 'ENVELOPE', 'BODY']],
])
const noNames: ReadonlySet<string> = new Set()
const older = new Map<string, Pick<SectionItem, 'section' | 'peek'>>([
  ['RFC822', { section: { path: [], text: 'whole', names: noNames }, peek: false }],
  ['RFC822.HEADER', { section: { path: [], text: 'header', names: noNames }, peek: true }],
  ['RFC822.TEXT', { section: { path: [], text: 'text', names: noNames }, peek: false }],
])
const maxPartDepth = 101

/** Reads a macro, one item, or a list of items; repeats are dropped. Throws BadCommand. */
export function parseItems(input: Decoder): Item[] {
  if (!input.isNext('(')) {
    const word = input.word()
    const macro = macros.get(word)
    return macro === undefined ? [itemNamed(word, input)] : macro.map((kind) => ({ kind }))
  }
  const items = input.list(() => itemNamed(input.word(), input), 1, input.limits.fetchItems)
  return withoutRepeats(items)
}

/** A section that is asked for with and without PEEK is read without. */
function withoutRepeats(items: readonly Item[]): Item[] {
  const kept = new Map<string, Item>()
  for (const item of items) {
    const key = item.kind === 'section' ? item.label : item.kind
    const before = kept.get(key)
    if (before?.kind !== 'section' || before.peek) kept.set(key, item)
  }
  return [...kept.values()]
}

function itemNamed(word: string, input: Decoder): Item {
  if ((word === 'BODY' || word === 'BODY.PEEK') && input.take('[')) return sectionItem(word === 'BODY.PEEK', input)
  const old = older.get(word)
  if (old !== undefined) return { kind: 'section', partial: null, label: word, ...old }
  if (!plainItems.has(word)) throw new BadCommand('There is no such item to fetch')
  return { kind: word as PlainItem }
}

function sectionItem(peek: boolean, input: Decoder): SectionItem {
  const { section, spec } = sectionSpec(input)
  input.expect(']')
  if (!input.take('<')) return { kind: 'section', section, partial: null, peek, label: `BODY[${spec}]` }
  const from = input.number()
  input.expect('.')
  const octets = input.nzNumber()
  input.expect('>')
  return { kind: 'section', section, partial: { from, octets }, peek, label: `BODY[${spec}]<${from}>` }
}

function sectionSpec(input: Decoder): { section: Section; spec: string } {
  const path: number[] = []
  let spec = ''
  while (input.isNextDigit()) {
    const number = input.nzNumber()
    path.push(number)
    spec += spec === '' ? number : `.${number}`
    if (path.length > maxPartDepth) throw new BadCommand(`A part is at most ${maxPartDepth} levels deep`)
    if (!input.take('.')) return { section: { path, text: 'whole', names: noNames }, spec }
  }
  if (path.length === 0 && input.isNext(']')) return { section: { path, text: 'whole', names: noNames }, spec }
  const word = input.word()
  const { text, names } = sectionText(word, path.length > 0, input)
  const shown = names.size === 0 ? word : `${word} (${[...names].map((name) => astring(name.toUpperCase())).join(' ')})`
  return { section: { path, text, names }, spec: spec === '' ? shown : `${spec}.${shown}` }
}

function sectionText(word: string, ofPart: boolean, input: Decoder): Pick<Section, 'text' | 'names'> {
  if (word === 'HEADER') return { text: 'header', names: noNames }
  if (word === 'TEXT') return { text: 'text', names: noNames }
  if (word === 'MIME' && ofPart) return { text: 'mime', names: noNames }
  if (word !== 'HEADER.FIELDS' && word !== 'HEADER.FIELDS.NOT') throw new BadCommand('There is no such section')
  input.space()
  const fieldName = () => {
    const name = input.astring().toString('latin1').toLowerCase()
    if (!/^[!-9;-~]{1,998}$/.test(name)) throw new BadCommand('That is not the name of a field')
    return name
  }
  const names = input.list(fieldName, 1, input.limits.headerFieldNames)
  return { text: word === 'HEADER.FIELDS' ? 'fields' : 'fields-not', names: new Set(names) }
}
