// Allowances and arrivals over a time that the test gives.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Allowance } from '#net/allowance.ts'
import { Arrivals } from '#net/arrivals.ts'
import { maxNetworksRemembered, netLimits } from '#net/limits.ts'

test('an allowance is used up at its limit, refills with time, and never holds more than at first', () => {
  const allowance = new Allowance(3, 2, 0)
  assert.deepEqual(
    [1, 1, 1, 1].map((count) => allowance.take(count, 0)),
    [true, true, true, false],
  )
  assert.equal(allowance.take(1, 499), false)
  assert.equal(allowance.take(1, 500), true)
  assert.equal(allowance.take(3, 60_000), true)
  assert.equal(allowance.take(1, 60_000), false)
  allowance.take(-100, 60_000)
  assert.equal(allowance.isWhole(60_000), true)
  assert.equal(allowance.take(4, 60_000), false)
})

test('each network has arrivals of its own, at the limit and one past it', () => {
  const arrivals = new Arrivals({ ...netLimits, arrivalsPerNetwork: 2, arrivalsPerSecond: 1 })
  assert.deepEqual(
    ['a', 'a', 'a', 'b'].map((network) => arrivals.enter(network, 0)),
    [true, true, false, true],
  )
  arrivals.giveBack('a', 0)
  assert.equal(arrivals.enter('a', 0), true)
  assert.equal(arrivals.enter('a', 999), false)
  assert.equal(arrivals.enter('a', 1000), true)
})

test('more networks than are remembered cost no more memory, and are let in', () => {
  const arrivals = new Arrivals(netLimits)
  for (let n = 0; n < 3 * maxNetworksRemembered; n += 1) assert.equal(arrivals.enter(`192.0.2.${n}`, 0), true)
  assert.ok(arrivals.size <= maxNetworksRemembered)
})

test('the defaults are those that the documents name', () => {
  assert.deepEqual(netLimits, {
    connections: 5000,
    connectionsPerNetwork: 500,
    arrivalsPerNetwork: 500,
    arrivalsPerSecond: 50,
    handshakes: 400,
    handshakesPerNetwork: 50,
    handshakeMs: 15_000,
    writeMs: 300_000,
    lingerMs: 2000,
    lingerOctets: 1_048_576,
    readAheadOctets: 16_384,
    smallPieces: 20_000,
    smallPiecesPerSecond: 100,
    octetsPerPiece: 64,
  })
})
