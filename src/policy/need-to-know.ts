// What a sender should look at before a message goes: who has not been written to before, who may be mistaken for another, how wide it goes, who may read it. G08, G11, T07, T22
import { fewestForEditDistance, maxComparedAddresses, maxShownAddresses } from '#policy/limits.ts'
import type { Marking } from '#policy/marking.ts'
import { type Warning, warn } from '#policy/verdict.ts'

/** What is known of a message's recipients, by address key. Nothing of it ever refuses. */
export interface NeedToKnowFacts {
  readonly recipients: readonly {
    readonly address: string
    /** Its id or name; null where the address is nobody's of the community. */
    readonly organisation: string | null
    readonly isGroup: boolean
    /** The last day on which they are away, as it is shown; null for who is not. */
    readonly awayUntil: string | null
    /** The account is not shown in the directory. */
    readonly isExDirectory: boolean
  }[]
  /** Addresses that the sender wrote to or heard from lately. */
  readonly known: readonly string[]
  /** Members in the directory whose addresses are near a recipient's. */
  readonly similar: readonly string[]
  /** Who had the message that this one answers: its From, To and Cc; null where it answers none, or none that was found. */
  readonly original: readonly string[] | null
  readonly marking: Marking | null
  readonly limits: { readonly recipients: number; readonly organisations: number; readonly monitored: readonly string[] }
}

/** What is looked at before sending in webmail, in this order. */
export const needToKnowRules: readonly ((facts: NeedToKnowFacts) => Warning | null)[] = [
  looksLikeAnother,
  isWrittenToForTheFirstTime,
  goesToMany,
  goesWiderThanTheOriginal,
  namedReaderIsAGroup,
  isMonitored,
  isAway,
  isExDirectory,
]

/** What the sender is warned of, in the order of the rules; stops nothing. */
export function warningsOf(facts: NeedToKnowFacts): Warning[] {
  return needToKnowRules.map((rule) => rule(facts)).filter((warning) => warning !== null)
}

/** What stands beside each recipient's own address, in a few words each, by address; nothing for one whom nothing is said of. G11, T07, T22 */
export function marksOf(facts: NeedToKnowFacts): ReadonlyMap<string, readonly string[]> {
  const fresh = new Set(newAmong(facts))
  const wider = new Set(widerThanTheOriginal(facts))
  const alike = alikeAmong(facts)
  return new Map(
    facts.recipients.map(({ address, awayUntil, isExDirectory }) => [
      address,
      [
        ...(alike.has(address) ? [`Looks like ${shown(alike.get(address)!)}`] : []),
        ...(fresh.has(address) ? ['New to you'] : []),
        ...(wider.has(address) ? ['Did not have the message that you answer'] : []),
        ...(isMonitoredAt(address, facts) ? ['May be read by auditors there'] : []),
        ...(awayUntil === null ? [] : [`Away until ${awayUntil}`]),
        ...(isExDirectory ? ['Not in the directory'] : []),
      ],
    ]),
  )
}

/** The recipients that the sender does not know and may have mistaken: by address, each address that it looks like. */
function alikeAmong({ recipients, known, similar }: NeedToKnowFacts): ReadonlyMap<string, readonly string[]> {
  const seen = new Set(known)
  const others = [...new Set([...recipients.map(({ address }) => address), ...similar, ...known])]
  const forms = others.slice(0, maxComparedAddresses).map(formOf)
  const fresh = recipients.filter(({ address }) => !seen.has(address)).map(({ address }) => formOf(address))
  const found = fresh.map((form) => {
    const alike = forms.filter((candidate) => areMistaken(form, candidate)).map(({ address }) => address)
    return [form.address, alike] as const
  })
  return new Map(found.filter(([, alike]) => alike.length > 0))
}

/** G11: an address that is hardly another than one that the sender writes to, than another member's, or than another recipient's. */
function looksLikeAnother(facts: NeedToKnowFacts): Warning | null {
  const alike = alikeAmong(facts)
  const told = new Set<string>()
  const pairs = [...alike].flatMap(([address, others]) => {
    const other = others.find((one) => !told.has(one))
    told.add(address)
    return other === undefined ? [] : [`${address} looks like ${other}`]
  })
  if (pairs.length === 0) return null
  return warn('G11', 'recipient-looks-like-another', shown(pairs), 'Make sure that it is the one you mean.')
}

