// A spam engine of the operator's, asked over a local socket: SpamAssassin's spamd, or rspamd. What it says supports the rule on volume and decides nothing. T23
import { type IncomingMessage, request } from 'node:http'
import { createConnection, type NetConnectOpts, type Socket } from 'node:net'

export interface SpamEngine {
  /** Whether a message reads as spam. Rejects when there is no answer in time, or none that can be read. */
  readsAsSpam(message: Buffer): Promise<boolean>
  /** Whether it answers at all. */
  isThere(): Promise<boolean>
}

export type SpamEngineKind = 'spamassassin' | 'rspamd'

/** An answer is some hundred octets; rspamd's names each of its symbols. */
const maxAnswerOctets = 256 * 1024
const thereWithinMs = 1_500
/** rspamd's actions that say that a message is spam; greylisting and `no action` do not. */
const spamActions: ReadonlySet<unknown> = new Set(['reject', 'rewrite subject', 'add header'])

/** The engine at a Unix socket (a path) or at a port of loopback (`127.0.0.1:783`); each answer is waited for `timeoutMs`. */
export function openSpamEngine(kind: SpamEngineKind, address: string, timeoutMs: number): SpamEngine {
  const to = destination(address)
  return kind === 'spamassassin' ? spamAssassin(to, timeoutMs) : rspamd(to, timeoutMs)
}

type Destination = { readonly path: string } | { readonly host: string; readonly port: number }

function destination(address: string): Destination {
  if (address.startsWith('/')) return { path: address }
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) }
}

/** spamd's protocol, version 1.5: one request a connection. */
function spamAssassin(to: Destination, timeoutMs: number): SpamEngine {
  return {
    async readsAsSpam(message) {
      const answer = await spamd(to, `CHECK SPAMC/1.5\r\nContent-length: ${message.length}\r\n\r\n`, message, timeoutMs)
      const said = /^SPAMD\/\d\.\d 0 [^\r\n]{0,80}\r\n(?:[^\r\n]{0,200}\r\n){0,8}Spam: (True|False) ; /.exec(answer)?.[1]
      if (said === undefined) throw new Error('spamd gave an answer that is none')
      return said === 'True'
    },
    isThere: () =>
      spamd(to, 'PING SPAMC/1.5\r\n\r\n', Buffer.alloc(0), thereWithinMs).then(
        (answer) => /^SPAMD\/\d\.\d 0 PONG/.test(answer),
        () => false,
      ),
  }
}

function spamd(to: Destination, head: string, message: Buffer, withinMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = createConnection(to as NetConnectOpts)
    let said = ''
    const timer = setTimeout(() => socket.destroy(new Error('spamd did not answer in time')), withinMs)
    socket.on('data', (octets) => {
      said += octets.toString('latin1')
      if (said.length > maxAnswerOctets) socket.destroy(new Error('spamd answers without end'))
    })
    socket.on('error', reject)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(said)
    })
    socket.write(head)
    socket.end(message)
  })
}

/** rspamd's HTTP protocol: POST /checkv2, an object in JSON. */
function rspamd(to: Destination, timeoutMs: number): SpamEngine {
  return {
    async readsAsSpam(message) {
      const { status, body } = await http(to, 'POST', '/checkv2', message, timeoutMs)
      const action: unknown = status === 200 ? (JSON.parse(body) as { action?: unknown } | null)?.action : undefined
      if (typeof action !== 'string') throw new Error('rspamd gave an answer that is none')
      return spamActions.has(action)
    },
    isThere: () =>
      http(to, 'GET', '/ping', Buffer.alloc(0), thereWithinMs).then(
        ({ status }) => status === 200,
        () => false,
      ),
  }
}

function http(to: Destination, method: string, path: string, body: Buffer, withinMs: number) {
  const where = 'path' in to ? { socketPath: to.path } : to
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const asked = request({ ...where, method, path, agent: false, headers: { 'content-length': body.length } })
    const timer = setTimeout(() => asked.destroy(new Error('rspamd did not answer in time')), withinMs)
    asked.on('error', reject)
    asked.on('close', () => clearTimeout(timer))
    asked.on('response', (answer) => {
      textOf(answer).then((text) => resolve({ status: answer.statusCode ?? 0, body: text }), reject)
    })
    asked.end(body)
  })
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = ''
  for await (const octets of answer) {
    text += (octets as Buffer).toString('latin1')
    if (text.length > maxAnswerOctets) throw new Error('rspamd answers without end')
  }
  return text
}
