// Load on the submission port: in a closed loop, to see what can be taken, and in an open one that offers so many a second whatever becomes of them.
import { setTimeout as wait } from 'node:timers/promises'
import { openSmtpClient, type SmtpClient } from '#test/support/smtp-client.ts'

export interface Offered {
  /** Messages that found a connection. */
  readonly offered: number
  readonly accepted: number
  /** Answered with a 4xx. */
  readonly later: number
  /** Connections that ended in the midst of a message. */
  readonly lost: number
  /** Any other answers. */
  readonly others: readonly number[]
  /** From MAIL to the 250 of those that were accepted. */
  readonly p99Ms: number
}

interface Answer {
  /** 0 when the connection was lost. */
  readonly code: number
  readonly ms: number
}

/** A network more for so many connections: each has limits of its own. */
const connectionsPerNetwork = 40
const opensAtOnce = 20
const tickMs = 10

/** Prepares load from one sender to one recipient, over connections that are kept and used again. */
export function newLoad(o: { port: number; from: { address: string; userName: string; devicePassword: string }; to: string }) {
  const idle: SmtpClient[] = []
  let opened = 0
  let number = 0
  let acceptedInAll = 0

  function octets(): Buffer {
    const id = ++number
    const text = `${'The quick brown fox jumps over the lazy dog, again and again.\r\n'.repeat(20)}`
    const header = `From: ${o.from.address}\r\nTo: ${o.to}\r\nSubject: load ${id}\r\nMessage-ID: <${id}@load.cjsm.test>\r\n\r\n`
    return Buffer.from(header + text)
  }

  function connect(): Promise<SmtpClient> {
    const network = Math.floor(opened++ / connectionsPerNetwork)
    return openSmtpClient(o.port, o.from, `127.0.${3 + Math.floor(network / 200)}.${1 + (network % 200)}`)
  }

  async function sendOne(): Promise<Answer> {
    let client: SmtpClient | undefined
    let beganMs = performance.now()
    try {
      client = idle.shift() ?? (await connect())
      beganMs = performance.now()
      const { reply } = await client.submit({ from: o.from.address, to: [o.to], octets: octets() })
      const ms = performance.now() - beganMs
      if (reply.code === 250) acceptedInAll++
      if (reply.code === 421) client.close()
      else idle.push(client)
      return { code: reply.code, ms }
    } catch {
      client?.close()
      return { code: 0, ms: performance.now() - beganMs }
    }
  }

  function summaryOf(answers: readonly Answer[]): Offered {
    const times = answers.flatMap((one) => (one.code === 250 ? [one.ms] : [])).sort((a, b) => a - b)
    const isLater = (code: number) => code >= 400 && code < 500
    return {
      offered: answers.length,
      accepted: times.length,
      later: answers.filter((one) => isLater(one.code)).length,
      lost: answers.filter((one) => one.code === 0).length,
      others: answers.flatMap(({ code }) => (code === 0 || code === 250 || isLater(code) ? [] : [code])),
      p99Ms: times[Math.floor(times.length * 0.99)] ?? Number.POSITIVE_INFINITY,
    }
  }

  return {
    sendOne,
    acceptedInAll: () => acceptedInAll,
    /** So many connections, each sending the next message when it has the answer of the last. */
    async closedLoop(connections: number, seconds: number): Promise<Offered> {
      const endMs = performance.now() + seconds * 1000
      const answers: Answer[] = []
      const lane = async () => {
        while (performance.now() < endMs) answers.push(await sendOne())
      }
      await Promise.all(Array.from({ length: connections }, lane))
      return summaryOf(answers)
    },
    /** Opens connections until so many are idle. */
    async open(connections: number): Promise<void> {
      while (idle.length < connections) {
        const wave = Array.from({ length: Math.min(opensAtOnce, connections - idle.length) }, connect)
        idle.push(...(await Promise.all(wave)))
      }
    },
    /** So many messages a second, each on a connection that is free; those that find none are not sent. Resolves when the last has its answer. */
    async offer(perSecond: number, seconds: number): Promise<Offered> {
      const answers: Answer[] = []
      const waiting = new Set<Promise<void>>()
      const beganMs = performance.now()
      for (let begun = 0; performance.now() - beganMs < seconds * 1000; await wait(tickMs)) {
        const due = Math.floor(((performance.now() - beganMs) * perSecond) / 1000)
        for (; begun < due; begun++) {
          if (idle.length === 0) continue
          const sent = sendOne().then((answer) => {
            answers.push(answer)
            waiting.delete(sent)
          })
          waiting.add(sent)
        }
      }
      await Promise.all(waiting)
      return summaryOf(answers)
    },
    close(): void {
      for (const client of idle.splice(0)) client.close()
    },
  }
}
