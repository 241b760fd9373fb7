// The sql tag and packed octets.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pack, sql } from '#store/sql.ts'

test('values become parameters and never text', () => {
  const hostile = `'; drop table account; --`
  const query = sql`select ${hostile}::text where ${1} = ${2}`
  assert.equal(query.text, 'select $1::text where $2 = $3')
  assert.deepEqual(query.values, [hostile, 1, 2])
})

test('a statement keeps its name over calls and processes, and another text has another name', () => {
  const one = (value: number) => sql`select ${value}`
  assert.equal(one(1).name, one(2).name)
  assert.equal(one(1).name, sql`select ${3}`.name)
  assert.equal(one(1).name, 'N1-hIz8fCaiYSEVS2bP5IbGp')
  assert.notEqual(one(1).name, sql`select  ${1}`.name)
  assert.notEqual(sql`select ${1}, ${2}`.name, sql`select ${1}`.name)
})

test('a query in a query becomes a part of its text, its parameters counted on, and each composition has a name of its own', () => {
  const gate = (value: boolean) => sql`where ${value}`
  const outer = (inner: ReturnType<typeof sql>) => sql`insert ${1} select ${2} ${inner} order by ${3}`
  const query = outer(gate(true))
  assert.equal(query.text, 'insert $1 select $2 where $3 order by $4')
  assert.deepEqual(query.values, [1, 2, true, 3])
  assert.equal(outer(gate(false)).name, query.name)
  const other = outer(sql`where true`)
  assert.equal(other.text, 'insert $1 select $2 where true order by $3')
  assert.deepEqual(other.values, [1, 2, 3])
  assert.notEqual(other.name, query.name)
  assert.deepEqual(sql`select ${[1, 2]}, ${gate(true)}`.values, [[1, 2], true], 'an array stays one value')
})

test('packed pieces are told apart again by their places, null and empty ones too', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.uint8Array({ maxLength: 40 }))), (arrays) => {
      const pieces = arrays.map((array) => (array === null ? null : Buffer.from(array)))
      const { octets, starts, lengths } = pack(pieces)
      const back = starts.map((start, index) =>
        lengths[index] === null ? null : octets.subarray(start - 1, start - 1 + lengths[index]!),
      )
      assert.deepEqual(back, pieces)
    }),
    { seed: 1, numRuns: 200 },
  )
})
