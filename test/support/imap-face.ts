// Starts the IMAP face for a test: a real TLS port over doors in memory, limits as given.
import { after } from 'node:test'
import type { Refused } from '#base/faults.ts'
import { newLog } from '#base/log.ts'
import { newMetrics } from '#base/metrics.ts'
import { type ImapLimits, imapLimits } from '#imap/limits.ts'
import { MemoryDoors } from '#imap/memory.test-support.ts'
import { startImap } from '#imap/server.ts'
import { serverContext } from '#net/tls.ts'
import { makeCertificate } from '#test/support/certificate.ts'
import { DialogueClient } from '#test/support/dialogue.ts'

export interface Face {
  readonly port: number
  readonly doors: MemoryDoors
  connect(): Promise<DialogueClient>
  /** A client that has signed in and, with a name, selected that mailbox. */
  signIn(mailbox?: string): Promise<DialogueClient>
  close(graceMs?: number): Promise<void>
}

const certificate = makeCertificate()
const context = serverContext(certificate.certificate, certificate.key)
certificate.remove()

/** Starts a face; it is closed when the test (or the file, outside of one) is over, if not before. */
export async function startFace(
  limits: Partial<ImapLimits> = {},
  doors = new MemoryDoors(),
  admit: () => Refused | null = () => null,
): Promise<Face> {
  const listener = await startImap({
    at: { host: '127.0.0.1', port: 0 },
    tlsContext: () => context,
    admit,
    doors,
    limits: { ...imapLimits, signInFailureDelayMs: 1, ...limits },
    log: newLog('silent', {}),
    metrics: newMetrics({}),
  })
  const connect = async () => {
    const client = await DialogueClient.connect(listener.port)
    await client.startTls()
    await client.nextLine()
    return client
  }
  const signIn = async (mailbox?: string) => {
    const client = await connect()
    await ask(client, 'LOGIN ada right')
    if (mailbox !== undefined) await ask(client, `SELECT ${mailbox}`)
    return client
  }
  const face = { port: listener.port, doors, connect, signIn, close: (graceMs = 0) => listener.close(graceMs) }
  after(() => listener.close(0))
  return face
}

/** Sends a command and gives its untagged responses and its tagged reply without the tag. */
export async function ask(client: DialogueClient, command: string | Buffer): Promise<{ untagged: string[]; reply: string }> {
  client.send(Buffer.concat([Buffer.from('x '), Buffer.from(command), Buffer.from('\r\n')]))
  return answer(client)
}

/** Reads up to the tagged reply, or the end (an empty reply). */
export async function answer(client: DialogueClient): Promise<{ untagged: string[]; reply: string }> {
  const untagged: string[] = []
  for (;;) {
    const line = await client.nextLine()
    if (line === null) return { untagged, reply: '' }
    if (line.startsWith('x ')) return { untagged, reply: line.slice(2) }
    untagged.push(line)
  }
}

/** A message with CRLF line ends from its lines. */
export function message(...lines: string[]): Buffer {
  return Buffer.from(`${lines.join('\r\n')}\r\n`)
}

/** A plain letter with encoded words. */
export const plain = message(
  'From: Ada Byron <ada@police.cjsm.test>',
  'To: bob@firm.cjsm.test, =?utf-8?q?J=C3=BCrgen?= <juergen@chambers.cjsm.test>',
  'Subject: =?utf-8?q?R_v_Mei=C3=9Fner?=',
  'Date: Wed, 14 Jan 2026 09:00:00 +0000',
  'Message-ID: <one@police.cjsm.test>',
  'X-Case: 42',
  '',
  'The bundle is attached.',
)

/** A multipart with an HTML attachment and a nested message. */
export const nested = message(
  'Subject: outer',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  'preamble',
  '--b',
  'Content-Type: text/html; charset=utf-8',
  'Content-Disposition: attachment; filename="note \\"x\\".html"',
  '',
  '<p>x</p>',
  '--b',
  'Content-Type: message/rfc822',
  '',
  'Subject: inner',
  'From: eve@firm.cjsm.test',
  '',
  'inner text',
  '--b--',
)
