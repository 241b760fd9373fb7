// Ours against the peer (Postfix and Dovecot) on one machine in one run: the same load to each in turn, A B A B, and the ratios of the medians. Needs root.
import { execFile } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { clamdConf } from '#host/clamav-config.ts'
import { type EndToEndFigures, runEndToEnd } from './end-to-end.ts'
import { smtpLoadDefaults } from './smtp-load.ts'
import { openAccounts } from './support/accounts.ts'
import { medianOf, printFigures, round, tableOf } from './support/figures.ts'
import type { ImapServer } from './support/imap-client.ts'
import { listOf, readOptions } from './support/options.ts'
import { machine, type Service, serviceOptionTable, withService } from './support/service.ts'
import type { SmtpServer } from './support/smtp-client.ts'

const run = promisify(execFile)
const script = fileURLToPath(new URL('peer/peer.sh', import.meta.url))
const setUpWithinMs = 600_000

/** A system under comparison: where to send, from whom, to whom, and the mailboxes of those, in the same order. */
interface Side {
  readonly smtp: SmtpServer
  readonly from: string
  readonly to: readonly string[]
  readonly mailboxes: readonly ImapServer[]
}

interface PeerOptions {
  readonly smtp: number
  readonly imap: number
  readonly users: number
  /** The folder of the signatures for a clamd and clamav-milter of its own; null for no scanner. */
  readonly signatures: string | null
}

