// The supervisor with real children: order, restarts, hung and failing ones, shared sockets, draining, and what is left when it is killed.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { newLog } from '#base/log.ts'
import { bindPorts } from '#host/bound-ports.ts'
import type { ProcessSpec } from '#host/kept-process.ts'
import { startTimeOf, waitUntil } from '#host/proc.ts'
import { forkSpec, type RoleProcess } from '#host/role-specs.ts'
import { askRole } from '#host/role-messages.ts'
import { Supervisor } from '#host/supervisor.ts'

const base = mkdtempSync(join(tmpdir(), 'cjsm-supervisor-'))
after(() => rmSync(base, { recursive: true, force: true }))
const log = newLog('silent', {})
const here = (file: string) => JSON.stringify(new URL(file, import.meta.url).href)

const roleModule = join(base, 'role.ts')
writeFileSync(
  roleModule,
  `import { appendFileSync } from 'node:fs'
   import { createServer } from 'node:net'
   import { newLog } from ${here('../base/log.ts')}
   import { inheritedPort } from ${here('./bound-ports.ts')}
   import { startRole } from ${here('./role.ts')}
   const [name, journal, serves] = process.argv.slice(2)
   const note = (what) => appendFileSync(journal, name + ' ' + what + '\\n')
   const server = createServer((link) => link.end(String(process.pid)))
   const drain = async () => {
     server.close()
     await new Promise((done) => setTimeout(done, 50))
     note('drained')
   }
   const answers = new Map([['name', () => name], ['crash', () => setImmediate(() => { throw new Error('canary') })]])
   const role = startRole({ log: newLog('info', {}), drain, drainWithinMs: 5000, answers })
   if (serves !== undefined) await new Promise((done) => server.listen(inheritedPort(0), done))
   setInterval(() => {}, 1000) // nothing but its supervisor's end ends it
   note('ready')
   role.ready()`,
)

const journal = join(base, 'journal')
function role(name: string, over: Partial<RoleProcess> = {}): RoleProcess {
  return { module: roleModule, args: [name, journal], stopWithinMs: 8_000, ...over }
}

const gone = (pid: number) => startTimeOf(pid) === null

test('stages start in order and end in the opposite order, each drained before the one under it', async () => {
  writeFileSync(journal, '')
  const supervisor = new Supervisor(log)
  await supervisor.start([[forkSpec('keys', 'keys', role('keys'))], [forkSpec('jobs', 'jobs', role('jobs'))]])
  assert.deepEqual(supervisor.reasons(), [])
  assert.deepEqual(
    supervisor.status().map(({ kind, healthy }) => [kind, healthy]),
    [
      ['keys', true],
      ['jobs', true],
    ],
  )
  assert.deepEqual(await supervisor.ask(['keys', 'jobs'], 'name', 5_000), ['keys', 'jobs'])
  assert.deepEqual(await supervisor.ask(['jobs'], 'no such question', 50), [])
  const pids = supervisor.status().map(({ pid }) => pid!)
  await Promise.all([supervisor.stop('end of the test'), supervisor.stop('twice')])
  assert.ok(pids.every(gone))
  assert.equal(readFileSync(journal, 'utf8'), 'keys ready\njobs ready\njobs drained\nkeys drained\n')
  assert.deepEqual(supervisor.reasons(), ['the service is stopping'])
})

test('a killed process is back within 5 s, and one that crashes by itself too', async () => {
  const supervisor = new Supervisor(log)
  await supervisor.start([[forkSpec('jobs', 'jobs', role('jobs'))]])
  try {
    const first = supervisor.status()[0]!.pid!
    const backAfter = (pid: number) => () => supervisor.reasons().length === 0 && supervisor.status()[0]!.pid !== pid
    process.kill(first, 'SIGKILL')
    assert.ok(await waitUntil(backAfter(first), 5_000))
    const second = supervisor.status()[0]!.pid!
    await supervisor.ask(['jobs'], 'crash', 1_000)
    assert.ok(await waitUntil(backAfter(second), 5_000))
    assert.equal(supervisor.status()[0]!.restarts, 2)
  } finally {
    await supervisor.stop('end of the test')
  }
})

function scripted(
  starts: (attempt: number) => ChildProcess,
  over: Partial<ProcessSpec> = {},
): { spec: ProcessSpec; at: number[] } {
  const at: number[] = []
  const start = () => {
    at.push(performance.now())
    return starts(at.length)
  }
  return {
    at,
    spec: {
      kind: 'clamd',
      name: 'scripted',
      start,
      ready: async () => {},
      stop: { signals: ['SIGTERM'], withinMs: 300 },
      ...over,
    },
  }
}

