// Limits and waits of the machine’s part that stand in no other test: at their value and one past it, or shortened. docs/limits.md
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Clock } from '#base/clock.ts'
import { newLog } from '#base/log.ts'
import { followOutput, runToEnd, startChild } from '#host/children.ts'
import { clamdConf } from '#host/clamav-config.ts'
import { refreshSignatures } from '#host/clamav-signatures.ts'
import { clamdSpec, type PreparedClamav } from '#host/clamav.ts'
import { type ProcessSpec, restartDelayMs } from '#host/kept-process.ts'
import * as limits from '#host/limits.ts'
import { serveOperations } from '#host/operations.ts'
import type { PreparedPostgres } from '#host/postgres-cluster.ts'
import { postgresReady, postgresSpec } from '#host/postgres.ts'
import { waitUntil } from '#host/proc.ts'
import { forkSpec } from '#host/role-specs.ts'
import { askStatus } from '#host/status-socket.ts'
import { Supervisor } from '#host/supervisor.ts'

const base = mkdtempSync(join(tmpdir(), 'cjsm-host-limits-'))
const log = newLog('silent', {})
const opened: { close(): unknown }[] = []
after(() => {
  for (const one of opened) one.close()
  rmSync(base, { recursive: true, force: true })
})

/** Says what it is given to say, and then stays until it is killed. */
function talker(said: string): ChildProcess {
  const child = startChild({ program: '/bin/sh', args: ['-c', `${said}; exec sleep 600`], user: null, endsWithUs: 'KILL' })
  opened.push({ close: () => child.kill('SIGKILL') })
  return child
}

/** A Unix socket whose connections are handled so. */
async function serving(name: string, handle: (socket: Socket) => void): Promise<{ path: string; server: Server }> {
  const path = join(base, name)
  const server = createServer((socket) => handle(socket.on('error', () => {})))
  await new Promise<void>((resolve) => server.listen(path, resolve))
  opened.push(server)
  return { path, server }
}

const within = async (work: Promise<unknown>, leastMs: number) => {
  const beganMs = performance.now()
  await work
  const tookMs = performance.now() - beganMs
  assert.ok(tookMs >= leastMs - 10 && tookMs < leastMs + 15_000, `${tookMs} ms`)
}

test('a PostgreSQL that is not ready in its time fails the start, with its last words', async () => {
  const folder = join(base, 'nobody')
  const prepared = { connection: { host: folder, port: 5432, user: 'x', database: 'x' }, log } as unknown as PreparedPostgres
  const child = talker('echo still recovering')
  await once(child.stdout!, 'readable')
  await within(assert.rejects(postgresReady(prepared, child, 300), /did not become ready in 0\.3 s: still recovering/), 300)
})

test('a PostgreSQL or clamd that takes connections and answers nothing is not healthy', async () => {
  mkdirSync(join(base, 'pg'))
  await serving('pg/.s.PGSQL.5432', () => {})
  const connection = { host: join(base, 'pg'), port: 5432, user: 'x', database: 'x' }
  const spec = postgresSpec({ connection } as unknown as PreparedPostgres, 200)
  await within(
    spec.check!(talker(':')).then((why) => assert.equal(why, 'it does not take connections')),
    200,
  )
})

test('a clamd that does not answer in its time is started again; one that does not heed SIGTERM is killed after 3 s', async () => {
  const prepared = { socket: join(base, 'no-clamd.sock'), log } as unknown as PreparedClamav
  const spec = clamdSpec(prepared, 1, 300)
  await within(assert.rejects(spec.ready(talker(':')), /clamd did not become ready in 0\.3 s/), 300)
  assert.deepEqual(spec.stop, { signals: ['SIGTERM', 'SIGKILL'], withinMs: limits.clamdStopMs })
})

test('of a child’s words the last 8 lines are kept, of each 500 characters', async () => {
  const lines = Array.from({ length: limits.maxKeptLines + 1 }, (_, n) => `line ${n}`)
  const talking = async (said: readonly string[]) => {
    const child = startChild({ program: '/bin/sh', args: ['-c', said.map((line) => `echo '${line}'`).join('\n')], user: null })
    const heard = followOutput(child, null)
    await once(child, 'close')
    return heard()
  }
  assert.equal(await talking(lines.slice(1)), lines.slice(1).join('; '))
  assert.equal(await talking(lines), lines.slice(1).join('; '))
  const most = 'x'.repeat(limits.maxLineCharacters)
  assert.equal(await talking([most, `${most}y`]), `${most}; ${most}`)
})

test('restarts wait not at all, then 100 ms, and twice as long each time, up to 5 s', () => {
  const delays = Array.from({ length: 10 }, (_, failures) => restartDelayMs(failures))
  assert.deepEqual(delays, [0, 0, 100, 200, 400, 800, 1600, 3200, 5000, 5000])
  assert.equal(delays.at(-1), limits.mostRestartDelayMs)
})

