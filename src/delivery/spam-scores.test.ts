// What waits for the spam engine: a bounded queue, asked one at a time, of plain fields and text only. T23
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newMetrics } from '#base/metrics.ts'
import { inspect, octetsOf } from '#delivery/inspect.ts'
import { maxWaiting, newSpamScores } from '#delivery/spam-scores.ts'

const raw = Buffer.from(
  [
    'From: a@x.example',
    'Received: from secret.internal',
    'X-Protective-Marking: VER=2018.4, SEC=RESTRICTED',
    `X-Mailer: ${'x'.repeat(2_000)}`,
    'Subject: list of witnesses',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain; charset=utf-8',
    '',
    'See attached.',
    '--b',
    'Content-Type: application/pdf; name="plan.pdf"',
    '',
    'CONTENT OF THE FILE',
    '--b--',
    '',
  ].join('\r\n'),
)
const inspected = await inspect(octetsOf(raw))

/** An engine that answers when it is told to. */
function engineInHand() {
  const asked: { message: string; answer: (isSpam: boolean) => void; fail: () => void }[] = []
  return {
    asked,
    isThere: async () => true,
    readsAsSpam: (message: Buffer) =>
      new Promise<boolean>((resolve, reject) => {
        asked.push({ message: message.toString(), answer: resolve, fail: () => reject(new Error('away')) })
      }),
  }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('the engine gets plain fields and the text; no attachment, no marking, no long field (T23)', async () => {
  const engine = engineInHand()
  newSpamScores({ engine, metrics: newMetrics({}), scored: async () => {} }).ask('a', inspected)
  assert.equal(
    engine.asked[0]?.message,
    [
      'From: a@x.example',
      'Subject: list of witnesses',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 8bit',
      '',
      'See attached.',
      '',
    ].join('\r\n'),
  )
})

test('one is asked at a time, at most 16 wait, and what finds no place or no answer is counted and passed over (T23)', async () => {
  const engine = engineInHand()
  const metrics = newMetrics({})
  const scored: [string, boolean][] = []
  const scores = newSpamScores({ engine, metrics, scored: async (account, isSpam) => void scored.push([account, isSpam]) })
  for (let count = 0; count < maxWaiting + 3; count++) scores.ask(`account ${count}`, inspected)
  assert.equal(engine.asked.length, 1)
  engine.asked[0]!.answer(true)
  await turn()
  engine.asked[1]!.fail()
  await turn()
  engine.asked[2]!.answer(false)
  for (let count = 3; count < maxWaiting + 1; count++) {
    await turn()
    assert.equal(engine.asked.length, count + 1)
    engine.asked[count]!.answer(true)
  }
  await turn()
  assert.equal(engine.asked.length, maxWaiting + 1)
  assert.deepEqual(scored.slice(0, 2), [
    ['account 0', true],
    ['account 2', false],
  ])
  const text = await metrics.registry.metrics()
  for (const [said, count] of [
    ['spam', maxWaiting - 1],
    ['no spam', 1],
    ['nothing', 1],
    ['not asked', 2],
  ])
    assert.match(text, new RegExp(`said="${said}"\\} ${count}\\b`))
  scores.ask('later', inspected)
  assert.equal(engine.asked.length, maxWaiting + 2)
})
