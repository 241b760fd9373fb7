// Ours against the peer (Postfix and Dovecot) on one machine in one run: the same load to each in turn, A B A B, and the ratios of the medians. Needs root.
import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type EndToEndFigures, runEndToEnd } from './end-to-end.ts'
import { smtpLoadDefaults } from './smtp-load.ts'
import { medianOf, printFigures, round, tableOf } from './support/figures.ts'
import type { ImapServer } from './support/imap-client.ts'
import { listOf, readOptions } from './support/options.ts'
import { machine, serviceOptionTable, withService } from './support/service.ts'
import type { SmtpServer } from './support/smtp-client.ts'

const run = promisify(execFile)
const script = fileURLToPath(new URL('peer/peer.sh', import.meta.url))
const setUpWithinMs = 300_000

/** A system under comparison: where to send, from whom, to whom, and the mailboxes of those. */
interface Side {
  readonly smtp: SmtpServer
  readonly from: string
  readonly to: readonly string[]
  readonly mailboxes: readonly ImapServer[]
}

/** Sets the peer up in a scratch folder, calls `work`, and takes it down again (the packages stay). */
async function withPeer<T>(ports: { smtp: number; imap: number }, users: number, work: (peer: Side) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'cjsm-peer-'))
  chmodSync(folder, 0o755)
  try {
    await run(script, ['up', folder, String(ports.smtp), String(ports.imap), String(users + 1)], { timeout: setUpWithinMs })
    const addresses = Array.from({ length: users + 1 }, (_, at) => `u${at}@peer.example`)
    const [from, ...to] = addresses as [string, ...string[]]
    const serverOf = (user: string, port: number): SmtpServer => ({
      host: '127.0.0.1',
      port,
      tls: 'implicit',
      user,
      password: 'peer-password',
    })
    return await work({ smtp: serverOf(from, ports.smtp), from, to, mailboxes: to.map((user) => serverOf(user, ports.imap)) })
  } finally {
    await run(script, ['down', folder]).catch(() => {})
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One kind of load. */
interface Case {
  readonly name: string
  readonly octets: number
  readonly messages: number
  readonly recipientsEach: number
  readonly messagesPerConnection: number
}

const cases: readonly Case[] = [
  { name: '4 KiB', octets: 4096, messages: 2000, recipientsEach: 1, messagesPerConnection: 0 },
  { name: '50 KiB', octets: 51_200, messages: 1200, recipientsEach: 1, messagesPerConnection: 0 },
  { name: '1 MiB', octets: 1_048_576, messages: 250, recipientsEach: 1, messagesPerConnection: 0 },
  { name: 'one a connection', octets: 4096, messages: 1000, recipientsEach: 1, messagesPerConnection: 1 },
  { name: '20 recipients', octets: 4096, messages: 300, recipientsEach: 20, messagesPerConnection: 0 },
]

function measure(side: Side, one: Case, connections: number, seed: number, warmUp: number): Promise<EndToEndFigures> {
  return runEndToEnd(
    {
      ...smtpLoadDefaults,
      server: side.smtp,
      from: side.from,
      to: side.to,
      recipientsEach: Math.min(one.recipientsEach, side.to.length),
      connections,
      messages: one.messages,
      warmUp,
      octets: one.octets,
      messagesPerConnection: one.messagesPerConnection,
      seed,
    },
    side.mailboxes,
  )
}

interface Compared {
  readonly name: string
  readonly ours: readonly EndToEndFigures[]
  readonly peers: readonly EndToEndFigures[]
}

async function compare(
  ours: Side,
  peer: Side,
  chosen: readonly Case[],
  rounds: number,
  connections: number,
): Promise<Compared[]> {
  const results: Compared[] = []
  for (const one of chosen) {
    const figures = { ours: [] as EndToEndFigures[], peers: [] as EndToEndFigures[] }
    for (let round = 1; round <= rounds; round++) {
      const warmUp = results.length === 0 && round === 1 ? one.messages : 0
      figures.ours.push(await measure(ours, one, connections, round, warmUp))
      figures.peers.push(await measure(peer, one, connections, round, 0))
    }
    results.push({ name: one.name, ...figures })
  }
  return results
}

function rowOf({ name, ours, peers }: Compared): (string | number)[] {
  const median = (of: readonly EndToEndFigures[], what: (one: EndToEndFigures) => number) => round(medianOf(of.map(what)))
  const rate = (one: EndToEndFigures) => one.deliveredPerSecond
  const p99 = (one: EndToEndFigures) => one.dataTo250Ms.p99
  const wrong = [...ours, ...peers].filter((one) => !one.agrees).length
  const ratio = round(median(ours, rate) / median(peers, rate))
  return [name, median(ours, rate), median(peers, rate), ratio, median(ours, p99), median(peers, p99), wrong === 0 ? 'yes' : 'NO']
}

const o = readOptions(
  'Measures the service and its peer in turn. As root: it installs Postfix and Dovecot if they are missing.',
  {
    ...serviceOptionTable,
    cases: { default: cases.map((one) => one.name).join(','), says: 'which loads' },
    rounds: { default: 3, says: 'how often each is measured' },
    connections: { default: 10, says: 'connections at once' },
    'peer-smtp': { default: 22_465, says: 'a port for the peer' },
    'peer-imap': { default: 22_993, says: 'another' },
    json: { default: false, says: 'print JSON' },
  },
)
const wanted = listOf(o.cases)
const chosen = cases.filter((one) => wanted.includes(one.name))
await withService({ portOffset: o['port-offset'], scanner: o.scanner, workers: o.workers }, async (service) => {
  const ours: Side = {
    smtp: service.smtp,
    from: service.sender.address,
    to: service.others.map((person) => person.address),
    mailboxes: service.others.map(service.imapOf),
  }
  await withPeer({ smtp: o['peer-smtp'], imap: o['peer-imap'] }, ours.to.length, async (peer) => {
    const results = await compare(ours, peer, chosen, o.rounds, o.connections)
    const columns = ['load', 'ours/s', 'peer/s', 'ratio', 'ours p99 ms', 'peer p99 ms', 'all there']
    const text = `${machine()}\ndelivered a second, medians of ${o.rounds}\n${tableOf(columns, results.map(rowOf))}`
    printFigures(o.json, { machine: machine(), results }, text)
  })
})
