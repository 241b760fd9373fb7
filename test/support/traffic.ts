// The driver of the crash tests: sends numbered messages over TLS, each until it has an answer that is final, and keeps a ledger of its own that is on disk before it goes on.
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { type Community, numberedMessage } from '#test/support/numbered.ts'
import { openSmtpClient, type SmtpClient, type Submitted } from '#test/support/smtp-client.ts'

/** One final answer. */
export interface Answered {
  readonly number: number
  readonly code: number
  /** Recipients that RCPT was answered 250 for. */
  readonly to: readonly string[]
  /** What a 250 said. */
  readonly receipt: string | null
  readonly delivered: number
  readonly refused: number
  /** The answer of a retry, after one that was lost. */
  readonly again: boolean
}

export interface Ledger {
  /** Durable when it resolves. */
  note(answered: Answered): Promise<void>
  /** As it stands in the file. */
  read(): Promise<Answered[]>
  close(): Promise<void>
}

export async function openLedger(file: string): Promise<Ledger> {
  const handle: FileHandle = await open(file, 'a')
  return {
    async note(answered) {
      await handle.appendFile(`${JSON.stringify(answered)}\n`)
      await handle.datasync()
    },
    async read() {
      const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
      return lines.map((line) => JSON.parse(line) as Answered)
    },
    close: () => handle.close(),
  }
}

export interface TrafficOptions {
  readonly port: number
  readonly community: Community
  readonly ledger: Ledger
  /** How long a lane rests after each message; there is a lane for each sender. */
  readonly restMs: number
  readonly firstNumber: number
  /** Asked before the content of an acceptable message is sent, with our port of the connection: may have the reply cut. */
  readonly beforeContent?: (localPort: number) => void
}

export interface Traffic {
  /** Final answers so far. */
  readonly answered: number
  /** How many of them said that the message came before. */
  readonly again: number
  /** Above every number that was taken. */
  readonly nextNumber: number
  /** Settles when every lane has ended; rejects when a message had no final answer in time. */
  readonly ended: Promise<void>
  /** Takes no new message and resolves when those under way have their answers. */
  finish(): Promise<void>
  /** Gives up what is under way: the service will not come back. */
  abandon(): Promise<void>
}

const answerWithinMs = 90_000
const retryAfterMs = 50

/** Starts a lane for each sender, on a connection of its own that is made anew when it is lost. */
export function startTraffic(options: TrafficOptions): Traffic {
  const { community, ledger, firstNumber } = options
  const lanes = community.senders.length
  const clients: (SmtpClient | null)[] = []
  let nextNumber = firstNumber
  let answered = 0
  let again = 0
  let taking = true
  let abandoned = false

  async function attempt(lane: number, number: number): Promise<Answered | null> {
    const { from, to, octets, refused } = numberedMessage(community, number)
    try {
      clients[lane] ??= await openSmtpClient(options.port, from)
      const client = clients[lane]
      const beforeContent = () => {
        if (!refused) options.beforeContent?.(client.localPort)
      }
      return finalAnswer(number, to, await client.submit({ from: from.address, to, octets, beforeContent }))
    } catch {
      clients[lane]?.close()
      clients[lane] = null
      return null
    }
  }

  async function answerOf(lane: number, number: number): Promise<Answered | null> {
    const untilMs = performance.now() + answerWithinMs
    while (!abandoned) {
      const answer = await attempt(lane, number)
      if (answer !== null) return answer
      if (performance.now() > untilMs) throw new Error(`message ${number} had no final answer within ${answerWithinMs} ms`)
      await wait(retryAfterMs)
    }
    return null
  }

  async function run(lane: number): Promise<void> {
    for (let number = firstNumber + lane; taking; number += lanes) {
      nextNumber = Math.max(nextNumber, number + 1)
      const answer = await answerOf(lane, number)
      if (answer === null) break
      await ledger.note(answer)
      answered++
      if (answer.again) again++
      await wait(options.restMs)
    }
    clients[lane]?.close()
  }

  const ended = Promise.all(Array.from({ length: lanes }, (_, lane) => run(lane))).then(() => {})
  ended.catch(() => {}) // met by who waits for it
  return {
    get answered() {
      return answered
    },
    get again() {
      return again
    },
    get nextNumber() {
      return nextNumber
    },
    ended,
    finish() {
      taking = false
      return ended
    },
    abandon() {
      taking = false
      abandoned = true
      for (const client of clients) client?.close()
      return ended
    },
  }
}

/** What a reply settles, or null when it is to be tried again: a 4xx for any reason but a full mailbox. */
function finalAnswer(number: number, to: readonly string[], { recipients, reply }: Submitted): Answered | null {
  const fullMailbox = reply.code === 452 && reply.text.includes('4.2.2')
  if (reply.code < 500 && reply.code !== 250 && !fullMailbox) return null
  const count = (what: RegExp) => Number(what.exec(reply.text)?.[1] ?? 0)
  return {
    number,
    code: reply.code,
    to: to.filter((_, index) => recipients[index]?.code === 250),
    receipt: /receipt ([0-9a-f-]{36})/.exec(reply.text)?.[1] ?? null,
    delivered: count(/delivered to (\d+)/i),
    refused: count(/refused for (\d+)/i),
    again: reply.text.includes('came before'),
  }
}
