// What judging a message costs: reading what the rules need of it, gathering the facts, and every rule; in this process, by its own CPU. Exit code 1 above the budget. G01–G16
import { systemClock } from '#base/clock.ts'
import type { FoundOrganisation } from '#community/organisations.ts'
import type { Standing } from '#community/standing.ts'
import { newDocumentThreads } from '#delivery/document-threads.ts'
import type { Envelope } from '#delivery/envelope.ts'
import { newFindIntegrity } from '#delivery/integrity.ts'
import { type AttachedFacts, gatherFacts } from '#delivery/gather.ts'
import { type Inspected, type Octets, inspect, octetsOf, textOf } from '#delivery/inspect.ts'
import { newLookInside } from '#delivery/documents.ts'
import type { SignedIn } from '#identity/sign-in.ts'
import { ownTextParts } from '#mail/own-text-parts.ts'
import { readerOf } from '#mailbox/means.ts'
import { decide, messageRules, recipientRules, warningRules } from '#policy/decide.ts'
import { noWording } from '#policy/signature-block.ts'
import { round, printFigures, spreadOf, tableOf } from './support/figures.ts'
import { newMessages } from './support/messages.ts'
import { readOptions } from './support/options.ts'

const options = readOptions('What judging a message costs, in milliseconds of CPU.', {
  messages: { default: 3_000, says: 'messages of each kind' },
  'warm-up': { default: 3_000, says: 'messages of each kind before that' },
  json: { default: false, says: 'one line of JSON' },
})

const budgetMs = { small: 0.15, large: 1.5 } as const
const from = 'a.person@chambers.example'
const to = ['b.person@court.example', 'c.person@probation.example']
const small = newMessages({ octets: 4096, attachment: false, seed: 1 })
const large = newMessages({ octets: 44_000, attachment: false, seed: 2 })

/** The header of a generated message, with other content. */
function withContent(type: string, encoding: string, body: (text: string) => string, extra: readonly string[] = []): Buffer {
  const { head, body: text } = large(from, to[0]!)
  const fields = head
    .toString('latin1')
    .replace(
      /^Content-Type:.*\r\n/m,
      [`Content-Type: ${type}`, `Content-Transfer-Encoding: ${encoding}`, ...extra, ''].join('\r\n'),
    )
  return Buffer.from(fields + body(text.toString('latin1')), 'latin1')
}

/** Words as a word processor's HTML has them: a style sheet, and classes on each paragraph. */
const htmlOf = (text: string) => {
  const paragraphs = text.split('\r\n').map((line) => `<p class=MsoNormal><span lang=EN-GB>${line}&nbsp;</span></p>\r\n`)
  return `<html><head><style><!-- p.MsoNormal {margin:0cm;} --></style></head><body lang=EN-GB>\r\n${paragraphs.join('')}</body></html>\r\n`
}
const fiftyKibibytes = (text: string) => `${text.slice(0, text.lastIndexOf('\r\n', 50 * 1024))}\r\n`
const inBase64 = (text: string) =>
  Buffer.from(text.slice(0, 37 * 1024))
    .toString('base64')
    .replace(/.{76}/g, '$&\r\n')
const quotedPrintable = (text: string) => fiftyKibibytes(text.replace(/=/g, '=3D').replace(/(<span[^>]*>)/g, '$1=\r\n'))
const quoted = (text: string) => `Thank you.\r\n\r\nOn Monday B Person wrote:\r\n${text.replace(/^/gm, '> ')}`

const kinds: { name: string; budget: keyof typeof budgetMs; make: () => Buffer }[] = [
  {
    name: '4 KiB plain',
    budget: 'small',
    make: () => Buffer.concat(Object.values(small(from, to[0]!)).filter((one) => one instanceof Buffer)),
  },
  {
    name: '4 KiB plain, quoting reply',
    budget: 'small',
    make() {
      const { head, body } = small(from, to[0]!)
      const fields = head.toString('latin1').replace('Subject: ', 'In-Reply-To: <1@court.example>\r\nSubject: Re: ')
      return Buffer.from(fields + quoted(body.toString('latin1')), 'latin1')
    },
  },
  {
    name: '50 KiB HTML',
    budget: 'large',
    make: () => withContent('text/html; charset=utf-8', '8bit', (text) => fiftyKibibytes(htmlOf(text))),
  },
  {
    name: '50 KiB HTML, quoted-printable',
    budget: 'large',
    make: () => withContent('text/html; charset=utf-8', 'quoted-printable', (text) => quotedPrintable(htmlOf(text))),
  },
  {
    name: '50 KiB HTML, base64',
    budget: 'large',
    make: () => withContent('text/html; charset=utf-8', 'base64', (text) => inBase64(htmlOf(text))),
  },
]

