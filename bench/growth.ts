// How cost grows with what is stored: a message's CPU, its latency, and IMAP's opening of a mailbox, at each size in turn with an empty service beside it. The cost a message may grow 1.3 times.
import { type Cost, measureCost } from './support/cost.ts'
import { medianOf, printFigures, round, tableOf } from './support/figures.ts'
import { openFill } from './support/fill.ts'
import { type ImapServer, openImap } from './support/imap-client.ts'
import { listOf, readOptions } from './support/options.ts'
import { machine, type Service, serviceOptionTable, withService } from './support/service.ts'

const budget = 1.3
const octets = 4096
const connections = 10
/** A mail program's first screen. */
const pageMessages = 50

interface Size {
  readonly accounts: number
  readonly messages: number
}

interface Opening {
  readonly signInMs: number
  readonly selectMs: number
  readonly pageMs: number
  readonly unseenMs: number
}

interface Measured {
  readonly cost: Cost
  /** Into the one mailbox that is filled. */
  readonly intoFilled: Cost
  readonly opening: Opening
}

/** ACCOUNTS/MESSAGES; throws a sentence for anything else. */
function sizeOf(text: string): Size {
  const [, accounts, messages] = /^(\d+)\/(\d+)$/.exec(text) ?? []
  if (accounts === undefined) throw new Error(`${text} is not ACCOUNTS/MESSAGES.`)
  return { accounts: Number(accounts), messages: Number(messages) }
}

async function open(server: ImapServer): Promise<Opening> {
  const took = async <T>(work: () => Promise<T>): Promise<{ ms: number; gave: T }> => {
    const startMs = performance.now()
    const gave = await work()
    return { ms: performance.now() - startMs, gave }
  }
  const { ms: signInMs, gave: client } = await took(() => openImap(server))
  const { ms: selectMs, gave } = await took(() => client.ask('SELECT INBOX'))
  const messages = Number(/\* (\d+) EXISTS/.exec(gave.lines.join('\n'))?.[1])
  const first = Math.max(1, messages - pageMessages + 1)
  const { ms: pageMs } = await took(() => client.ask(`FETCH ${first}:${messages} (UID FLAGS ENVELOPE)`))
  const { ms: unseenMs } = await took(() => client.ask('STATUS Sent (UNSEEN)'))
  await client.logOut()
  return { signInMs, selectMs, pageMs, unseenMs }
}

async function measure(service: Service, messages: number, seed: number): Promise<Measured> {
  const [filled, ...others] = service.others
  const load = { octets, connections, messages, seed }
  const cost = await measureCost(service, { ...load, to: others.map((person) => person.address) })
  const intoFilled = await measureCost(service, { ...load, messages: Math.ceil(messages / 2), to: [filled!.address] })
  return { cost, intoFilled, opening: await open(service.imapOf(filled!)) }
}

const what: readonly (readonly [name: string, of: (one: Measured) => number])[] = [
  ['CPU a message, ms', ({ cost }) => cost.totalMs],
  ['DATA to 250 p50, ms', ({ cost }) => cost.p50Ms],
  ['CPU, into the filled mailbox, ms', ({ intoFilled }) => intoFilled.totalMs],
  ['IMAP sign-in, ms', ({ opening }) => opening.signInMs],
  ['SELECT of it, ms', ({ opening }) => opening.selectMs],
  [`its last ${pageMessages}, ms`, ({ opening }) => opening.pageMs],
  ['STATUS of another, ms', ({ opening }) => opening.unseenMs],
]

interface Row {
  readonly size: string
  readonly fillSeconds: number
  readonly empty: readonly Measured[]
  readonly filled: readonly Measured[]
}

const of = (runs: readonly Measured[], pick: (one: Measured) => number) => round(medianOf(runs.map(pick)))
/** Of the first row of `what`, which has the budget. */
const ratioOf = (row: Row, pick: (one: Measured) => number) => round(of(row.filled, pick) / of(row.empty, pick))

function tableFor(row: Row): string {
  const rows = what.map(([name, pick]) => [name, of(row.empty, pick), of(row.filled, pick), ratioOf(row, pick)])
  return `${row.size} (filled in ${row.fillSeconds} s)\n${tableOf(['', 'empty', 'filled', 'ratio'], rows)}`
}

const o = readOptions(
  'Starts two services, fills one step by step, and measures both in turn. Needs some 6 GB of disk for 1,000,000.',
  {
    ...serviceOptionTable,
    sizes: { default: '100/0,100/10000,100/1000000,480000/1000000', says: 'ACCOUNTS/MESSAGES, growing' },
    messages: { default: 2000, says: 'messages a measurement' },
    rounds: { default: 3, says: 'how often each is measured' },
    json: { default: false, says: 'print JSON' },
  },
)
const sizes = listOf(o.sizes).map(sizeOf)
/** A million messages are more than an ordinary quota. */
const environment = { CJSM_QUOTA_OCTETS: String(2 ** 40) }
const options = { scanner: o.scanner, workers: o.workers, environment }
const rows: Row[] = []
await withService({ ...options, portOffset: o['port-offset'] }, (empty) =>
  withService({ ...options, portOffset: o['port-offset'] + 1000 }, async (filled) => {
    const fill = await openFill(filled.dataFolder)
    try {
      // Both are warm, and the mailbox has real messages that the others are cloned from.
      for (const service of [empty, filled]) await measure(service, o.messages, 0)
      for (const { accounts, messages } of sizes) {
        const startMs = performance.now()
        await fill.accounts(accounts)
        await fill.messages(filled.others[0]!.address, messages)
        const fillSeconds = Math.round((performance.now() - startMs) / 1000)
        const row = {
          size: `${accounts} accounts, ${messages} messages`,
          fillSeconds,
          empty: [] as Measured[],
          filled: [] as Measured[],
        }
        for (let round = 1; round <= o.rounds; round++) {
          row.empty.push(await measure(empty, o.messages, round))
          row.filled.push(await measure(filled, o.messages, round))
        }
        rows.push(row)
        process.stderr.write(`${tableFor(row)}\n\n`)
      }
    } finally {
      await fill.close()
    }
  }),
)
const worst = Math.max(...rows.map((row) => ratioOf(row, what[0]![1])))
printFigures(
  o.json,
  { machine: machine(), worst, rows },
  `${machine()}\nmedians of ${o.rounds}; the cost a message grew ${worst} times at most`,
)
if (worst > budget) process.exitCode = 1
