// One instance a data folder: claims, stale pid files, stopping, and starting in the background.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { claimInstance, detach, runningInstance, stopInstance, whyUnanswered } from '#host/instance.ts'
import { startTimeOf } from '#host/proc.ts'

const base = mkdtempSync(join(tmpdir(), 'cjsm-instance-'))
after(() => rmSync(base, { recursive: true, force: true }))
const pidFile = join(base, 'supervisor.pid')
beforeEach(() => rmSync(pidFile, { force: true }))

const here = (file: string) => JSON.stringify(new URL(file, import.meta.url).href)
const program = join(base, 'instance.ts')
writeFileSync(
  program,
  `import { claimInstance, tellStarter } from ${here('./instance.ts')}
   const [folder, how] = process.argv.slice(2)
   if (how === 'crash') {
     console.error('cjsm: the moon is wrong.\\n    at some.ts\\ncjsm: the moon is wrong.')
     process.exit(3)
   }
   const claim = await claimInstance(folder)
   if (claim.kind === 'running') {
     tellStarter({ failed: claim.sentence })
     console.log('refused')
   } else {
     process.on('SIGTERM', () => { if (how !== 'stubborn') { claim.release(); process.exit(0) } })
     setInterval(() => {}, 1000)
     tellStarter({ said: 'a step' })
     tellStarter({ ready: 'serving' })
     console.log('claimed')
   }`,
)
const detached = (how: string, said: string[] = []) => ({
  program: process.execPath,
  args: [program, base, how],
  env: process.env,
  logFile: join(base, 'service.log'),
  readyWithinMs: 10_000,
  tell: (text: string) => said.push(text),
})

test('nobody runs where there is no pid file, and a claim is seen until it is released', async () => {
  assert.equal(runningInstance(base), null)
  const claim = await claimInstance(base)
  assert.equal(claim.kind, 'claimed')
  assert.deepEqual(runningInstance(base), { pid: process.pid, startTime: startTimeOf(process.pid) })
  if (claim.kind === 'claimed') claim.release()
  assert.equal(runningInstance(base), null)
})

test('a pid file whose process is gone, or whose pid belongs to another process now, or that is cut short, is stale', async () => {
  const gone = spawn('true')
  await once(gone, 'exit')
  for (const text of [`${gone.pid} 12345\n`, `${process.pid} 1\n`, `${process.pid}\n`, '', 'x y\n']) {
    writeFileSync(pidFile, text)
    assert.equal(runningInstance(base), null, text)
    const claim = await claimInstance(base)
    assert.equal(claim.kind, 'claimed')
  }
})

test('of ten that start at once on one data folder, one claims it and nine are refused', async () => {
  const starters = Array.from({ length: 10 }, () =>
    spawn(process.execPath, [program, base], { stdio: ['ignore', 'pipe', 'inherit'] }),
  )
  const said = await Promise.all(starters.map(async (starter) => String((await once(starter.stdout, 'data'))[0]).trim()))
  for (const starter of starters) starter.kill('SIGTERM')
  assert.deepEqual(said.sort(), ['claimed', ...Array.from({ length: 9 }, () => 'refused')])
})

test('why nobody answers: nobody runs, or not for us, or it is busy; a folder that may not be looked into is a sentence', async () => {
  const own = mkdtempSync(join(base, 'own-')) // a starter of the test before may still be ending
  assert.equal(whyUnanswered(own), 'not-running')
  assert.equal((await claimInstance(own)).kind, 'claimed')
  assert.equal(whyUnanswered(own), 'not-answering')
  assert.throws(() => whyUnanswered(program), { name: 'OperatorFault', message: /cannot be used: / })
  if (process.getuid?.() !== 0) return
  for (const folder of [base, own]) chmodSync(folder, 0o711)
  const look = `import { whyUnanswered } from ${here('./instance.ts')}
    process.setuid(65534)
    process.stdout.write(whyUnanswered(${JSON.stringify(own)}))`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', look], { encoding: 'utf8' })
  assert.equal(stdout, 'not-permitted')
})

test('a second start shows the commands with the options by which the instance was named', async () => {
  const own = mkdtempSync(join(base, 'own-'))
  writeFileSync(join(own, 'supervisor.pid'), `${process.ppid} ${startTimeOf(process.ppid)}\n`)
  const claim = await claimInstance(own, ' --data /srv/a')
  assert.ok(claim.kind === 'running')
  assert.match(claim.sentence, /: \.\/cjsm status --data \/srv\/a shows it, \.\/cjsm down --data \/srv\/a stops it\.$/)
})

test('a guard that a crash left does not hold a start up', async () => {
  const guard = join(base, 'supervisor.guard')
  mkdirSync(guard)
  utimesSync(guard, 0, 0)
  assert.equal((await claimInstance(base)).kind, 'claimed')
})

test('a detached instance tells its steps, is refused a second time with a sentence, logs to its file, and is stopped by its pid file', async () => {
  const said: string[] = []
  const { pid, ready } = await detach(detached('well', said))
  assert.equal(ready, 'serving')
  assert.deepEqual(said, ['a step'])
  assert.equal(runningInstance(base)?.pid, pid)
  await assert.rejects(detach(detached('well')), new RegExp(`running already on this data folder, as process ${pid}`))
  assert.equal(await stopInstance(base, (text) => said.push(text)), 'stopped')
  assert.equal(said.at(-1), `Stopping process ${pid} ...`)
  assert.equal(startTimeOf(pid), null)
  assert.equal(await stopInstance(base, () => {}), 'not-running')
  assert.match(readFileSync(join(base, 'service.log'), 'utf8'), /claimed/)
})

test('a detached instance that ends at once is a failure with its reason, and with no other’s', async () => {
  writeFileSync(join(base, 'service.log'), 'cjsm: it was the day before.\n')
  await assert.rejects(detach(detached('crash')), (fault: Error) => {
    assert.equal(
      fault.message,
      `It did not start: it ended with code 3; the moon is wrong (more in ${join(base, 'service.log')})`,
    )
    return true
  })
})

test('an instance that does not stop in time is said to run still', async () => {
  const { pid } = await detach(detached('stubborn'))
  assert.equal(await stopInstance(base, () => {}, 200), 'still-running')
  process.kill(pid, 'SIGKILL')
})
