// Getting ClamAV without root's rights: a download through apt, which is slow, so it runs with CJSM_SLOW=1 only.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runToEnd } from '#host/children.ts'
import { unpackByApt, unpackedIn } from '#host/clamav-programs.ts'

const base = mkdtempSync(join(tmpdir(), 'cjsm-apt-'))
after(() => rmSync(base, { recursive: true, force: true }))

test('ClamAV is downloaded with a private state, unpacked, and runs from there', {
  skip: process.env.CJSM_SLOW !== '1' && 'CJSM_SLOW=1',
}, async () => {
  const folder = join(base, 'programs')
  // As on a machine that has nothing: whatever clamd needs is fetched.
  await unpackByApt(folder, '/dev/null')
  const programs = unpackedIn(folder)
  assert.notEqual(programs, null)
  for (const program of [programs!.clamd, programs!.freshclam!]) {
    const asked = await runToEnd({ program, args: ['--version'], user: null, env: programs!.env }, 20_000)
    assert.equal(asked.code, 0, asked.said)
    assert.match(asked.said, /^ClamAV \d/)
  }
})
