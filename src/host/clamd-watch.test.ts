// A clamd that is not ours: whether it answers is known within seconds, and nothing is started or ended. T19
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { newLog } from '#base/log.ts'
import { pingClamd } from '#host/clamav.ts'
import { watchClamd } from '#host/clamd-watch.ts'
import { checkEveryMs } from '#host/limits.ts'
import { waitUntil } from '#host/proc.ts'
import { startTestClamd } from '#test/support/clamd.ts'

const folder = mkdtempSync(join(tmpdir(), 'cjsm-clamd-watch-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const socket = join(folder, 'clamd.sock')
const log = newLog('silent', {})
const silent = `it does not answer at ${socket} (clamdSocket)`

test('T19: a clamd of the operator’s that does not answer is not healthy, and is again when it does', async () => {
  const watch = await watchClamd(socket, () => pingClamd(socket, 500), log)
  const why = () => watch.status().why
  assert.deepEqual([watch.status().healthy, why(), watch.status().pid], [false, silent, null])
  const clamd = await startTestClamd(socket)
  assert.ok(await waitUntil(() => why() === null, 4 * checkEveryMs))
  clamd.mode = 'silent'
  assert.ok(await waitUntil(() => why() === silent, 4 * checkEveryMs))
  watch.close()
  await clamd.close()
})

test('what was known of it stays while nobody can be asked', async () => {
  let answer: boolean | undefined = false
  const watch = await watchClamd(socket, async () => answer, log)
  answer = undefined
  let asked = 0
  const other = await watchClamd(
    socket,
    async () => {
      asked++
      throw new Error('nobody')
    },
    log,
  )
  assert.ok(await waitUntil(() => asked > 1, 4 * checkEveryMs))
  assert.deepEqual([watch.status().healthy, other.status().healthy], [false, true])
  watch.close()
  other.close()
})
