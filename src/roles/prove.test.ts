// The commands that prove, as far as what was typed goes. G14
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError, parseCommand } from '#cli/command.ts'
import { verify } from '#roles/prove.ts'

test('verify takes a receipt or --all, never both, so that no receipt is passed over (G14)', async () => {
  for (const typed of [
    ['receipt.json', '--all'],
    ['--all', '--key', 'keys'],
    ['--all', '--witnesses', '0'],
    ['--all', '--message', 'sent.eml'],
  ]) {
    const { config, options } = parseCommand('verify', typed, { CJSM_DATA_FOLDER: '/srv/cjsm' })
    await assert.rejects(
      verify(config, options, () => {}),
      (fault) => fault instanceof UsageError && /^verify takes a receipt or --all, not both\./.test(fault.message),
    )
  }
})