const who: SignedIn = {
  kind: 'signed-in',
  account: 'account',
  organisation: 'organisation',
  computer: 'computer',
  name: 'A Person',
  address: from,
  mayUse: [from],
  maySend: true,
}
const organisation: FoundOrganisation = { name: 'Chambers', adopter: true, wording: noWording }
const standings = new Map(
  to.map((address): [string, Standing] => [address, { standing: 'member', holder: address, organisation: 'o' }]),
)
const envelope: Envelope = {
  reversePath: from,
  recipients: to.map((address) => ({ address, notify: null, originalRecipient: null })),
  envid: null,
  ret: null,
}
const lookInside = newLookInside(newDocumentThreads({ idleMs: 200 }), systemClock)
type Source = Parameters<typeof newFindIntegrity>[0]['mailboxes']
// They received nothing: what comparing costs is the original's, and no rule's.
const findIntegrity = newFindIntegrity({
  mailboxes: { receivedAs: async () => null, holdsSealed: async () => false } as Pick<
    Source,
    'receivedAs' | 'holdsSealed'
  > as Source,
})
const factsOf = (inspected: Inspected, attached?: AttachedFacts) =>
  gatherFacts(who, organisation, envelope, standings, inspected, attached)

/** The clock of each message is the wall's: nothing here waits, so it is the CPU's but for other programs, which a median does not feel. The CPU's own counter moves in steps of milliseconds on some machines, and serves for means. */
const nowMs = () => performance.now()
const processorMs = () => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

const stages = ['own text', 'inside attachments', 'integrity', 'facts', 'rules'] as const

/** The CPU of each stage. */
async function judge(octets: Octets, inspected: Inspected): Promise<number[]> {
  const marks = [nowMs()]
  const mark = () => marks.push(nowMs())
  const texts: string[] = []
  for (const part of ownTextParts(inspected.structure.root)) texts.push(await textOf(octets, part))
  mark()
  const attached = await lookInside(octets, inspected.structure.root)
  mark()
  const integrity = await findIntegrity(readerOf(who), octets, { ...inspected, texts })
  mark()
  const gathered = gatherFacts(
    who,
    organisation as never,
    envelope as never,
    standings as never,
    { ...inspected, texts },
    attached,
  )
  mark()
  decide({ ...gathered, integrity: integrity?.integrity ?? null })
  mark()
  return marks.slice(1).map((at, index) => at - marks[index]!)
}

/** Microseconds of each rule by itself, over many asks. */
async function rulesOf(make: () => Buffer): Promise<(readonly [string, number])[]> {
  const octets = octetsOf(make())
  const inspected = await inspect(octets)
  const facts = factsOf(inspected)
  const asks: [string, () => unknown][] = [
    ...messageRules.map(({ name, judge: rule }): [string, () => unknown] => [name, () => rule(facts)]),
    ...warningRules.map((rule): [string, () => unknown] => [`${rule.name} (warning)`, () => rule(facts)]),
    ...recipientRules.map(({ name, judge: rule }): [string, () => unknown] => [
      `${name} (each recipient)`,
      () => rule(facts.recipients[0]!),
    ]),
  ]
  const times = 20_000
  return asks.map(([name, ask]) => {
    for (let time = 0; time < times / 4; time++) ask()
    const began = nowMs()
    for (let time = 0; time < times; time++) ask()
    return [name, round(((nowMs() - began) * 1000) / times)] as const
  })
}

const variety = 200

const figures = []
for (const { name, budget, make } of kinds) {
  const prepared: [Octets, Inspected][] = []
  for (let count = 0; count < variety; count++) {
    const octets = octetsOf(make())
    prepared.push([octets, await inspect(octets)])
  }
  const judgeAll = async (times: number) => {
    const spent: number[][] = []
    for (let count = 0; count < times; count++) spent.push(await judge(...prepared[count % variety]!))
    return spent
  }
  await judgeAll(options['warm-up'])
  const began = processorMs()
  const spent = await judgeAll(options.messages)
  const meanMs = round((processorMs() - began) / options.messages)
  const all = spreadOf(spent.map((each) => each.reduce((sum, one) => sum + one, 0)))
  const byStage = stages.map((stage, at) => [stage, spreadOf(spent.map((each) => each[at]!)).p50] as const)
  const octets = prepared[0]![0].size
  figures.push({ name, octets, budgetMs: budgetMs[budget], p50: all.p50, p99: all.p99, meanMs, byStage })
}
const byRule = await rulesOf(kinds[0]!.make)
const slowest = byRule.toSorted((one, other) => other[1] - one[1])
const text = [
  tableOf(
    ['message', 'octets', 'p50 ms', 'p99 ms', 'mean CPU ms', 'budget', ...stages],
    figures.map((one) => [one.name, one.octets, one.p50, one.p99, one.meanMs, one.budgetMs, ...one.byStage.map(([, ms]) => ms)]),
  ),
  tableOf(['rule, 4 KiB plain', 'microseconds'], slowest),
]
printFigures(options.json, { figures, byRule: slowest }, text.join('\n\n'))
if (figures.some(({ p50, budgetMs: most }) => p50 > most)) process.exitCode = 1
