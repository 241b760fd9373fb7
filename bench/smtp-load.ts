// Load for any SMTP submission server: so many messages over so many connections; prints accepted a second and the latency from DATA to 250.
import { inWords, printFigures, round, type Spread, spreadOf } from './support/figures.ts'
import { newMessages } from './support/messages.ts'
import { isMain, listOf, readOptions } from './support/options.ts'
import { openSmtp, type Sent, type SmtpClient, type SmtpServer } from './support/smtp-client.ts'
import type { Tls } from './support/wire.ts'

export interface SmtpLoad {
  readonly server: SmtpServer
  readonly from: string
  /** Recipients; each message goes to `recipientsEach` of them, in turn. */
  readonly to: readonly string[]
  readonly recipientsEach: number
  readonly connections: number
  /** How many messages in all, and how long at most: whichever comes first. */
  readonly messages: number
  readonly seconds: number
  /** Messages sent before the clock starts. */
  readonly warmUp: number
  readonly octets: number
  readonly attachment: boolean
  readonly pipelining: boolean
  /** Messages before a connection is closed and a new one opened; 0 for no end. */
  readonly messagesPerConnection: number
  readonly seed: number
}

export interface SmtpFigures {
  readonly accepted: number
  /** Recipients of the accepted messages that the server took. */
  readonly recipients: number
  /** Messages that were answered otherwise, by code; 0 stands for a lost connection. */
  readonly others: Readonly<Record<string, number>>
  readonly seconds: number
  readonly acceptedPerSecond: number
  readonly dataTo250Ms: Spread
  readonly contentTo250Ms: Spread
}

export const smtpLoadDefaults = {
  recipientsEach: 1,
  connections: 10,
  messages: 2000,
  seconds: 600,
  warmUp: 0,
  octets: 4096,
  attachment: false,
  pipelining: true,
  messagesPerConnection: 0,
  seed: 1,
} as const

/** Runs the load; connections are opened and warmed before the clock starts. `begun` is called when it does. */
export async function runSmtpLoad(load: SmtpLoad, begun: () => void = () => {}): Promise<SmtpFigures> {
  const nextMessage = newMessages(load)
  const clients: (SmtpClient | null)[] = []
  for (let at = 0; at < load.connections; at++) clients.push(await openSmtp(load.server))
  let turn = 0
  const recipients = () => Array.from({ length: load.recipientsEach }, () => load.to[turn++ % load.to.length]!)
  const results: Sent[] = []
  let left = 0
  let endMs = Number.POSITIVE_INFINITY
  const lane = async (at: number) => {
    let onThis = 0
    while (left > 0 && performance.now() < endMs) {
      left--
      try {
        clients[at] ??= await openSmtp(load.server)
        const to = recipients()
        results.push(await clients[at].send(load.from, to, nextMessage(load.from, to[0]!), load.pipelining))
        if (++onThis !== load.messagesPerConnection) continue
        onThis = 0
        await clients[at].quit()
        clients[at] = null
      } catch (fault) {
        results.push({ code: 0, text: String(fault), recipients: 0, dataMs: 0, contentMs: 0 })
        clients[at] = null
      }
    }
  }
  const runLanes = async (messages: number) => {
    left = messages
    await Promise.all(clients.map((_, at) => lane(at)))
  }
  await runLanes(load.warmUp)
  results.length = 0
  begun()
  const startMs = performance.now()
  endMs = startMs + load.seconds * 1000
  await runLanes(load.messages)
  const seconds = (performance.now() - startMs) / 1000
  await Promise.all(clients.map((client) => client?.quit()))
  return figuresOf(results, seconds)
}

function figuresOf(results: readonly Sent[], seconds: number): SmtpFigures {
  const accepted = results.filter((one) => one.code === 250)
  const others = new Map<number, number>()
  for (const { code } of results) if (code !== 250) others.set(code, (others.get(code) ?? 0) + 1)
  return {
    accepted: accepted.length,
    recipients: accepted.reduce((sum, one) => sum + one.recipients, 0),
    others: Object.fromEntries(others),
    seconds: round(seconds),
    acceptedPerSecond: round(accepted.length / seconds),
    dataTo250Ms: spreadOf(accepted.map((one) => one.dataMs)),
    contentTo250Ms: spreadOf(accepted.map((one) => one.contentMs)),
  }
}

/** The figures in words. */
export function smtpWords(figures: SmtpFigures): string {
  const others = Object.entries(figures.others).map(([code, count]) => `${count} × ${code === '0' ? 'connection lost' : code}`)
  return [
    `accepted ${figures.accepted} in ${figures.seconds} s: ${figures.acceptedPerSecond} a second`,
    `DATA to 250: ${inWords(figures.dataTo250Ms)}`,
    ...(others.length === 0 ? [] : [`answered otherwise: ${others.join(', ')}`]),
  ].join('\n')
}

if (isMain(import.meta.url)) {
  const o = readOptions('Sends mail to a submission server, and measures.', {
    host: { default: '127.0.0.1', says: 'the server' },
    port: { default: 8465, says: 'its port' },
    tls: { default: 'implicit', says: 'implicit, starttls or none' },
    user: { default: '', says: 'whom to sign in; nobody when empty' },
    password: { default: '', says: 'with this password' },
    from: { default: '', says: 'MAIL FROM and From' },
    to: { default: '', says: 'recipients, with commas between' },
    recipients: { default: 1, says: 'recipients a message, of those in turn' },
    connections: { default: smtpLoadDefaults.connections, says: 'connections at once' },
    messages: { default: smtpLoadDefaults.messages, says: 'messages in all' },
    seconds: { default: smtpLoadDefaults.seconds, says: 'stop after this time' },
    'warm-up': { default: smtpLoadDefaults.warmUp, says: 'messages before the clock starts' },
    octets: { default: smtpLoadDefaults.octets, says: 'octets of a message' },
    attachment: { default: false, says: 'a base64 attachment instead of text' },
    'no-pipelining': { default: false, says: 'one command at a time' },
    'per-connection': { default: 0, says: 'messages a connection; 0 for no end' },
    seed: { default: 1, says: 'of the texts' },
    json: { default: false, says: 'print JSON' },
  })
  const figures = await runSmtpLoad({
    server: { host: o.host, port: o.port, tls: o.tls as Tls, user: o.user, password: o.password },
    from: o.from,
    to: listOf(o.to),
    recipientsEach: o.recipients,
    connections: o.connections,
    messages: o.messages,
    seconds: o.seconds,
    warmUp: o['warm-up'],
    octets: o.octets,
    attachment: o.attachment,
    pipelining: !o['no-pipelining'],
    messagesPerConnection: o['per-connection'],
    seed: o.seed,
  })
  printFigures(o.json, figures, smtpWords(figures))
}
