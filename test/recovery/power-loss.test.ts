// Power loss: the whole service stands on a disk that forgets what was not synced; every 250 is there afterwards. design.md, what 250 means. Issue: the core, proved.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { newAgreement } from '#test/support/agreement.ts'
import { startInstance } from '#test/support/instance.ts'
import { allServe, killEverything, until } from '#test/support/kills.ts'
import { type LoopDisk, makeLoopDisk } from '#test/support/loop-disk.ts'
import { openCommunity } from '#test/support/numbered.ts'
import { openLedger, startTraffic } from '#test/support/traffic.ts'

const losses = process.env.CJSM_LONG === '1' ? 50 : 2
const answersBefore = 60
/** Below what the service wants free by default: the image is small. */
const diskFloorOctets = String(16 * 1024 * 1024)

test(`after ${losses} losses of power every message that was answered 250 is in its mailboxes once, with its evidence`, {
  skip: process.getuid?.() === 0 ? false : 'left out: only root can mount a disk to lose the power of',
  timeout: losses * 120_000,
}, async (context) => {
  let disk!: LoopDisk
  const instance = await startInstance({
    environment: { CJSM_DISK_FLOOR_OCTETS: diskFloorOctets },
    prepare(data) {
      disk = makeLoopDisk(data)
      return () => disk.remove()
    },
  })
  const scratch = mkdtempSync(join(tmpdir(), 'cjsm-power-loss-')) // on another disk
  const ledger = await openLedger(join(scratch, 'ledger'))
  after(async () => {
    await ledger.close()
    rmSync(scratch, { recursive: true, force: true })
  })
  const community = await openCommunity(instance)
  const agreement = newAgreement(instance, community)
  let firstNumber = 0
  for (let loss = 1; loss <= losses; loss++) {
    disk.sync() // the accounts, and what was checked before: what is at stake is the mail
    const traffic = startTraffic({ port: instance.ports.submissions, community, ledger, restMs: 0, firstNumber })
    try {
      await until('messages are answered', () => traffic.answered >= answersBefore)
      await killEverything(instance)
      disk.losePower()
      const started = instance.cjsm(...instance.up)
      assert.equal(started.status, 0, started.stdout + started.stderr)
      await traffic.finish()
    } catch (fault) {
      await traffic.abandon()
      throw fault
    }
    firstNumber = traffic.nextNumber
    await allServe(instance)
    const answers = await ledger.read()
    const wrong = await agreement.check(answers)
    assert.deepEqual(wrong, [], `${wrong.length} disagreements after loss ${loss}`)
    context.diagnostic(
      `loss ${loss}: ${answers.length} answers in all, ${answers.filter((one) => one.again).length} of them to a retry`,
    )
  }
})
