// A setting that only a worker can find wrong: the start ends at once and says which one it is; the worker does not stay for the connections that it holds already.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startInstance } from '#test/support/instance.ts'

/** A process that is given up because it does not say that it is ready is waited for longer. */
const atOnceMs = 45_000

test('country data that is none ends the start at once, with a sentence that names the setting', async () => {
  const fromMs = performance.now()
  await assert.rejects(startInstance({ environment: { CJSM_COUNTRY_DATA: import.meta.filename } }), (fault: Error) => {
    assert.match(fault.message, /countryData: \S+ is not a country database \(\.mmdb\)/)
    assert.match(fault.message, /worker-1: it ended with code 2/)
    return true
  })
  assert.ok(performance.now() - fromMs < atOnceMs)
})