/** Sets the peer up in a scratch folder, calls `work`, and takes it down again (the packages stay). */
async function withPeer<T>(o: PeerOptions, work: (peer: Side) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'cjsm-peer-'))
  chmodSync(folder, 0o755)
  try {
    const clamd = o.signatures === null ? [] : [writeClamdConf(folder, o.signatures)]
    const args = ['up', folder, String(o.smtp), String(o.imap), String(o.users + 1), ...clamd]
    await run(script, args, { timeout: setUpWithinMs })
    const addresses = Array.from({ length: o.users + 1 }, (_, at) => `u${at}@peer.example`)
    const [from, ...to] = addresses as [string, ...string[]]
    const serverOf = (user: string, port: number): SmtpServer => ({
      host: '127.0.0.1',
      port,
      tls: 'implicit',
      user,
      password: 'peer-password',
    })
    return await work({ smtp: serverOf(from, o.smtp), from, to, mailboxes: to.map((user) => serverOf(user, o.imap)) })
  } finally {
    await run(script, ['down', folder]).catch(() => {})
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The settings of the peer's clamd: ours, with a copy of our signatures. */
function writeClamdConf(folder: string, signatures: string): string {
  cpSync(signatures, join(folder, 'signatures'), { recursive: true })
  const [socket, scratch, file] = ['clamd.sock', 'scan', 'clamd.conf'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  writeFileSync(file, clamdConf({ signatures: join(folder, 'signatures'), socket, scratch }))
  return file
}

/** One kind of load. */
interface Case {
  readonly name: string
  readonly octets: number
  /** A letter with a base64 attachment, as messages of that size are; else text. */
  readonly attachment: boolean
  readonly messages: number
  readonly recipientsEach: number
  readonly messagesPerConnection: number
  readonly connections: number
  /** `clamd`: a real one on both sides; else none at the peer, and the stand-in at ours. */
  readonly scanner: 'none' | 'clamd'
}

const usual = {
  octets: 4096,
  attachment: false,
  recipientsEach: 1,
  messagesPerConnection: 0,
  connections: 10,
  scanner: 'none',
} as const
const cases: readonly Case[] = [
  { ...usual, name: '4 KiB', messages: 2000 },
  { ...usual, name: '50 KiB', octets: 51_200, messages: 1200 },
  { ...usual, name: '1 MiB', octets: 1_048_576, attachment: true, messages: 250 },
  { ...usual, name: '1 MiB of text', octets: 1_048_576, messages: 250 },
  { ...usual, name: '1 connection', messages: 500, connections: 1 },
  { ...usual, name: '50 connections', messages: 3000, connections: 50 },
  { ...usual, name: '200 connections', messages: 3000, connections: 200 },
  { ...usual, name: 'one a connection', messages: 1000, messagesPerConnection: 1 },
  { ...usual, name: '10 recipients', messages: 400, recipientsEach: 10 },
  { ...usual, name: '20 recipients', messages: 300, recipientsEach: 20 },
  { ...usual, name: '100 recipients', messages: 80, recipientsEach: 100 },
  { ...usual, name: '500 recipients', messages: 30, recipientsEach: 500 },
  { ...usual, name: 'clamd 4 KiB', messages: 1500, scanner: 'clamd' },
  { ...usual, name: 'clamd 50 KiB', octets: 51_200, messages: 800, scanner: 'clamd' },
  { ...usual, name: 'clamd 1 MiB', octets: 1_048_576, attachment: true, messages: 150, scanner: 'clamd' },
]

/** To one recipient each, these in turn. */
const usualRecipients = 8
/** Of the usual load, before the first: V8 compiles for as long. */
const firstWarmUp = 12_000
/** Of more recipients than these, who all get every message, so many mailboxes are watched. */
const mostWatched = 20

function measure(side: Side, one: Case, messages: number, seed: number, warmUp: number): Promise<EndToEndFigures> {
  const recipients = Math.max(one.recipientsEach, one.recipientsEach === 1 ? usualRecipients : 0)
  const watched = Math.min(recipients, mostWatched)
  return runEndToEnd(
    {
      ...smtpLoadDefaults,
      server: side.smtp,
      from: side.from,
      to: side.to.slice(0, recipients),
      recipientsEach: one.recipientsEach,
      connections: one.connections,
      messages,
      warmUp,
      octets: one.octets,
      attachment: one.attachment,
      messagesPerConnection: one.messagesPerConnection,
      seed,
    },
    Array.from({ length: watched }, (_, at) => side.mailboxes[Math.floor((at * recipients) / watched)]!),
  )
}

interface Compared {
  readonly name: string
  readonly ours: readonly EndToEndFigures[]
  readonly peers: readonly EndToEndFigures[]
}

async function compare(ours: Side, peer: Side, chosen: readonly Case[], rounds: number, percent: number): Promise<Compared[]> {
  const results: Compared[] = []
  // Both: programs that compile what they run often need it, and the caches of the others.
  const first = Math.ceil((firstWarmUp * percent) / 100)
  for (const side of [ours, peer]) await measure(side, { ...usual, name: 'warm-up', messages: 1 }, 1, 0, first)
  for (const one of chosen) {
    const messages = Math.max(1, Math.round((one.messages * percent) / 100))
    const figures = { ours: [] as EndToEndFigures[], peers: [] as EndToEndFigures[] }
    for (let round = 1; round <= rounds; round++) {
      const warmUp = round > 1 ? 0 : Math.ceil(messages / 2)
      figures.ours.push(await measure(ours, one, messages, round, warmUp))
      figures.peers.push(await measure(peer, one, messages, round, warmUp))
    }
    results.push({ name: one.name, ...figures })
  }
  return results
}

const columns = ['load', 'ours/s', 'peer/s', 'ratio', 'ours p50 ms', 'peer p50', 'ours p99 ms', 'peer p99', 'all there']

function rowOf({ name, ours, peers }: Compared): (string | number)[] {
  const median = (of: readonly EndToEndFigures[], what: (one: EndToEndFigures) => number) => round(medianOf(of.map(what)))
  const rate = (one: EndToEndFigures) => one.deliveredPerSecond
  const p50 = (one: EndToEndFigures) => one.dataTo250Ms.p50
  const p99 = (one: EndToEndFigures) => one.dataTo250Ms.p99
  const wrong = [...ours, ...peers].filter((one) => !one.agrees).length
  const both = (what: (one: EndToEndFigures) => number) => [median(ours, what), median(peers, what)]
  const ratio = round(median(ours, rate) / median(peers, rate))
  return [name, ...both(rate), ratio, ...both(p50), ...both(p99), wrong === 0 ? 'yes' : 'NO']
}

const o = readOptions(
  'Measures the service and its peer in turn. As root: it installs Postfix, Dovecot and clamav-milter if they are missing.',
  {
    ...serviceOptionTable,
    cases: { default: cases.map((one) => one.name).join(','), says: 'which loads' },
    rounds: { default: 3, says: 'how often each is measured' },
    percent: { default: 100, says: 'of the messages of each load' },
    'peer-smtp': { default: 22_465, says: 'a port for the peer' },
    'peer-imap': { default: 22_993, says: 'another' },
    json: { default: false, says: 'print JSON' },
  },
)

async function sideOf(service: Service, users: number): Promise<Side> {
  const people = [...service.others]
  if (users > people.length) people.push(...(await openAccounts(service.dataFolder, users - people.length)))
  return {
    smtp: service.smtp,
    from: service.sender.address,
    to: people.map((person) => person.address),
    mailboxes: people.map(service.imapOf),
  }
}

/** Both sides, with a scanner or without, through all the loads that are for them. */
async function compareWith(scanner: Case['scanner'], chosen: readonly Case[]): Promise<Compared[]> {
  if (chosen.length === 0) return []
  const users = Math.max(usualRecipients, ...chosen.map((one) => one.recipientsEach))
  const options = { portOffset: o['port-offset'], scanner: scanner === 'clamd' ? 'clamd' : 'stand-in', workers: o.workers }
  return withService(options, async (service) => {
    const ours = await sideOf(service, users)
    const signatures = scanner === 'clamd' ? join(service.dataFolder, 'clamav', 'signatures') : null
    const ports = { smtp: o['peer-smtp'], imap: o['peer-imap'] }
    return withPeer({ ...ports, users, signatures }, (peer) => compare(ours, peer, chosen, o.rounds, o.percent))
  })
}

const wanted = listOf(o.cases)
const unknown = wanted.filter((name) => !cases.some((one) => one.name === name))
if (unknown.length > 0) {
  process.stderr.write(`There is no load ${unknown.join(', ')}: ${cases.map((one) => one.name).join(', ')}\n`)
  process.exit(2)
}
const results: Compared[] = []
for (const scanner of ['none', 'clamd'] as const) {
  const chosen = cases.filter((one) => wanted.includes(one.name) && one.scanner === scanner)
  results.push(...(await compareWith(scanner, chosen)))
}
const text = `${machine()}\ndelivered a second (to all recipients together), medians of ${o.rounds}\n${tableOf(columns, results.map(rowOf))}`
printFigures(o.json, { machine: machine(), results }, text)
if (results.some((one) => [...one.ours, ...one.peers].some((figures) => !figures.agrees))) process.exitCode = 1
