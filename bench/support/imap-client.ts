// The client of an IMAP server, for load programs: sends a command, gives the untagged lines without their literals. RFC 9051.
import { openWire, type Server, type Wire } from './wire.ts'

export interface ImapServer extends Server {
  readonly user: string
  readonly password: string
}

export interface Answer {
  readonly tagged: string
  /** The untagged lines; where a literal stood, the line goes on behind it. */
  readonly lines: readonly string[]
}

const literalAtEnd = /\{(\d{1,12})\+?\}$/

export class ImapClient {
  readonly #wire: Wire
  #tags = 0

  constructor(wire: Wire) {
    this.#wire = wire
  }

  /** Octets received so far. */
  get received(): number {
    return this.#wire.received
  }

  async #unit(): Promise<string> {
    let unit = await this.#wire.line()
    for (;;) {
      const literal = unit.endsWith('}') ? literalAtEnd.exec(unit) : null
      if (literal === null) return unit
      this.#wire.skip(Number(literal[1]))
      unit = `${unit} ${await this.#wire.line()}`
    }
  }

  /** Sends a command, and a literal behind it when the server asks for it; throws with the server's words unless it says OK. */
  async ask(command: string, literal: Buffer | null = null): Promise<Answer> {
    const tag = `b${++this.#tags}`
    this.#wire.send(`${tag} ${command}${literal === null ? '' : ` {${literal.length}}`}\r\n`)
    const lines: string[] = []
    for (;;) {
      const unit = await this.#unit()
      if (unit.startsWith('+ ') && literal !== null) this.#wire.send(literal, '\r\n')
      else if (unit.startsWith(`${tag} `)) {
        if (!unit.startsWith(`${tag} OK`)) throw new Error(`the server answered: ${unit.slice(0, 200)}`)
        return { tagged: unit, lines }
      } else lines.push(unit)
    }
  }

  /** Begins IDLE; resolves when the server listens. */
  async idle(): Promise<void> {
    this.#wire.send(`b${++this.#tags} IDLE\r\n`)
    for (let unit = await this.#unit(); !unit.startsWith('+'); unit = await this.#unit());
  }

  /** The next untagged line in IDLE. */
  notice(): Promise<string> {
    return this.#unit()
  }

  /** Ends IDLE; what came meanwhile is dropped. */
  async done(): Promise<void> {
    this.#wire.send('DONE\r\n')
    const tag = `b${this.#tags} `
    for (let unit = await this.#unit(); !unit.startsWith(tag); unit = await this.#unit());
  }

  async logOut(): Promise<void> {
    await this.ask('LOGOUT').catch(() => {})
    this.#wire.close()
  }
}

const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`

/** Connects and signs in. */
export async function openImap(server: ImapServer): Promise<ImapClient> {
  const wire = await openWire(server)
  const greeting = await wire.line()
  if (!greeting.startsWith('* OK')) throw new Error(`the server answered: ${greeting.slice(0, 200)}`)
  const client = new ImapClient(wire)
  if (server.tls === 'starttls') {
    await client.ask('STARTTLS')
    await wire.startTls()
  }
  await client.ask(`LOGIN ${quoted(server.user)} ${quoted(server.password)}`)
  return client
}

/** How many messages a mailbox has, and its next UID. */
export async function statusOf(client: ImapClient, mailbox = 'INBOX'): Promise<{ messages: number; uidNext: number }> {
  const { lines } = await client.ask(`STATUS ${quoted(mailbox)} (MESSAGES UIDNEXT)`)
  const status = lines.find((line) => line.startsWith('* STATUS')) ?? ''
  const number = (name: string) => Number(new RegExp(`${name} (\\d+)`).exec(status)?.[1] ?? Number.NaN)
  return { messages: number('MESSAGES'), uidNext: number('UIDNEXT') }
}