test('a process that lived for 10 s is started again at once, as after a first crash', async (t) => {
  let nowMs = 0
  const clock: Clock = { now: () => Date.now(), monotonic: () => nowMs }
  const starts: number[] = []
  const spec: ProcessSpec = {
    kind: 'clamd',
    name: 'crashes',
    start: () => {
      starts.push(performance.now())
      return spawn('sleep', ['600'], { stdio: 'ignore' })
    },
    ready: async () => {},
    stop: { signals: ['SIGKILL'], withinMs: 1000 },
  }
  const supervisor = new Supervisor(log, clock)
  t.after(() => supervisor.stop('end of the test'))
  await supervisor.start([[spec]])
  /** Kills it after it lived for so long by the clock; how long its successor was waited for. */
  const crashAfter = async (livedMs: number): Promise<number> => {
    const { pid } = supervisor.status()[0]!
    nowMs += livedMs
    process.kill(pid!, 'SIGKILL')
    const killedMs = performance.now()
    const isBack = () => supervisor.reasons().length === 0 && supervisor.status()[0]!.pid !== pid
    assert.ok(await waitUntil(isBack, 10_000))
    return starts.at(-1)! - killedMs
  }
  for (let crashes = 0; crashes < 4; crashes++) await crashAfter(0)
  assert.ok((await crashAfter(limits.calmAfterMs - 1)) >= 790)
  assert.ok((await crashAfter(limits.calmAfterMs)) < 790)
})

test('a process that does not say that it is ready within a minute is ended', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const ready = forkSpec('jobs', 'jobs', { module: 'x', args: [], stopWithinMs: 1 }).ready(new EventEmitter() as ChildProcess)
  let failed = false
  ready.catch(() => {
    failed = true
  })
  t.mock.timers.tick(limits.roleReadyMs - 1)
  await Promise.resolve()
  assert.equal(failed, false)
  t.mock.timers.tick(1)
  await assert.rejects(ready, /not ready in 60000 ms/)
})

test('clamd is told its limits in the units that it reads', () => {
  const conf = clamdConf({ signatures: '/s', socket: '/k', scratch: '/t' }).split('\n')
  const { files, depth, scanMs, threads, queue, readSeconds, commandSeconds } = limits.clamdLimits
  for (const line of [
    `StreamMaxLength ${limits.clamdLimits.streamMiB}M`,
    `MaxScanSize ${limits.clamdLimits.expandedMiB}M`,
    `MaxFileSize ${limits.clamdLimits.expandedMiB}M`,
    `MaxFiles ${files}`,
    `MaxRecursion ${depth}`,
    `MaxScanTime ${scanMs}`,
    `MaxThreads ${threads}`,
    `MaxQueue ${queue}`,
    `ReadTimeout ${readSeconds}`,
    `CommandReadTimeout ${commandSeconds}`,
    'AlertExceedsMax yes',
    'HeuristicScanPrecedence no',
  ])
    assert.ok(conf.includes(line), line)
})

test('freshclam is given up when its time is over, and before that when nothing arrives', async () => {
  const folder = join(base, 'clamav')
  mkdirSync(join(folder, 'signatures'), { recursive: true })
  const program = (name: string, text: string) => {
    const path = join(base, name)
    writeFileSync(path, `#!/bin/sh\n${text}\n`)
    chmodSync(path, 0o755)
    return { freshclam: path, folder, user: null, env: {}, log }
  }
  const silent = program('silent', 'exec sleep 600')
  await within(refreshSignatures(silent, 60_000, 300), 300)
  const busy = program('busy', `while :; do echo more >> ${folder}/signatures/part; sleep 0.02; done`)
  await within(refreshSignatures(busy, 1500, 500), 1500)
  assert.ok(limits.firstSignaturesMs < limits.signaturesMs)
})

test('a program that is asked, and does not end, is killed when its time is over (apt, clamd --version)', async () => {
  const running = runToEnd({ program: '/bin/sh', args: ['-c', 'echo working; exec sleep 600'], user: null }, 1500)
  await within(running, 1500)
  assert.deepEqual(await running, { code: null, said: 'working' })
})

test('status may say 1 MiB; one octet more is no answer', async () => {
  const text = (octets: number) => JSON.stringify('x'.repeat(octets - 2))
  let octets = limits.maxStatusOctets
  const { path } = await serving('status', (socket) => socket.end(text(octets)))
  assert.equal(await askStatus(path), 'x'.repeat(octets - 2))
  octets++
  assert.equal(await askStatus(path), null)
})

test('the operations listener reads heads of 8 KiB, has 32 connections, and gives each request 10 s', async () => {
  const doors = { log, metrics: async () => '', reasons: () => [], published: async () => null }
  const server = await serveOperations(doors, '127.0.0.1', 0)
  opened.push(server)
  const { headerOctets, connections, requestMs } = limits.operationsLimits
  assert.deepEqual([server.requestTimeout, server.headersTimeout, server.keepAliveTimeout], [requestMs, requestMs, requestMs])
  const open = async () => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
    await once(socket, 'connect')
    return socket
  }
  const ask = async (socket: Socket, octets: number) => {
    const head = 'GET /healthz HTTP/1.1\r\nHost: x\r\nX: '
    socket.write(`${head}${'y'.repeat(octets - head.length - 4)}\r\n\r\n`)
    return String((await once(socket, 'data'))[0]).slice(9, 12)
  }
  assert.equal(await ask(await open(), headerOctets), '200')
  // Node does not count the line and what stands between names and values.
  assert.equal(await ask(await open(), headerOctets + 64), '431')
  server.closeAllConnections()
  const sockets: Socket[] = []
  const none = () => new Promise<boolean>((resolve) => server.getConnections((_, count) => resolve(count === 0)))
  while (!(await none())) await new Promise((resolve) => setTimeout(resolve, 10))
  for (let n = 0; n < connections; n++) sockets.push(await open())
  await once((await open()).resume(), 'close')
  assert.equal(await ask(sockets[0]!, 100), '200')
  for (const socket of sockets) socket.destroy()
})
