// The name of the record's log: what the settings say where it is yet to begin, and what it began as ever after. G14
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig, SettingError } from '#config.ts'
import { logOriginOf } from '#roles/log-origin.ts'

const named = (CJSM_HOST_NAME: string, CJSM_LOG_ORIGIN: string) =>
  readConfig({ CJSM_DATA_FOLDER: '/srv/cjsm', CJSM_HOST_NAME, CJSM_LOG_ORIGIN })

test('a log that is yet to begin is named by the settings (G14)', () => {
  assert.equal(logOriginOf(named('mail.example', ''), null), 'mail.example/evidence')
  assert.equal(logOriginOf(named('mail.example', 'log.example/a'), null), 'log.example/a')
})

test('a log keeps the name that it began with when hostName changes, and another logOrigin is refused, with both names (G14)', () => {
  const began = 'mail.old.example/evidence'
  assert.equal(logOriginOf(named('mail.new.example', ''), began), began)
  assert.equal(logOriginOf(named('mail.new.example', began), began), began)
  assert.throws(
    () => logOriginOf(named('mail.old.example', 'log.example/a'), began),
    (fault) =>
      fault instanceof SettingError &&
      fault.message ===
        'logOrigin is log.example/a, but the record began as mail.old.example/evidence, which never changes: give that, or leave it out.',
  )
})
