// The crash harness: mail flows while processes are ended by SIGKILL and acknowledgements are lost; afterwards ledger, mailboxes and evidence agree. design.md, what 250 means. Issue: the core, proved.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { newAgreement } from '#test/support/agreement.ts'
import { startCuttingProxy } from '#test/support/cutting-proxy.ts'
import { startInstance } from '#test/support/instance.ts'
import { type Kill, allServe, faultPointFolder, kill, until } from '#test/support/kills.ts'
import { fetchPublished, readWholeLog } from '#test/support/monitor.ts'
import { openCommunity } from '#test/support/numbered.ts'
import { rotationPoints } from '#test/support/rotations.ts'
import { openLedger, startTraffic } from '#test/support/traffic.ts'

/** One round: 19 kills of our processes, 3 of PostgreSQL. */
const kills: readonly Kill[] = [
  ...Array<Kill>(3).fill('end-of-data'),
  ...Array<Kill>(3).fill('before-commit'),
  ...Array<Kill>(3).fill('after-commit'),
  'content-stored',
  'checkpoint-signed',
  ...rotationPoints,
  'worker',
  'jobs',
  'keys',
  'clamd',
  'postgres back end',
  'postgres back end',
  'postmaster',
]
/** Cuts of a committed message's acknowledgement; what is cut may also be a 451, and is not counted then. */
const cutsEachRound = 15
/** Retries that a kill makes rather than a cut, each for one message at least. */
const endedAfterCommit = kills.filter((what) => what === 'after-commit').length
/** 134 rounds are 2,546 kills of ours, 402 of PostgreSQL and 2,010 cuts. */
const rounds = process.env.CJSM_LONG === '1' ? Number(process.env.CJSM_TEST_ROUNDS ?? 134) : 1
/** What must be answered between two kills, so that each falls into traffic. */
const answersBetween = 6
const restMs = 30
/** Parts of the long run that go beside one another have fewer rounds, and seeds of their own. */
const seed = Number(process.env.CJSM_TEST_SEED ?? 20_261_121)

const faults = faultPointFolder()
const scratch = mkdtempSync(join(tmpdir(), 'cjsm-crash-'))
const instance = await startInstance({ environment: { CJSM_TEST_FAULT_POINTS: faults } })
const community = await openCommunity(instance)
const ledger = await openLedger(join(scratch, 'ledger'))
const proxy = await startCuttingProxy(instance.ports.submissions)
after(async () => {
  await proxy.close()
  await ledger.close()
  for (const folder of [faults, scratch]) rmSync(folder, { recursive: true, force: true })
})

const random = newRandom(seed)
const agreement = newAgreement(instance, community)

/** Mulberry32: the same plan at every run. */
function newRandom(from: number): (below: number) => number {
  let state = from
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const left = [...items]
  return items.map(() => left.splice(random(left.length), 1)[0]!)
}

/** Sends, kills and cuts until the round's plan is done and every message has its answer; returns the first number of the next round. */
async function runRound(firstNumber: number): Promise<number> {
  const cutsBefore = proxy.cuts
  const cuts = () => proxy.cuts - cutsBefore
  const enough = () =>
    (cuts() >= cutsEachRound && traffic.again >= cutsEachRound + endedAfterCommit) || cuts() >= 2 * cutsEachRound
  let marked = 0
  const traffic = startTraffic({
    port: proxy.port,
    community,
    ledger,
    restMs,
    firstNumber,
    beforeContent(localPort) {
      if (!enough() && marked++ % 4 === 0) proxy.cutNextReply(localPort)
    },
  })
  try {
    for (const what of shuffled(kills)) {
      const from = traffic.answered
      await until('messages are answered', () => traffic.answered >= from + answersBetween)
      await kill(instance, faults, what, random)
    }
    await until('the acknowledgements are cut', enough)
    await traffic.finish()
  } catch (fault) {
    await traffic.abandon()
    throw fault
  }
  await allServe(instance)
  return traffic.nextNumber
}

let firstNumber = 0
let monitored: readonly Buffer[] = []
for (let round = 1; round <= rounds; round++) {
  const title = `round ${round}: after ${kills.length} kills and ${cutsEachRound} lost acknowledgements nothing is lost, nothing is there twice, and the evidence is complete`
  test(title, { timeout: 300_000 }, async (context) => {
    firstNumber = await runRound(firstNumber)
    const answers = await ledger.read()
    const wrong = await agreement.check(answers)
    assert.deepEqual(wrong, [], `${wrong.length} disagreements`)
    const verified = instance.cjsm('verify', '--all')
    assert.equal(verified.status, 0, verified.stdout + verified.stderr)
    const seen = await readWholeLog((path) => fetchPublished(instance.ports.operations, path))
    assert.ok(
      monitored.every((leaf, at) => leaf.equals(seen.leaves[at]!)),
      'what a monitor saw of the log before is not there any more',
    )
    monitored = seen.leaves
    const of = (code: number) => answers.filter((one) => one.code === code).length
    const again = answers.filter((one) => one.again).length
    context.diagnostic(`so far ${of(250)} × 250 (${again} to a retry), ${of(550)} × 550, ${of(452)} × 452; ${proxy.cuts} cut`)
    assert.ok(again >= (cutsEachRound + endedAfterCommit) * round, `only ${again} retries were recognised`)
  })
}
