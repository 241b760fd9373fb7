// Ids, random octets and months. RFC 9562
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { monthOf, mostApartMs, steadyNow, systemClock } from '#base/clock.ts'
import { idOctets, idText, newId, newIdSeries, randomId, randomOctets } from '#base/ids.ts'

test('ids are UUIDv7 that sort by their time (RFC 9562 §5.7)', () => {
  const times = [0, 1, 0x0123_4567_89ab, 1_700_000_000_000, 1_700_000_000_001, 2 ** 48 - 1]
  const ids = times.map(newId)
  assert.deepEqual([...ids].sort(), ids)
  for (const [index, id] of ids.entries()) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.equal(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16), times[index])
    assert.equal(idText(idOctets(id)), id)
  }
})

test('ids of one millisecond are all different, over more draws than the pool holds', () => {
  assert.equal(new Set(Array.from({ length: 20_000 }, () => newId(1))).size, 20_000)
  assert.match(randomId(), /^[0-9a-f]{8}-[0-9a-f]{4}-4/)
})

test('random octets are never handed out twice, nor changed by later draws', () => {
  const drawn = Array.from({ length: 3_000 }, () => randomOctets(16))
  const seen = drawn.map((octets) => octets.toString('hex'))
  assert.equal(new Set(seen).size, 3_000)
  for (let times = 0; times < 1000; times++) randomOctets(32)
  assert.deepEqual(
    drawn.map((octets) => octets.toString('hex')),
    seen,
  )
  assert.equal(randomOctets(0).length, 0)
})

test('months are counted in UTC, and change with the year', () => {
  assert.equal(monthOf(Date.UTC(1970, 0, 1)), 1970 * 12)
  assert.equal(monthOf(Date.UTC(2026, 0, 31, 23, 59, 59, 999)) + 1, monthOf(Date.UTC(2026, 1, 1)))
  assert.equal(monthOf(Date.UTC(2025, 11, 31)) + 1, monthOf(Date.UTC(2026, 0, 1)))
  assert.ok(monthOf(Date.UTC(2099, 11, 1)) < 65_536)
  const before = systemClock.monotonic()
  assert.ok(systemClock.monotonic() >= before && Math.abs(systemClock.now() - Date.now()) < 1000)
})

test('a series never goes back, whatever the clock does, and begins anew with each millisecond (RFC 9562 §6.2)', () => {
  const next = newIdSeries()
  const tenYearsMs = 315_576_000_000
  const times = [1_000_000, 1_000_000, 1_000_000 + tenYearsMs, 1_000_000, 999_999, 1_000_000 + tenYearsMs + 5]
  const ids = [...times.map(next), ...Array.from({ length: 10_000 }, () => next(7))]
  assert.deepEqual([...ids].sort(), ids)
  assert.equal(new Set(ids).size, ids.length)
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(Number.parseInt(ids[0]!.replaceAll('-', '').slice(0, 12), 16), 1_000_000)
})

test('steady time is the wall clock’s while that agrees with the monotonic one to an hour, and does not follow a jump', () => {
  let wallMs = 1_000_000_000
  let monotonicMs = 5
  const now = steadyNow({ now: () => wallMs, monotonic: () => monotonicMs })
  monotonicMs += 1000
  wallMs += 1000 + mostApartMs
  assert.equal(now(), wallMs)
  wallMs++
  assert.equal(now(), 1_000_001_000)
  wallMs = 0
  assert.equal(now(), 1_000_001_000)
})
