// The limit of descriptors, as the kernel says it.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { descriptorLimit, descriptorWarning, raiseDescriptorLimit } from '#host/descriptors.ts'
import { wantedDescriptors } from '#host/limits.ts'
import { netLimits, netLimitsWithin } from '#net/limits.ts'
import { needs } from '#test/support/instance.ts'

test('the limit is what a shell that we start sees too, and it is never lowered', () => {
  const before = descriptorLimit()
  const raised = raiseDescriptorLimit()
  assert.ok(raised >= before)
  assert.equal(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim(), String(raised))
})

const prlimit = spawnSync('sh', ['-c', 'command -v prlimit'], { encoding: 'utf8' }).stdout.trim()
/** Whether we may raise a hard limit: root in a container may not. */
const mayRaise = spawnSync(prlimit, ['--nofile=64:64', prlimit, '--nofile=128:128', 'true']).status === 0

/** What a process that was started with that limit says after raising it: its limit, and that of what it starts. */
function raisedFrom(limit: number, path = process.env.PATH): string {
  const program = `
    import { execFileSync } from 'node:child_process'
    import { raiseDescriptorLimit } from '${new URL('descriptors.ts', import.meta.url)}'
    const raised = raiseDescriptorLimit()
    console.log(raised, execFileSync('/bin/sh', ['-c', 'ulimit -n; ulimit -Hn'], { encoding: 'utf8' }).trim().split('\\n').join(' '))`
  const args = [`--nofile=${limit}:${limit}`, process.execPath, '--input-type=module-typescript', '-e', program]
  return execFileSync(prlimit, args, { encoding: 'utf8', env: { ...process.env, PATH: path } }).trim()
}

test(
  'root raises a limit that is too low, for itself and what it starts; who may not goes on with what there is',
  needs('prlimit'),
  (t) => {
    const low = mayRaise ? wantedDescriptors : 512
    if (!mayRaise) t.diagnostic('this user may not raise a hard limit (CAP_SYS_RESOURCE)')
    assert.equal(raisedFrom(512), `${low} ${low} ${low}`)
    if (mayRaise)
      assert.equal(
        raisedFrom(wantedDescriptors + 1),
        Array(3)
          .fill(wantedDescriptors + 1)
          .join(' '),
      )
  },
)

test('only root asks for a higher limit, only for one that is too low, and for itself', needs('prlimit'), () => {
  const folder = mkdtempSync(join(tmpdir(), 'cjsm-descriptors-'))
  after(() => rmSync(folder, { recursive: true }))
  const asked = join(folder, 'asked')
  writeFileSync(join(folder, 'prlimit'), `#!/bin/sh\necho "$PPID $*" >> ${asked}\n`, { mode: 0o755 })
  raisedFrom(512, folder)
  const said = existsSync(asked) ? readFileSync(asked, 'utf8') : ''
  const expected = new RegExp(`^(\\d+) --pid \\1 --nofile=${wantedDescriptors}:${wantedDescriptors}\\n$`)
  assert.match(said, process.getuid?.() === 0 ? expected : /^$/)
  if (descriptorLimit() < wantedDescriptors) return
  raisedFrom(wantedDescriptors, folder)
  assert.equal(existsSync(asked) ? readFileSync(asked, 'utf8') : '', said)
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
