// Runs a protocol transcript over a real socket: what the client says, and what the server must answer, line by line.
//
//   # a comment
//   WITH key=value …     settings for the test that runs the file (see readDialogue); only before the first other line
//   INCLUDE file         the lines of another file of the folder (named other than *.txt, so that it is not run by itself)
//   TLS                  brings up TLS as a client (the first line on an implicit-TLS port; after STARTTLS elsewhere)
//   C: text              sends the text and CRLF; ${name} is a variable, or what <name> matched before
//   C*3: text            sends it three times at once, {n} being 1 to 3; S*3: expects three lines in the same way
//   RAW: text            sends it as it is, with \r \n \t \0 \\ and \xHH understood
//   FILL 5000 text       sends at least that many octets of lines of that text, each ending with CRLF
//   S: text              the next line must be this; <name> stands for one or more octets, and for the same ones when the name comes again
//   S: /regex/           the next line must match as a whole
//   S+: text             one or more lines must match; the first that does not is left for the next S
//   CLOSE                the server must close
//   END                  the client closes its half
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

const deadlineMs = 20_000
const nothing = Symbol('nothing')

export interface DialogueTarget {
  readonly port: number
  readonly host?: string
  readonly variables?: Readonly<Record<string, string>>
}

export interface Dialogue {
  readonly name: string
  /** The comment of the first line. */
  readonly title: string
  readonly settings: ReadonlyMap<string, string>
  readonly steps: readonly Step[]
}

interface Step {
  readonly where: string
  readonly act: string
  readonly times: number
  readonly text: string
}

/** The transcripts (`*.txt`) of a folder, by name. */
export function dialoguesIn(folder: URL): Dialogue[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.txt'))
  const read = (name: string) => readFileSync(new URL(name, folder), 'utf8')
  return names.sort().map((name) => readDialogue(name, read(name), read))
}

