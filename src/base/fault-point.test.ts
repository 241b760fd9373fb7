// The places where the crash tests end a process: once for each file, and never without the variable.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

const folder = mkdtempSync(join(tmpdir(), 'cjsm-fault-point-'))
after(() => rmSync(folder, { recursive: true }))
const program = `import { faultPoint } from '${new URL('fault-point.ts', import.meta.url)}'; faultPoint('before-commit'); console.log('lives')`

function reach(environment: Record<string, string>) {
  const { CJSM_TEST_FAULT_POINTS: _, ...without } = process.env
  return spawnSync(process.execPath, ['--input-type=module-typescript', '-e', program], {
    env: { ...without, ...environment },
    encoding: 'utf8',
  })
}

test('a process that reaches an armed fault point is ended, and the next one is not', () => {
  const environment = { CJSM_TEST_FAULT_POINTS: folder }
  writeFileSync(join(folder, 'before-commit'), '')
  writeFileSync(join(folder, 'after-commit'), '')
  const first = reach(environment)
  assert.equal(first.signal, 'SIGKILL')
  assert.equal(first.stdout, '')
  assert.deepEqual(readdirSync(folder), ['after-commit'])
  assert.equal(reach(environment).stdout, 'lives\n')
})

test('without the variable a fault point does nothing', () => {
  writeFileSync(join(folder, 'before-commit'), '')
  assert.equal(reach({}).stdout, 'lives\n')
})
