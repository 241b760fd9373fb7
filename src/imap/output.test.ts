// What a session writes: in blocks, in order, and no more than the client takes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Output } from '#imap/output.ts'

/** A connection that takes a block only when it is told to. */
function stubbornConnection() {
  const blocks: string[] = []
  const takers: (() => void)[] = []
  const write = (octets: string | Buffer) => {
    blocks.push(octets.toString('latin1'))
    return new Promise<void>((resolve) => takers.push(resolve))
  }
  return { blocks, takers, write }
}

test('pieces of one turn go out as one block, text and octets in their order', async () => {
  const connection = stubbornConnection()
  const output = new Output(connection, 1000)
  for (const piece of ['* 1 ', Buffer.from([0xe9]), '\xe9', ' end']) assert.equal(output.put(piece), null)
  assert.deepEqual(connection.blocks, [])
  await nextTurn()
  await nextTurn()
  assert.deepEqual(connection.blocks, ['* 1 \xe9\xe9 end'])
})

test('behind a client that does not read nothing grows: one block is written, one gathered, and then the command waits', async () => {
  const connection = stubbornConnection()
  const output = new Output(connection, 100)
  let gathered = 0
  let waiting: Promise<void> | null = null
  while (waiting === null && gathered < 10_000) {
    waiting = output.put('0123456789')
    gathered += 10
    await nextTurn()
  }
  assert.equal(gathered, 110)
  assert.deepEqual(connection.blocks, ['0123456789'])
  connection.takers[0]!()
  await nextTurn()
  assert.equal(connection.blocks.length, 2)
  connection.takers[1]!()
  await waiting
  assert.equal(output.written, 110)
})

test('a failed write is met by who waits next', async () => {
  const output = new Output({ write: () => Promise.reject(new Error('gone')) }, 100)
  output.put('x')
  await nextTurn()
  await nextTurn()
  await assert.rejects(output.flush(), /gone/)
})
