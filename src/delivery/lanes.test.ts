// Lanes: batches without a timer, results to their own items, faults to their own items.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newLanes } from '#delivery/lanes.ts'

/** Lanes whose work waits until the test lets a batch go. */
function waiting(o: { lanes: number; most: number }) {
  const batches: { items: number[]; go(): void; fail(fault: Error): void }[] = []
  const lanes = newLanes<number, string>({
    ...o,
    work: (items) =>
      new Promise((resolve, reject) =>
        batches.push({
          items,
          go: () =>
            resolve(
              items.map((item) =>
                item < 0 ? { status: 'rejected', reason: new Error(`no ${item}`) } : { status: 'fulfilled', value: `r${item}` },
              ),
            ),
          fail: reject,
        }),
      ),
  })
  return { lanes, batches }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a free lane takes what is there at once; what comes meanwhile goes together, in order, at most so many', async () => {
  const { lanes, batches } = waiting({ lanes: 2, most: 3 })
  const results = Promise.all([1, 2, 3, 4, 5, 6, 7].map((item) => lanes.submit(item)))
  assert.deepEqual(
    batches.map((batch) => batch.items),
    [[1], [2]],
  )
  batches[1]!.go()
  await turn()
  assert.deepEqual(batches[2]!.items, [3, 4, 5])
  batches[0]!.go()
  await turn()
  assert.deepEqual(batches[3]!.items, [6, 7])
  batches[3]!.go()
  batches[2]!.go()
  assert.deepEqual(await results, ['r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7'])
  const later = lanes.submit(8)
  assert.deepEqual(batches[4]!.items, [8])
  batches[4]!.go()
  assert.equal(await later, 'r8')
})

test('the fault of one item is its own; the fault of the work itself is everybody’s in the batch, and the lane goes on', async () => {
  const { lanes, batches } = waiting({ lanes: 1, most: 10 })
  const all = [1, 2, -3, 4].map((item) => lanes.submit(item))
  const settled = Promise.allSettled(all)
  batches[0]!.go()
  await turn()
  batches[1]!.go()
  assert.deepEqual(
    (await settled).map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as Error).message)),
    ['r1', 'r2', 'no -3', 'r4'],
  )
  const [fifth, sixth] = [lanes.submit(5), lanes.submit(6)]
  batches[2]!.fail(new Error('all'))
  await assert.rejects(fifth, /all/)
  await turn()
  batches[3]!.go()
  assert.equal(await sixth, 'r6')
})
