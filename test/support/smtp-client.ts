// A submission client that tells everything: each recipient's reply, and when exactly what was sent and heard. RFC 5321, RFC 4954.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:tls'

export interface SmtpReply {
  readonly code: number
  readonly text: string
}

export interface Submission {
  readonly from: string
  readonly to: readonly string[]
  /** With CRLF throughout and at the end; stuffed on the way. */
  readonly octets: Buffer
  /** Awaited when 354 has come, before the content is sent. */
  readonly beforeContent?: () => void | Promise<void>
  /** In chunks of so many octets (BDAT, RFC 3030) instead of DATA. */
  readonly chunkOctets?: number
}

export interface Submitted {
  readonly recipients: readonly SmtpReply[]
  /** What the content was answered, or DATA itself when it was refused. */
  readonly reply: SmtpReply
  /** Wall milliseconds, with their fraction: when the content was about to be written, and when its reply was here. */
  readonly contentMs: number
  readonly replyMs: number
}

export interface SmtpClient {
  /** Our port of the connection: what a proxy knows it by. */
  readonly localPort: number
  /** Sends one message, one command at a time; rejects when the connection is lost or a reply takes too long. */
  submit(submission: Submission): Promise<Submitted>
  close(): void
}

const replyWithinMs = 60_000
const nowMs = () => performance.timeOrigin + performance.now()

/** The server does not take this client: what it said. */
export class NotTaken extends Error {
  readonly reply: SmtpReply

  constructor(reply: SmtpReply) {
    super(`the server answered ${reply.code}`)
    this.reply = reply
  }
}

/** Connects with TLS from the first octet and signs in; rejects with the server's words when it may not. */
export async function openSmtpClient(
  port: number,
  who: { userName: string; devicePassword: string },
  localAddress = '127.0.0.1',
): Promise<SmtpClient> {
  const options = { host: '127.0.0.1', port, localAddress, rejectUnauthorized: false } // the types know no localAddress here
  const socket = connect(options)
  const nextReply = repliesOf(socket)
  const ask = async (command: string | null): Promise<SmtpReply> => {
    if (command !== null) socket.write(`${command}\r\n`)
    return nextReply()
  }
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(replyWithinMs) })
    socket.setNoDelay(true)
    const credentials = Buffer.from(`\0${who.userName}\0${who.devicePassword}`).toString('base64')
    for (const [command, code] of [
      [null, 220],
      ['EHLO client.cjsm.test', 250],
      [`AUTH PLAIN ${credentials}`, 235],
    ] as const) {
      const reply = await ask(command)
      if (reply.code !== code) throw new NotTaken(reply)
    }
  } catch (fault) {
    socket.destroy()
    throw fault
  }
  return {
    localPort: socket.localPort!,
    async submit({ from, to, octets, beforeContent, chunkOctets }) {
      const mail = await ask(`MAIL FROM:<${from}>`)
      const recipients: SmtpReply[] = []
      if (mail.code === 250) for (const one of to) recipients.push(await ask(`RCPT TO:<${one}>`))
      if (chunkOctets !== undefined && recipients.some((one) => one.code === 250)) {
        const contentMs = nowMs()
        const reply = await sendChunks(socket, nextReply, octets, chunkOctets)
        return { recipients, reply, contentMs, replyMs: nowMs() }
      }
      const transient = [mail, ...recipients].find((one) => one.code >= 400 && one.code < 500)
      const data = transient ?? (recipients.some((one) => one.code === 250) ? await ask('DATA') : (recipients[0] ?? mail))
      if (data.code === 354) await beforeContent?.()
      const contentMs = nowMs()
      if (data.code === 354) socket.write(stuffed(octets))
      const reply = data.code === 354 ? await nextReply() : data
      const replyMs = nowMs()
      if (data.code !== 354) await ask('RSET')
      return { recipients, reply, contentMs, replyMs }
    },
    close: () => socket.destroy(),
  }
}

/** One chunk after another, each answered; the last one's reply is the message's. */
async function sendChunks(socket: Socket, nextReply: () => Promise<SmtpReply>, octets: Buffer, size: number): Promise<SmtpReply> {
  for (let at = 0; ; at += size) {
    const chunk = octets.subarray(at, at + size)
    const isLast = at + size >= octets.length
    socket.write(Buffer.concat([Buffer.from(`BDAT ${chunk.length}${isLast ? ' LAST' : ''}\r\n`), chunk]))
    const reply = await nextReply()
    if (isLast || reply.code !== 250) return reply
  }
}

/** RFC 5321 §4.5.2: a dot more before a line that begins with one, and the line that ends the content. */
function stuffed(octets: Buffer): Buffer {
  return Buffer.from(`${octets.toString('latin1').replace(/^\./gm, '..')}.\r\n`, 'latin1')
}

function repliesOf(socket: Socket): () => Promise<SmtpReply> {
  let heard = ''
  let lost: Error | null = null
  let wake = () => {}
  socket.on('data', (octets: Buffer) => {
    heard += octets.toString('latin1')
    wake()
  })
  const end = (fault?: Error | boolean) => {
    lost ??= fault instanceof Error ? fault : new Error('the connection was closed')
    wake()
  }
  socket.on('error', end).on('close', end)
  return async () => {
    const timer = setTimeout(() => end(new Error(`no reply within ${replyWithinMs} ms`)), replyWithinMs)
    try {
      for (;;) {
        const found = /^(?:\d{3}-[^\r\n]*\r\n)*(\d{3})(?: [^\r\n]*)?\r\n/.exec(heard)
        if (found !== null) {
          heard = heard.slice(found[0].length)
          return { code: Number(found[1]), text: found[0].trimEnd() }
        }
        if (lost !== null) throw lost
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      clearTimeout(timer)
    }
  }
}
