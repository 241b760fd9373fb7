// The command `witness`: what it refuses at its start. C2SP tlog-witness
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { randomOctets } from '#base/ids.ts'
import { newSigner } from '#keys/note.ts'

const folder = mkdtempSync(join(tmpdir(), 'cjsm-witness-command-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const main = fileURLToPath(new URL('../main.ts', import.meta.url))
const key = newSigner('mail.cjsm.test/evidence', 'author', randomOctets(32)).verifier
const args = (data: string, origin = 'mail.cjsm.test/evidence') =>
  [main, 'witness', '--origin', origin, '--log-key', key, '--listen', '127.0.0.1:0', '--data', join(folder, data)] as const

test('a name of which there is no key is refused, and the log’s name is said', () => {
  const refused = spawnSync(process.execPath, args('one', 'wrong origin'), { encoding: 'utf8', timeout: 60_000 })
  assert.notEqual(refused.status, 0)
  assert.match(refused.stderr, /No key of --log-key is of wrong origin: .*\(mail\.cjsm\.test\/evidence\)/)
})

test('one witness a folder, each of a name of its own', async () => {
  const names: string[] = []
  const running = ['one', 'two'].map((data) => spawn(process.execPath, args(data), { stdio: ['ignore', 'pipe', 'inherit'] }))
  after(() => running.map((one) => one.kill('SIGTERM')))
  for (const one of running) names.push(/^Witness ([^+]+)\+/.exec(String((await once(one.stdout, 'data'))[0]))![1]!)
  assert.equal(new Set(names).size, 2)
  for (const name of names) assert.match(name, /^witness-[0-9a-f]{8}$/)
  const second = spawnSync(process.execPath, args('one'), { encoding: 'utf8', timeout: 60_000 })
  assert.notEqual(second.status, 0)
  assert.match(second.stderr, new RegExp(`A witness runs on .*one already, as process ${running[0]!.pid}`))
  running[0]!.kill('SIGTERM')
  await once(running[0]!, 'exit')
  const [next] = running.splice(0, 1, spawn(process.execPath, args('one'), { stdio: ['ignore', 'pipe', 'inherit'] }))
  assert.equal(next!.exitCode, 0)
  assert.match(String((await once(running[0]!.stdout!, 'data'))[0]), new RegExp(`^Witness ${names[0]}\\+`))
})