function newAmong({ recipients, known }: NeedToKnowFacts): string[] {
  const seen = new Set(known)
  return recipients.map(({ address }) => address).filter((address) => !seen.has(address))
}

/** G11: in doubt, the recipient's organisation is to be asked. */
function isWrittenToForTheFirstTime(facts: NeedToKnowFacts): Warning | null {
  const fresh = newAmong(facts)
  if (fresh.length === 0) return null
  const remedy = 'Make sure that they need it for their work. If you are not sure, ask their organisation.'
  return warn('G11', 'recipient-is-new', `you have not written to ${shown(fresh)} lately`, remedy)
}

/** G11, T07: many recipients, or recipients of many organisations. */
function goesToMany({ recipients, limits }: NeedToKnowFacts): Warning | null {
  const organisations = new Set(recipients.map(({ organisation }) => organisation).filter((one) => one !== null)).size
  if (recipients.length <= limits.recipients && organisations <= limits.organisations) return null
  const about = `it goes to ${recipients.length} recipients in ${organisations} organisations`
  return warn('G11', 'goes-to-many', about, 'Make sure that each of them needs it for their work.')
}

/** T07: an answer to all that reaches people who did not have the original. */
function goesWiderThanTheOriginal(facts: NeedToKnowFacts): Warning | null {
  const more = widerThanTheOriginal(facts)
  if (more.length === 0) return null
  return warn(
    'T07',
    'answer-is-wider',
    `${shown(more)} did not have the message that you answer`,
    'They get what you quote of it, too.',
  )
}

function widerThanTheOriginal({ recipients, original }: NeedToKnowFacts): string[] {
  if (original === null) return []
  const had = new Set(original)
  return recipients.map(({ address }) => address).filter((address) => !had.has(address))
}

/** G08: a message for the eyes of one person, to an address that several read. A nationality's caveat names nobody. */
function namedReaderIsAGroup({ recipients, marking }: NeedToKnowFacts): Warning | null {
  const caveat = marking?.caveats.find(
    (one) => / EYES ONLY$/i.test(one) && !/^(?:[A-Z]{2,3}(?:\/[A-Z]{2,3})*|FIVE) EYES ONLY$/.test(one),
  )
  const group = recipients.find(({ isGroup }) => isGroup)
  if (caveat === undefined || group === undefined) return null
  return warn(
    'G08',
    'named-reader-is-a-group',
    `${caveat} goes to ${group.address}, which several people read`,
    'Send it to the person themselves.',
  )
}

/** T22: mail to some networks may be audited there. */
function isMonitored(facts: NeedToKnowFacts): Warning | null {
  const found = facts.recipients.map(({ address }) => address).filter((address) => isMonitoredAt(address, facts))
  return found.length === 0
    ? null
    : warn('T22', 'recipient-is-monitored', `mail to ${shown(found)} may be read by auditors there`, 'Nothing need be done.')
}

/** G11: who is away will not read it yet. */
function isAway({ recipients }: NeedToKnowFacts): Warning | null {
  const away = recipients.filter(({ awayUntil }) => awayUntil !== null)
  if (away.length === 0) return null
  const until = away.map(({ address, awayUntil }) => `${address} is away until ${awayUntil}`)
  return warn('G11', 'recipient-is-away', shown(until), 'If it cannot wait, ask their organisation who stands in for them.')
}

/** G11: who asked not to be in the directory is not written to by chance. */
function isExDirectory({ recipients }: NeedToKnowFacts): Warning | null {
  const found = recipients.filter((one) => one.isExDirectory).map(({ address }) => address)
  if (found.length === 0) return null
  const remedy = 'Make sure that they expect it, and give their address to nobody.'
  return warn(
    'G11',
    'recipient-is-ex-directory',
    `${shown(found)} ${found.length === 1 ? 'is' : 'are'} not in the directory`,
    remedy,
  )
}

