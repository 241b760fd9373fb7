// The limit of descriptors, as the kernel says it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { descriptorLimit, descriptorWarning, raiseDescriptorLimit } from '#host/descriptors.ts'
import { wantedDescriptors } from '#host/limits.ts'
import { netLimits, netLimitsWithin } from '#net/limits.ts'

test('the limit is what a shell that we start sees too, and it is never lowered', () => {
  const before = descriptorLimit()
  const raised = raiseDescriptorLimit()
  assert.ok(raised >= before)
  assert.equal(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim(), String(raised))
})

test('an operator is told of a limit that is too low, and of no other', () => {
  assert.equal(descriptorWarning(wantedDescriptors), null)
  assert.match(descriptorWarning(wantedDescriptors - 1)!, /ulimit -n/)
})

test('connections are fewer where there are fewer descriptors, so that ours is the limit that is met', () => {
  assert.deepEqual(netLimitsWithin(1_000_000, 3), netLimits)
  assert.equal(netLimitsWithin(20_000, 3).connections, 5000)
  assert.equal(netLimitsWithin(1024, 3).connections, 256)
})
