// The client of an SMTP submission server, for load programs. RFC 5321, RFC 4954, RFC 2920.
import type { Message } from './messages.ts'
import { openWire, type Server, type Wire } from './wire.ts'

export interface SmtpServer extends Server {
  readonly user: string
  readonly password: string
}

/** What became of one message: the code of the last reply, how long DATA to the final reply took, and the recipients that were taken. */
export interface Sent {
  readonly code: number
  readonly text: string
  readonly recipients: number
  /** From writing DATA (with what is pipelined before it) to the final reply, and from writing the content to it, in milliseconds. */
  readonly dataMs: number
  readonly contentMs: number
}

export interface SmtpClient {
  send(from: string, recipients: readonly string[], message: Message, pipelining: boolean): Promise<Sent>
  quit(): Promise<void>
}

const end = Buffer.from('.\r\n')

async function replyOf(wire: Wire): Promise<{ code: number; text: string }> {
  let line = await wire.line()
  while (line[3] === '-') line = await wire.line()
  return { code: Number(line.slice(0, 3)), text: line.slice(0, 200) }
}

/** Connects and signs in; throws with the server's words when it may not. */
export async function openSmtp(server: SmtpServer): Promise<SmtpClient> {
  const wire = await openWire(server)
  const ask = async (command: string, wanted: number) => {
    if (command !== '') wire.send(`${command}\r\n`)
    const reply = await replyOf(wire)
    if (reply.code !== wanted) throw new Error(`the server answered: ${reply.text}`)
  }
  await ask('', 220)
  await ask('EHLO bench.example', 250)
  if (server.tls === 'starttls') {
    await ask('STARTTLS', 220)
    await wire.startTls()
    await ask('EHLO bench.example', 250)
  }
  if (server.user !== '') await ask(`AUTH PLAIN ${Buffer.from(`\0${server.user}\0${server.password}`).toString('base64')}`, 235)
  return {
    send: (from, recipients, message, pipelining) => sendOne(wire, from, recipients, message, pipelining),
    async quit() {
      wire.send('QUIT\r\n')
      await replyOf(wire).catch(() => {})
      wire.close()
    },
  }
}

async function sendOne(
  wire: Wire,
  from: string,
  recipients: readonly string[],
  message: Message,
  pipelining: boolean,
): Promise<Sent> {
  const commands = [`MAIL FROM:<${from}>\r\n`, ...recipients.map((one) => `RCPT TO:<${one}>\r\n`), 'DATA\r\n']
  let begunMs = performance.now()
  if (pipelining) wire.send(commands.join(''))
  let taken = 0
  let reply = { code: 0, text: '' }
  let failure: typeof reply | null = null
  for (const command of commands) {
    if (!pipelining) {
      if (command === 'DATA\r\n') begunMs = performance.now()
      wire.send(command)
    }
    reply = await replyOf(wire)
    if (reply.code >= 400) failure ??= reply
    else if (command.startsWith('RCPT')) taken++
  }
  const contentMs = performance.now()
  if (reply.code === 354) {
    wire.send(message.head, message.body, end)
    reply = await replyOf(wire)
  } else {
    // What went wrong first, not what DATA says of it.
    reply = failure ?? reply
    await reset(wire)
  }
  const endMs = performance.now()
  return { ...reply, recipients: taken, dataMs: endMs - begunMs, contentMs: endMs - contentMs }
}

async function reset(wire: Wire): Promise<void> {
  wire.send('RSET\r\n')
  await replyOf(wire)
}
