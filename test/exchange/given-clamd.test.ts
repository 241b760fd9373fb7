// A clamd of the operator's at which nobody answers: the start says so, and status and /readyz, until it does. T19
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { startTestClamd } from '#test/support/clamd.ts'
import { startInstance } from '#test/support/instance.ts'

const folder = mkdtempSync(join(tmpdir(), 'cjsm-given-clamd-'))
chmodSync(folder, 0o711)
after(() => rmSync(folder, { recursive: true, force: true }))
const socket = join(folder, 'clamd.sock')
const instance = await startInstance({ environment: { CJSM_CLAMD_SOCKET: socket } })
const readiness = async () => (await fetch(`http://127.0.0.1:${instance.ports.operations}/readyz`)).status
const why = `clamd: it does not answer at ${socket} (clamdSocket)`

test('T19: a clamd that nobody serves is named by `up`, by status and by /readyz', async () => {
  assert.ok(instance.said.replace(/\s+/g, ' ').includes(`WARNING: ${why}: no mail is accepted until it does.`), instance.said)
  const status = instance.cjsm('status')
  assert.equal(status.status, 1)
  assert.match(status.stdout, /^ *clamd +- .*it does not answer at /m)
  const answer = await fetch(`http://127.0.0.1:${instance.ports.operations}/readyz`)
  assert.deepEqual([answer.status, await answer.json()], [503, { ready: false, reasons: [why] }])
})

test('T19: all is well within seconds of its answering, if the service’s own user may ask it', async () => {
  const clamd = await startTestClamd(socket)
  after(() => clamd.close())
  chmodSync(socket, 0o777)
  for (const untilMs = Date.now() + 20_000; (await readiness()) !== 200; await wait(200)) assert.ok(Date.now() < untilMs)
  assert.equal(instance.cjsm('status').status, 0)
  if (process.getuid?.() !== 0) return
  chmodSync(socket, 0o700)
  for (const untilMs = Date.now() + 20_000; (await readiness()) !== 503; await wait(200)) assert.ok(Date.now() < untilMs)
})