/** Reads a transcript; `include` gives the text of files that it includes. Throws with the line's number when one is not understood. */
export function readDialogue(name: string, source: string, include: (name: string) => string = noInclude): Dialogue {
  const settings = new Map<string, string>()
  const steps: Step[] = []
  for (const [index, line] of source.split('\n').entries()) {
    const where = `${name}:${index + 1}`
    if (line.trim() === '' || line.startsWith('#')) continue
    if (line.startsWith('WITH ') && steps.length === 0) readSettings(line.slice(5), settings)
    else if (line.startsWith('INCLUDE '))
      steps.push(...readDialogue(line.slice(8).trim(), include(line.slice(8).trim()), include).steps)
    else steps.push(readStep(line, where))
  }
  return { name, title: /^# *(.*)/.exec(source)?.[1] ?? name, settings, steps }
}

function noInclude(name: string): never {
  throw new Error(`nothing to include ${name} from`)
}

function readSettings(text: string, settings: Map<string, string>): void {
  for (const pair of text.trim().split(/\s+/)) {
    const at = pair.indexOf('=')
    settings.set(pair.slice(0, at), pair.slice(at + 1))
  }
}

function readStep(line: string, where: string): Step {
  const said = /^(C|S|S\+|RAW)(?:\*(\d+))?:(?: (.*))?$/.exec(line)
  if (said !== null) return { where, act: said[1]!, times: Number(said[2] ?? 1), text: said[3] ?? '' }
  const filled = /^FILL (\d+) (.+)$/.exec(line)
  if (filled !== null) return { where, act: 'FILL', times: Number(filled[1]), text: filled[2]! }
  if (['TLS', 'CLOSE', 'END'].includes(line.trim())) return { where, act: line.trim(), times: 1, text: '' }
  throw new Error(`${where}: not a line of a dialogue: ${line}`)
}

/** Runs a transcript against a port; rejects with the file, the line, what was expected and what came. */
export async function runDialogue(dialogue: Dialogue, target: DialogueTarget): Promise<void> {
  const client = await DialogueClient.connect(target.port, target.host)
  const variables = new Map(Object.entries(target.variables ?? {}))
  try {
    for (const step of dialogue.steps) await runStep(step, client, variables)
  } finally {
    client.destroy()
  }
}

async function runStep(step: Step, client: DialogueClient, variables: Map<string, string>): Promise<void> {
  const text = step.text.replace(
    /\$\{(\w+)\}/g,
    (_, name: string) => variables.get(name) ?? assert.fail(`${step.where}: no variable ${name}`),
  )
  const numbered = (n: number) => (step.times === 1 ? text : text.replaceAll('{n}', String(n)))
  if (step.act === 'C') client.send(Array.from({ length: step.times }, (_, n) => `${numbered(n + 1)}\r\n`).join(''))
  else if (step.act === 'RAW') client.send(unescapeOctets(text))
  else if (step.act === 'FILL')
    client.send(Buffer.alloc(Math.ceil(step.times / (text.length + 2)) * (text.length + 2), `${text}\r\n`))
  else if (step.act === 'TLS') await client.startTls()
  else if (step.act === 'END') client.endWriting()
  else if (step.act === 'CLOSE') assert.equal(await client.nextLine(), null, `${step.where}: the server was to close`)
  else if (step.act === 'S+') await expectSeveral(step, text, client, variables)
  else for (let n = 1; n <= step.times; n += 1) expectLine(step, numbered(n), await client.nextLine(), variables)
}

async function expectSeveral(step: Step, text: string, client: DialogueClient, variables: Map<string, string>): Promise<void> {
  expectLine(step, text, await client.nextLine(), variables)
  for (;;) {
    const line = await client.nextLine()
    if (line !== null && matchLine(text, line, variables) !== null) continue
    client.putBack(line)
    return
  }
}

function expectLine(step: Step, expected: string, line: string | null, variables: Map<string, string>): void {
  const captured = line === null ? null : matchLine(expected, line, variables)
  if (captured === null)
    assert.fail(`${step.where}: expected ${JSON.stringify(expected)}, got ${line === null ? 'the end' : JSON.stringify(line)}`)
  for (const [name, value] of captured) variables.set(name, value)
}

/** What the wildcards matched, or null when the line is another. */
function matchLine(expected: string, line: string, variables: Map<string, string>): Map<string, string> | null {
  const whole = /^\/(.*)\/$/.exec(expected)
  if (whole !== null) return new RegExp(`^(?:${whole[1]})$`).test(line) ? new Map() : null
  const names: string[] = []
  const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
  const source = expected.split(/<(\w+)>/).map((piece, index) => {
    if (index % 2 === 0) return literal(piece)
    const known = variables.get(piece)
    if (known !== undefined) return literal(known)
    names.push(piece)
    return '(.+)'
  })
  const match = new RegExp(`^${source.join('')}$`).exec(line)
  return match && new Map(names.map((name, index) => [name, match[index + 1]!]))
}

function unescapeOctets(text: string): Buffer {
  const simple: Record<string, string> = { r: '\r', n: '\n', t: '\t', '0': '\0', '\\': '\\' }
  const pieces = text.split(/(\\x[0-9a-fA-F]{2}|\\[rnt0\\])/).map((piece, index) => {
    if (index % 2 === 0) return Buffer.from(piece)
    return piece.startsWith('\\x') ? Buffer.from(piece.slice(2), 'hex') : Buffer.from(simple[piece[1]!]!)
  })
  return Buffer.concat(pieces)
}

/** A client that sends octets and reads lines, for transcripts and for tests that need more than one. */
export class DialogueClient {
  #socket: Socket
  #received = Buffer.alloc(0)
  #pieces: Buffer[] = []
  #ended = false
  #wake: () => void = () => {}
  #putBack: string | null | typeof nothing = nothing

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#listen()
  }

  /** Connects in plain text. */
  static connect(port: number, host = '127.0.0.1'): Promise<DialogueClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host, allowHalfOpen: true, noDelay: true }, () => {
        socket.off('error', reject)
        resolve(new DialogueClient(socket))
      })
      socket.once('error', reject)
    })
  }

  get ended(): boolean {
    return this.#ended
  }

  send(octets: string | Buffer): void {
    if (!this.#socket.destroyed) this.#socket.write(octets)
  }

  /** Brings up TLS; the server's certificate is not looked at, since tests make their own. */
  startTls(): Promise<void> {
    const plain = this.#socket
    plain.removeAllListeners('data').removeAllListeners('end').removeAllListeners('close')
    return new Promise((resolve, reject) => {
      const secured = connectTls({ socket: plain, rejectUnauthorized: false })
      secured.once('secureConnect', () => resolve())
      secured.once('error', reject)
      secured.once('close', () => reject(new Error('closed in the handshake')))
      this.#socket = secured
      this.#listen()
    })
  }

  /** The next line without CRLF (octets as Latin-1), or null at the end; rejects after a generous deadline. */
  async nextLine(): Promise<string | null> {
    if (this.#putBack !== nothing) {
      const line = this.#putBack
      this.#putBack = nothing
      return line
    }
    for (;;) {
      const at = this.#gather().indexOf('\r\n')
      if (at !== -1) return this.#take(at + 2).toString('latin1', 0, at)
      if (this.#ended) return null
      await this.#more()
    }
  }

  /** Exactly so many octets; rejects when the stream ends before. */
  async nextOctets(count: number): Promise<Buffer> {
    while (this.#received.length + this.#pieces.reduce((sum, piece) => sum + piece.length, 0) < count) {
      if (this.#ended) throw new Error('the stream ended')
      await this.#more()
    }
    this.#gather()
    return this.#take(count)
  }

  /** Gives a line back, to be the next. */
  putBack(line: string | null): void {
    this.#putBack = line
  }

  endWriting(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #listen(): void {
    const end = () => {
      this.#ended = true
      this.#wake()
    }
    this.#socket.on('error', () => {})
    this.#socket.on('data', (octets: Buffer) => {
      this.#pieces.push(octets)
      this.#wake()
    })
    this.#socket.once('end', end)
    this.#socket.once('close', end)
  }

  #gather(): Buffer {
    if (this.#pieces.length > 0) this.#received = Buffer.concat([this.#received, ...this.#pieces])
    this.#pieces = []
    return this.#received
  }

  #take(count: number): Buffer {
    const taken = this.#received.subarray(0, count)
    this.#received = this.#received.subarray(count)
    return taken
  }

  #more(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('nothing came from the server in time')), deadlineMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
