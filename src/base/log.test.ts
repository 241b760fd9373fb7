// The log and the metrics: one line a record, and no fault's text in it.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { BadCommand, Unavailable, refused, unreachable } from '#base/faults.ts'
import { describeFault, newLog } from '#base/log.ts'
import { newMetrics } from '#base/metrics.ts'

const folder = mkdtempSync(join(tmpdir(), 'cjsm-log-'))
after(() => rmSync(folder, { recursive: true }))

test('each record is one line of JSON with its level, time and base, whatever is in its fields', () => {
  const file = join(folder, 'one.log')
  const log = newLog('info', { process: 'test' }, file)
  log.debug({}, 'not written')
  log.info({ hostile: 'a\r\nb\u001b[31m\u2028\u202e\u0085\u009b\u2066\ufeff"}{' }, 'said')
  log.child({ part: 'x' }).error({ count: 3 }, 'failed')
  newLog('info', { process: 'other' }, file).warn({}, 'appended')
  const text = readFileSync(file, 'utf8')
  const lines = text.trimEnd().split('\n')
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.deepEqual(
    records.map(({ level, message, process, part }) => [level, message, process, part]),
    [
      ['info', 'said', 'test', undefined],
      ['error', 'failed', 'test', 'x'],
      ['warn', 'appended', 'other', undefined],
    ],
  )
  assert.equal(records[0]!.hostile, 'a\r\nb\u001b[31m\u2028\u202e\u0085\u009b\u2066\ufeff"}{')
  assert.ok(records.every(({ time }) => new Date(String(time)).getTime() > 0))
  assert.equal(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text), false)
})

test('a fault is named by class, code and place, for each cause, and never by its text', () => {
  class RowFault extends Error {
    override name = 'RowFault'
    code = '23505'
    detail = 'Key (name)=(canary) already exists.'
  }
  const fault = new Unavailable('database', {
    cause: new RowFault('canary text /src/canary.ts:12', { cause: new TypeError('canary') }),
  })
  const described = describeFault(fault)
  assert.match(
    described,
    /^Unavailable at src\/base\/log\.test\.ts:\d+ < RowFault 23505 at src\/base\/log\.test\.ts:\d+ < TypeError at src\/base\/log\.test\.ts:\d+$/,
  )
  assert.equal(described.includes('canary'), false)
  assert.deepEqual(
    [describeFault('canary'), describeFault(undefined), describeFault({ message: 'canary' })],
    ['string', 'undefined', 'object'],
  )
  const odd = Object.assign(new Error('canary'), { code: 'canary code with spaces' })
  assert.equal(describeFault(odd).includes('canary'), false)
})

test('a circle of causes ends', () => {
  const fault = new Error('x')
  fault.cause = fault
  assert.ok(describeFault(fault).length < 400)
})

test('the three kinds of error say what they are', () => {
  assert.deepEqual(refused('G01', 'a-slug', 'about', 'remedy'), {
    kind: 'refused',
    clause: 'G01',
    reason: 'a-slug',
    about: 'about',
    remedy: 'remedy',
  })
  assert.deepEqual(
    [new BadCommand('x').name, new Unavailable('scanner').part, new Unavailable('keys').message],
    ['BadCommand', 'scanner', 'keys is not available'],
  )
  assert.throws(
    () => unreachable('canary' as never),
    (thrown: Error) => !thrown.message.includes('canary'),
  )
})

test('metrics bear the labels of their process', async () => {
  const metrics = newMetrics({ process: 'worker-1' })
  metrics.counter('cjsm_tests_total', 'Tests', ['kind']).inc({ kind: 'unit' }, 2)
  metrics.gauge('cjsm_tests_open', 'Open').set(3)
  metrics.histogram('cjsm_tests_seconds', 'Time', [1, 2]).observe(1.5)
  const text = await metrics.registry.metrics()
  assert.match(text, /cjsm_tests_total\{kind="unit",process="worker-1"\} 2/)
  assert.match(text, /cjsm_tests_open\{process="worker-1"\} 3/)
  assert.match(text, /cjsm_tests_seconds_bucket\{le="2",process="worker-1"\} 1/)
})