test('what crashes again and again is started again at once, then after 100 ms, 200 ms, 400 ms', async () => {
  const { spec, at } = scripted((attempt) => spawn(attempt <= 4 ? 'false' : 'cat', { stdio: ['pipe', 'ignore', 'ignore'] }), {
    ready: (child) => once(child, 'never').then(() => {}),
    required: false,
  })
  const supervisor = new Supervisor(log)
  await supervisor.start([[spec]])
  assert.ok(await waitUntil(() => at.length === 5, 10_000))
  assert.match(supervisor.reasons().join(), /scripted: /)
  await supervisor.stop('end of the test')
  const delays = at.slice(1).map((time, index) => time - at[index]!)
  for (const [index, least] of [0, 100, 200, 400].entries()) assert.ok(delays[index]! >= least - 5, `${delays}`)
})

test('a required process that does not come up ends the start with its reason, and what stood is stopped', async () => {
  const supervisor = new Supervisor(log)
  const { spec } = scripted(() => spawn('false'), { ready: (child) => once(child, 'never').then(() => {}) })
  await assert.rejects(supervisor.start([[forkSpec('keys', 'keys', role('keys'))], [spec]]), /scripted: it ended with code 1/)
  assert.equal(supervisor.status()[0]!.pid, null)
  const missing = scripted(() => spawn(join(base, 'no-such-program')))
  await assert.rejects(new Supervisor(log).start([[missing.spec]]), /scripted: /)
})

test('what does not heed its signal is killed, and stopping waits for what is still starting', async () => {
  const stubborn = scripted(() => spawn('sh', ['-c', "trap '' TERM; while :; do sleep 0.05; done"]))
  const supervisor = new Supervisor(log)
  await supervisor.start([[stubborn.spec]])
  await supervisor.stop('end of the test')
  assert.equal(supervisor.status()[0]!.pid, null)

  const slow = scripted(() => spawn('cat'), { ready: () => new Promise(() => {}) })
  const second = new Supervisor(log)
  const starting = second.start([[slow.spec]])
  assert.ok(await waitUntil(() => second.status()[0]?.pid != null, 5_000))
  await second.stop('end of the test')
  await assert.rejects(starting, /stopped/)
})

test('a check that finds fault makes the process unhealthy, with the reason, and healthy again when it passes', async () => {
  let why: string | null = null
  const { spec } = scripted(() => spawn('cat'), { check: async () => why })
  const supervisor = new Supervisor(log)
  await supervisor.start([[spec]])
  assert.deepEqual(supervisor.reasons(), [])
  why = 'it is tired'
  assert.ok(await waitUntil(() => supervisor.reasons().join() === 'scripted: it is tired', 10_000))
  why = null
  assert.ok(await waitUntil(() => supervisor.reasons().length === 0, 10_000))
  assert.equal(supervisor.status()[0]!.restarts, 0)
  await supervisor.stop('end of the test')
})

test('a process that hangs is ended and started again after its time, and one that is slow for a while is not', async () => {
  const answers = (child: ChildProcess) =>
    askRole(child, 'ping', 200).then(
      () => null,
      () => 'it does not answer',
    )
  let busy = 0
  const isBusy = () => busy++ === 0
  const supervisor = new Supervisor(log)
  await supervisor.start([[{ ...forkSpec('jobs', 'jobs', role('jobs', { restartAfterMs: 1_000 })), check: answers, isBusy }]])
  try {
    const first = supervisor.status()[0]!.pid!
    process.kill(first, 'SIGSTOP')
    assert.ok(await waitUntil(() => supervisor.reasons().join() === 'jobs: it does not answer', 10_000))
    process.kill(first, 'SIGCONT')
    assert.ok(await waitUntil(() => supervisor.reasons().length === 0, 10_000))
    assert.equal(supervisor.status()[0]!.pid, first)
    process.kill(first, 'SIGSTOP')
    assert.ok(await waitUntil(() => supervisor.status()[0]!.restarts === 1 && supervisor.reasons().length === 0, 20_000))
    assert.ok(gone(first))
    assert.equal(busy, 2, 'what is busy is not ended')
    assert.deepEqual(await supervisor.ask(['jobs'], 'name', 5_000), ['jobs'])
  } finally {
    await supervisor.stop('end of the test')
  }
})

