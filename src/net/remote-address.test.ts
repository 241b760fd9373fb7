// Addresses as rules and counts see them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Crowd } from '#net/crowd.ts'
import { networkOf, remoteAddressOf } from '#net/remote-address.ts'

test('an IPv4 address that came mapped into IPv6 is an IPv4 address', () => {
  assert.equal(remoteAddressOf({ remoteAddress: '::ffff:192.0.2.7' }), '192.0.2.7')
  assert.equal(remoteAddressOf({ remoteAddress: '2001:db8::1' }), '2001:db8::1')
  assert.equal(remoteAddressOf({ remoteAddress: undefined }), '')
})

test('an IPv6 peer is counted by its /64, an IPv4 peer by its address', () => {
  assert.equal(networkOf('192.0.2.7'), '192.0.2.7')
  for (const address of ['2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'])
    assert.equal(networkOf(address), '2001:db8:1:2::/64')
  assert.equal(networkOf('::1'), '0:0:0:0::/64')
  assert.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0::/64')
  assert.equal(networkOf('2001:db8::1:2:3:4'), '2001:db8:0:0::/64')
})

test('a network has its share of the room, and gets it back', () => {
  const crowd = new Crowd(3, 2)
  assert.deepEqual([crowd.enter('a'), crowd.enter('a'), crowd.enter('a')], [true, true, false])
  assert.deepEqual([crowd.enter('b'), crowd.enter('b')], [true, false])
  crowd.leave('a')
  assert.deepEqual([crowd.enter('b'), crowd.enter('b'), crowd.enter('a')], [true, false, false])
})
