// 250 is written only after the WAL with the message's commit was flushed: read from the system calls of workers and PostgreSQL. design.md, what 250 means. Issue: the core, proved.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { startInstance } from '#test/support/instance.ts'
import { postgresPids, processesOf } from '#test/support/kills.ts'
import { numberedMessage, openCommunity } from '#test/support/numbered.ts'
import { openSmtpClient, type Submitted } from '#test/support/smtp-client.ts'
import { type SystemCall, traceSystemCalls } from '#test/support/system-calls.ts'

const messages = process.env.CJSM_LONG === '1' ? 500 : 100
/** Around each content and its reply the connection is silent for longer than this, so that the reply is told by its time. */
const silenceMs = 4
const traced = ['read', 'write', 'writev', 'sendto', 'sendmsg', 'recvfrom', 'pwrite64', 'pwritev', 'fdatasync', 'fsync']

const writes = new Set(['write', 'writev', 'sendto', 'sendmsg'])
/** ReadyForQuery outside a transaction: what was asked is committed, be it a COMMIT or one statement by itself. */
const readyForQuery = 'Z\\0\\0\\0\\5I'

const isOnWal = (call: SystemCall) => call.text.split('>', 1)[0]!.includes('/pg_wal/')

/** The two ends of a Unix socket, as strace names them: `[here->there`. */
function ends(call: SystemCall): { here: string; there: string } | null {
  const found = /^\d+<UNIX-STREAM:\[(\d+)->(\d+)/.exec(call.text)
  return found === null ? null : { here: found[1]!, there: found[2]! }
}

/** Why a 250 was written too early, or null when what it says was on disk. */
function writtenTooEarly(calls: readonly SystemCall[], localPort: number, { contentMs, replyMs }: Submitted): string | null {
  const onConnection = calls.filter((call) => call.text.slice(0, 100).includes(`->127.0.0.1:${localPort}]`))
  const within = (call: SystemCall) => call.beganMs > contentMs - silenceMs && call.beganMs < replyMs + silenceMs
  const replies = onConnection.filter((call) => writes.has(call.name) && within(call))
  if (replies.length !== 1) return `${replies.length} writes where the reply is one`
  const reply = replies[0]!
  const told = calls.findLast(
    (call) =>
      call.thread === reply.thread && call.name === 'read' && call.endedMs <= reply.beganMs && call.text.includes(readyForQuery),
  )
  if (told === undefined || told.beganMs < contentMs - silenceMs) return 'the worker was told of no commit'
  const socket = ends(told)!
  const said = calls.findLast(
    (call) =>
      call.name === 'sendto' &&
      call.beganMs <= told.endedMs &&
      ends(call)?.here === socket.there &&
      ends(call)?.there === socket.here &&
      call.text.includes(readyForQuery),
  )
  if (said === undefined) return 'no back end said that it was done'
  const asked = calls.findLast(
    (call) => call.thread === said.thread && call.name === 'recvfrom' && call.result > 0 && call.beganMs < said.beganMs,
  )
  if (asked === undefined) return 'the back end was asked for nothing'
  // The commit record is written after the back end was asked, by it or by whoever flushes for all.
  const since = (call: SystemCall) => isOnWal(call) && call.beganMs >= asked.endedMs && call.endedMs <= said.beganMs
  const written = calls.find((call) => call.name.startsWith('pwrite') && since(call))
  if (written === undefined) return 'no WAL was written between the statement and its answer'
  const flushed = calls.find(
    (call) => /^f(data)?sync$/.test(call.name) && since(call) && call.result === 0 && call.beganMs >= written.endedMs,
  )
  return flushed === undefined ? 'the WAL was not flushed between the statement and its answer' : null
}

test(`of ${messages} messages none is answered 250 before the WAL with its commit was flushed`, {
  skip: process.getuid?.() === 0 ? false : 'left out: only root may trace the processes of others',
  timeout: 300_000,
}, async () => {
  const instance = await startInstance()
  const community = await openCommunity(instance)
  const workers = (await processesOf(instance)).flatMap((one) => (one.kind === 'worker' ? [one.pid!] : []))
  const trace = await traceSystemCalls([...workers, ...postgresPids(instance)], traced)
  const from = community.senders[0]!
  const client = await openSmtpClient(instance.ports.submissions, from)
  const submitted: Submitted[] = []
  for (let number = 0; submitted.length < messages; number++) {
    const { to, octets, refused, from: author } = numberedMessage(community, number * community.senders.length)
    assert.equal(author, from)
    if (refused) continue
    const one = await client.submit({ from: from.address, to, octets, beforeContent: () => wait(2 * silenceMs) })
    assert.equal(one.reply.code, 250, one.reply.text)
    submitted.push(one)
    await wait(2 * silenceMs)
  }
  client.close()
  const calls = await trace.stop()
  const early = submitted.flatMap((one, index) => {
    const why = writtenTooEarly(calls, client.localPort, one)
    return why === null ? [] : [`message ${index}: ${why}`]
  })
  assert.deepEqual(early, [], `${early.length} of ${messages}`)
})