const mainModule = join(base, 'main.ts')
writeFileSync(
  mainModule,
  `import { newLog } from ${here('../base/log.ts')}
   import { bindPorts } from ${here('./bound-ports.ts')}
   import { forkSpec, workerSpecs } from ${here('./role-specs.ts')}
   import { Supervisor } from ${here('./supervisor.ts')}
   const [journal, port, count] = process.argv.slice(2)
   const supervisor = new Supervisor(newLog('silent', {}))
   const role = (name) => ({ module: ${JSON.stringify(roleModule)}, args: [name, journal], stopWithinMs: 8000 })
   const { descriptors } = await bindPorts('127.0.0.1', [Number(port)])
   const workers = workerSpecs(Number(count), { ...role('worker'), args: ['worker', journal, 'serves'], inherits: descriptors })
   await supervisor.start([[forkSpec('keys', 'keys', role('keys'))], workers])
   process.on('SIGTERM', () => supervisor.stop('SIGTERM').then(() => process.exit(0)))
   console.log(JSON.stringify(supervisor.status().map(({ pid }) => pid)))`,
)

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function startMain(port: number, workers: number): Promise<{ main: ChildProcess; pids: number[] }> {
  const args = [mainModule, journal, String(port), String(workers)]
  const main = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [printed] = await once(main.stdout!, 'data')
  return { main, pids: JSON.parse(String(printed)) as number[] }
}

async function whoAnswers(port: number): Promise<number> {
  const link = connect(port, '127.0.0.1')
  const [said] = await once(link, 'data')
  link.destroy()
  return Number(String(said))
}

test('workers share a port, drain on SIGTERM, and end by themselves when the supervisor is killed', async () => {
  writeFileSync(journal, '')
  const port = await freePort()
  const { main, pids } = await startMain(port, 2)
  assert.equal(pids.length, 3)
  const [, one, other] = pids as [number, number, number]
  for (const [hung, serves] of [
    [one, other],
    [other, one],
  ] as const) {
    process.kill(hung, 'SIGSTOP')
    for (let turn = 0; turn < 4; turn++) assert.equal(await whoAnswers(port), serves)
    process.kill(hung, 'SIGCONT')
  }
  const exited = once(main, 'exit')
  main.kill('SIGTERM')
  assert.deepEqual((await exited)[0], 0)
  assert.ok(pids.every(gone))
  assert.deepEqual(readFileSync(journal, 'utf8').trim().split('\n').slice(-3), [
    'worker drained',
    'worker drained',
    'keys drained',
  ])

  appendFileSync(journal, 'again\n')
  const again = await startMain(port, 2)
  again.main.kill('SIGKILL')
  assert.ok(await waitUntil(() => again.pids.every(gone), 5_000), 'a child outlived its supervisor')
})

test('while the only worker starts again, who calls waits and is answered by its successor', async (t) => {
  const port = await freePort()
  const { main, pids } = await startMain(port, 1)
  t.after(() => main.kill('SIGKILL'))
  const first = pids[1]!
  assert.equal(await whoAnswers(port), first)
  process.kill(first, 'SIGKILL')
  assert.ok(await waitUntil(() => gone(first), 5_000))
  const answered = await Promise.all(Array.from({ length: 20 }, () => whoAnswers(port)))
  assert.equal(new Set(answered).size, 1)
  assert.notEqual(answered[0], first)
  const exited = once(main, 'exit')
  main.kill('SIGTERM')
  await exited
  await assert.rejects(whoAnswers(port), { code: 'ECONNREFUSED' })
})

test('a port that another program has, or that is none of ours, is told before anybody inherits it', async () => {
  const { createServer } = await import('node:net')
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await assert.rejects(bindPorts('127.0.0.1', [port]), { message: `Port ${port} cannot be had on 127.0.0.1.` })
  server.close()
  await assert.rejects(bindPorts('192.0.2.1', [port]), { message: `Port ${port} cannot be had on 192.0.2.1.` })
})

test('Ctrl-C reaches the whole group, and ends nothing but through the supervisor', async () => {
  const supervisor = new Supervisor(log)
  await supervisor.start([[forkSpec('jobs', 'jobs', role('jobs'))]])
  const { pid } = supervisor.status()[0]!
  process.kill(pid!, 'SIGINT')
  process.kill(pid!, 'SIGHUP')
  assert.deepEqual(await supervisor.ask(['jobs'], 'name', 5_000), ['jobs'])
  assert.equal(supervisor.status()[0]!.pid, pid)
  await supervisor.stop('end of the test')
})