const isMonitoredAt = (address: string, { limits }: NeedToKnowFacts) =>
  limits.monitored.some((suffix) => isUnder(address, suffix))

function isUnder(address: string, suffix: string): boolean {
  const domain = address.slice(address.lastIndexOf('@') + 1)
  const bare = suffix.toLowerCase().replace(/^\./, '')
  return domain === bare || domain.endsWith(`.${bare}`) || domain.includes(`.${bare}.`)
}

const shown = (addresses: readonly string[]) =>
  addresses.length <= maxShownAddresses
    ? addresses.join(', ')
    : `${addresses.slice(0, maxShownAddresses).join(', ')} and ${addresses.length - maxShownAddresses} more`

interface Form {
  readonly address: string
  readonly local: string
  readonly domain: string
  /** How it looks at a glance. */
  readonly look: string
}

function formOf(address: string): Form {
  const at = address.lastIndexOf('@')
  return { address, local: address.slice(0, at), domain: address.slice(at + 1), look: lookOf(address) }
}

/** Whether two addresses are the same but for signs that look alike, one typing mistake, or the domain behind the same name. */
export const mayBeMistaken = (one: string, other: string): boolean => areMistaken(formOf(one), formOf(other))

function areMistaken(one: Form, other: Form): boolean {
  if (one.address === other.address) return false
  if (one.local === other.local) return one.local.length >= fewestForEditDistance
  if (one.look === other.look) return true
  return one.domain === other.domain && one.local.length >= fewestForEditDistance && isOneEditAway(one.local, other.local)
}

/** Letters of other alphabets, digits and pairs that look like another letter (after Unicode TS 39). */
const alike = new Map(
  'а a е e о o р p с c х x у y і i ј j ѕ s ԁ d ո n ɡ g α a ο o ν v 0 o 1 l 5 s i l'
    .split(' ')
    .flatMap((sign, index, all) => (index % 2 === 0 ? [[sign, all[index + 1]!] as const] : [])),
)

/** Two letters that look like one. */
const pairsAlike = [
  ['rn', 'm'],
  ['vv', 'w'],
] as const

function lookOf(address: string): string {
  const signs = [...address.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()]
  const look = signs
    .map((sign) => alike.get(sign) ?? sign)
    .join('')
    .replaceAll('i', 'l')
  return pairsAlike.reduce((text, [pair, sign]) => text.replaceAll(pair, sign), look).replace(/[._-]/g, '')
}

/** One character more, less, other, or two that changed places. */
function isOneEditAway(one: string, other: string): boolean {
  const [short, long] = one.length <= other.length ? [one, other] : [other, one]
  if (long.length - short.length > 1) return false
  let at = 0
  while (at < short.length && short[at] === long[at]) at++
  if (long.length > short.length) return short.slice(at) === long.slice(at + 1)
  if (short.slice(at + 1) === long.slice(at + 1)) return true
  return short[at] === long[at + 1] && short[at + 1] === long[at] && short.slice(at + 2) === long.slice(at + 2)
}

const typedSigns = [..."abcdefghijklmnopqrstuvwxyz0123456789.-_'"]

/** Every address at the same domain that is one typing mistake away, or that differs in a pair of letters that looks like one: some 80 for each sign of the name. */
export function oneMistakeFrom(address: string): string[] {
  const { local, domain } = formOf(address)
  if (local.length < fewestForEditDistance) return []
  const names = new Set<string>()
  for (let at = 0; at <= local.length; at++) {
    const [before, after] = [local.slice(0, at), local.slice(at)]
    for (const sign of typedSigns) {
      names.add(before + sign + after)
      if (after !== '') names.add(before + sign + after.slice(1))
    }
    if (after !== '') names.add(before + after.slice(1))
    if (after.length > 1) names.add(before + after[1] + after[0] + after.slice(2))
    for (const [pair, sign] of pairsAlike) {
      if (after.startsWith(pair)) names.add(before + sign + after.slice(pair.length))
      if (after.startsWith(sign)) names.add(before + pair + after.slice(sign.length))
    }
  }
  names.delete(local)
  return [...names].map((name) => `${name}@${domain}`)
}
