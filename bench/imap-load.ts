// Load for any IMAP server: what mail programs ask for, each measured by itself: ENVELOPE of all, flags of all, bodies, SEARCH, STORE, APPEND, log-ins.
import { printFigures, round, type Spread, spreadOf, tableOf } from './support/figures.ts'
import { type ImapClient, type ImapServer, openImap, statusOf } from './support/imap-client.ts'
import { newMessages, newRandom } from './support/messages.ts'
import { isMain, readOptions } from './support/options.ts'
import { machine, serviceOptionTable, withService } from './support/service.ts'
import type { Tls } from './support/wire.ts'

export interface ImapLoad {
  readonly server: ImapServer
  readonly mailbox: string
  /** The mailbox is filled to this many by APPEND first. */
  readonly fill: number
  /** How often each single command is given. */
  readonly commands: number
  readonly logIns: number
  readonly logInsAtOnce: number
  readonly octets: number
}

export interface ImapFigure {
  readonly what: string
  /** Commands (or messages, where one command answers for all) a second. */
  readonly perSecond: number
  readonly ms: Spread
}

/** Runs each kind of command in turn on one connection (log-ins on several); fills the mailbox before. */
export async function runImapLoad(load: ImapLoad): Promise<{ messages: number; figures: ImapFigure[] }> {
  const client = await openImap(load.server)
  const figures: ImapFigure[] = []
  const times = async (what: string, count: number, work: (at: number) => Promise<unknown>) => {
    const ms: number[] = []
    for (let at = 0; at < count; at++) {
      const startMs = performance.now()
      await work(at)
      ms.push(performance.now() - startMs)
    }
    figures.push({ what, perSecond: round((count * 1000) / ms.reduce((sum, one) => sum + one, 0)), ms: spreadOf(ms) })
  }
  const append = newAppend(client, load)
  const { messages: before } = await statusOf(client, load.mailbox)
  for (let at = before; at < load.fill; at++) await append()
  await times('APPEND', Math.min(load.commands, 300), append)
  const { messages } = await statusOf(client, load.mailbox)
  await client.ask(`SELECT "${load.mailbox}"`)
  const random = newRandom(11)
  const any = () => 1 + Math.floor(random() * messages)
  await times('ENVELOPE of all, first', 1, () => client.ask('FETCH 1:* (UID ENVELOPE)'))
  await times('ENVELOPE of all, again', 3, () => client.ask('FETCH 1:* (UID ENVELOPE)'))
  await times('flags of all', 5, () => client.ask('FETCH 1:* (UID FLAGS)'))
  await times('ENVELOPE of 50', load.commands, () => client.ask(`FETCH ${pageOf(any(), messages)} (UID FLAGS ENVELOPE)`))
  await times('a body', load.commands, () => client.ask(`FETCH ${any()} (BODY.PEEK[])`))
  await times('STORE', load.commands, (at) => client.ask(`STORE ${any()} ${at % 2 === 0 ? '+' : '-'}FLAGS.SILENT (\\Flagged)`))
  await times('SEARCH UNSEEN', 20, () => client.ask('SEARCH UNSEEN'))
  await times('SEARCH SUBJECT', 5, (at) => client.ask(`SEARCH SUBJECT "papers ${at}"`))
  await times('SEARCH TEXT', 3, (at) => client.ask(`SEARCH TEXT "qqzz${at}"`))
  await client.logOut()
  figures.push(await logIns(load))
  return { messages, figures }
}

const pageOf = (first: number, messages: number) => `${first}:${Math.min(messages, first + 49)}`

function newAppend(client: ImapClient, { mailbox, octets, server }: ImapLoad): () => Promise<unknown> {
  const nextMessage = newMessages({ octets, attachment: false, seed: 5 })
  const address = `${server.user}@bench.example`
  return () => {
    const { head, body } = nextMessage(address, address)
    return client.ask(`APPEND "${mailbox}"`, Buffer.concat([head, body]))
  }
}

async function logIns({ server, logIns, logInsAtOnce }: ImapLoad): Promise<ImapFigure> {
  const ms: number[] = []
  let left = logIns
  const lane = async () => {
    while (left-- > 0) {
      const startMs = performance.now()
      const client = await openImap(server)
      ms.push(performance.now() - startMs)
      await client.logOut()
    }
  }
  const startMs = performance.now()
  await Promise.all(Array.from({ length: logInsAtOnce }, lane))
  const perSecond = round((ms.length * 1000) / (performance.now() - startMs))
  return { what: `log-in, ${logInsAtOnce} at once`, perSecond, ms: spreadOf(ms) }
}

if (isMain(import.meta.url)) {
  const o = readOptions('Measures IMAP; starts the service in a scratch folder unless a port is given. Writes to the mailbox.', {
    ...serviceOptionTable,
    host: { default: '127.0.0.1', says: 'another server' },
    port: { default: 0, says: 'its port' },
    tls: { default: 'implicit', says: 'implicit, starttls or none' },
    user: { default: '', says: 'whom to sign in' },
    password: { default: '', says: 'with this password' },
    mailbox: { default: 'INBOX', says: 'which mailbox' },
    fill: { default: 2000, says: 'messages it is filled to' },
    commands: { default: 500, says: 'single commands of each kind' },
    'log-ins': { default: 200, says: 'log-ins' },
    'at-once': { default: 10, says: 'log-ins at once' },
    octets: { default: 4096, says: 'octets of a message' },
    json: { default: false, says: 'print JSON' },
  })
  const print = async (server: ImapServer) => {
    const { mailbox, fill, commands, octets } = o
    const load = { server, mailbox, fill, commands, octets, logIns: o['log-ins'], logInsAtOnce: o['at-once'] }
    const { messages, figures } = await runImapLoad(load)
    const rows = figures.map(({ what, perSecond, ms }) => [what, perSecond, ms.p50, ms.p95, ms.p99])
    const text = tableOf([`${messages} messages`, 'a second', 'p50 ms', 'p95 ms', 'p99 ms'], rows)
    printFigures(o.json, { machine: machine(), messages, figures }, text)
  }
  if (o.port !== 0) await print({ host: o.host, port: o.port, tls: o.tls as Tls, user: o.user, password: o.password })
  else
    await withService({ portOffset: o['port-offset'], scanner: o.scanner, workers: o.workers }, (service) =>
      print(service.imapOf(service.others[0]!)),
    )
}
