// The ballast: there while there is room, given back when space is nearly gone, made again afterwards. G20
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { newLog } from '#base/log.ts'
import { newBallast } from '#host/ballast.ts'

const folder = mkdtempSync(join(tmpdir(), 'cjsm-ballast-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const file = join(folder, 'ballast')
const octets = 2_500_000
let freeOctets = 0
const options = { file, octets, giveBackBelow: 1000, makeAbove: 5000, log: newLog('silent', {}) }
const settle = newBallast({ ...options, look: async () => ({ freeOctets, freeInodes: 1 }) })

test('G20 the ballast is made when there is room for it behind the floor, given back when space is nearly gone, and made again', async () => {
  freeOctets = octets + 4999
  assert.equal(await settle(), false)
  freeOctets = octets + 5000
  assert.equal(await settle(), true)
  assert.equal(statSync(file).size, octets)
  assert.ok(statSync(file).blocks * 512 >= octets, 'it takes up what it holds')
  freeOctets = 1000
  assert.equal(await settle(), true)
  freeOctets = 999
  assert.equal(await settle(), false)
  assert.equal(existsSync(file), false)
  freeOctets = octets + 5000
  assert.equal(await settle(), true)
})

test('a ballast that cannot be made leaves nothing behind and ends nothing', async () => {
  rmSync(file)
  const elsewhere = join(folder, 'file')
  writeFileSync(elsewhere, '')
  freeOctets = octets + 5000
  const lost = newBallast({ ...options, file: join(elsewhere, 'ballast'), look: async () => ({ freeOctets, freeInodes: 1 }) })
  assert.equal(await lost(), false)
  assert.deepEqual(readdirSync(folder), ['file'])
})
