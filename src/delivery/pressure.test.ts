// Back-pressure: as much is let in as can be done in a second, by what was done of late; and a burst on an idle service is not turned away.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pressure } from '#delivery/pressure.ts'

/** A worker that finishes so many a second, first come first served, on a clock of its own. */
function newWorker() {
  let nowMs = 0
  const pressure = new Pressure({ now: () => nowMs, monotonic: () => nowMs })
  const waiting: { sinceMs: number; finish(): void }[] = []
  const waits: number[] = []
  let turnedAway = 0
  return {
    waiting,
    /** How long each that was finished since the last call waited. */
    waits: () => waits.splice(0),
    turnedAway: () => turnedAway,
    async run(seconds: number, offeredPerSecond: number, finishedPerSecond: number): Promise<void> {
      let [offered, due] = [0, 0]
      for (const endMs = nowMs + seconds * 1000; nowMs < endMs; nowMs += 10) {
        for (offered += offeredPerSecond / 100; offered >= 1; offered--) {
          if (pressure.isFull(100)) turnedAway++
          else {
            const { promise, resolve } = Promise.withResolvers<void>()
            waiting.push({ sinceMs: nowMs, finish: resolve })
            void pressure.during(() => promise)
          }
        }
        due = Math.min(due + finishedPerSecond / 100, Math.max(1, waiting.length))
        for (; due >= 1 && waiting.length > 0; due--) {
          const one = waiting.shift()!
          waits.push(nowMs - one.sinceMs)
          one.finish()
        }
        await Promise.resolve()
        await new Promise(setImmediate)
      }
    },
  }
}

test('what is offered within what can be done is never turned away, and neither is a burst on an idle service', async () => {
  const worker = newWorker()
  await worker.run(3, 300, 400)
  await worker.run(0.1, 1_900, 400)
  await worker.run(3, 100, 400)
  assert.equal(worker.turnedAway(), 0)
})

test('at four times what can be done, what is let in waits a second or little more, and nothing is turned away once that is over', async () => {
  for (const perSecond of [60, 400, 2_000]) {
    const worker = newWorker()
    await worker.run(2, perSecond / 2, perSecond)
    worker.waits()
    await worker.run(12, 4 * perSecond, perSecond)
    const waits = worker.waits()
    assert.ok(
      Math.max(...waits.slice(waits.length / 2)) <= 1_500,
      `${Math.max(...waits.slice(waits.length / 2))} ms at ${perSecond}`,
    )
    assert.ok(Math.max(...waits) < 5_000, `${Math.max(...waits)} ms at first, at ${perSecond}`)
    assert.ok(waits.length >= 11.5 * perSecond, `${waits.length} done: it was never idle`)
    const turnedAway = worker.turnedAway()
    assert.ok(turnedAway > 2 * 12 * perSecond)
    await worker.run(4, perSecond / 2, perSecond)
    const after = worker.turnedAway()
    await worker.run(4, perSecond / 2, perSecond)
    assert.equal(worker.turnedAway(), after)
  }
})

test('when nothing is finished any more, 64 are let in and the others are told', async () => {
  const worker = newWorker()
  await worker.run(10, 400, 400)
  await worker.run(20, 1_000, 0)
  const { length } = worker.waiting
  const before = worker.turnedAway()
  await worker.run(1, 1_000, 0)
  assert.equal(worker.waiting.length, length)
  assert.equal(worker.turnedAway(), before + 1_000)
  assert.ok(length <= 1_000, `${length}`)
  await worker.run(20, 0, 400)
  assert.equal(worker.waiting.length, 0)
  await worker.run(1, 400, 400)
  assert.equal(worker.turnedAway(), before + 1_000)
})
