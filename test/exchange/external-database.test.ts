// An external PostgreSQL: refused in a sentence when a 250 could be lost in it, and served from when not.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createTransport } from 'nodemailer'
import pg from 'pg'
import { newLog } from '#base/log.ts'
import { startPostgres } from '#host/postgres.ts'
import { serviceUser } from '#host/privileges.ts'
import { startInstance } from '#test/support/instance.ts'

const scratch = mkdtempSync(join(tmpdir(), 'cjsm-external-'))
chmodSync(scratch, 0o711)
after(() => rmSync(scratch, { recursive: true, force: true }))

async function external(name: string, settings: Record<string, string>) {
  const folders = { folder: join(scratch, name), runFolder: join(scratch, `${name}-run`) }
  const postgres = await startPostgres({ ...folders, user: serviceUser(), log: newLog('silent', {}), settings })
  after(() => postgres.stop('immediate'))
  return postgres.connectionString
}

for (const setting of ['fsync', 'full_page_writes', 'synchronous_commit']) {
  test(`an external database that runs with ${setting}=off is refused, and the sentence names it`, async () => {
    const url = await external(setting, { [setting]: 'off' })
    await assert.rejects(startInstance({ environment: { CJSM_DATABASE_URL: url } }), new RegExp(`${setting}=off`))
  })
}

test('an external database that is not there is said, without its password', async () => {
  const environment = { CJSM_DATABASE_URL: 'postgresql://someone:hidden-word@127.0.0.1:1/cjsm' }
  await assert.rejects(startInstance({ environment }), (fault: Error) => {
    assert.match(fault.message, /databaseUrl cannot be reached \(ECONNREFUSED\)/)
    assert.doesNotMatch(fault.message, /hidden-word/)
    return true
  })
})

test('an external database serves the same exchange, and no PostgreSQL of our own is started', async () => {
  const url = await external('fit', {})
  const instance = await startInstance({ environment: { CJSM_DATABASE_URL: url } })
  const [from, to] = [instance.person('barrister'), instance.person('prosecutor')]
  const smtp = createTransport({
    host: 'localhost',
    port: instance.ports.submissions,
    secure: true,
    tls: { rejectUnauthorized: false },
    auth: { user: from.userName, pass: from.devicePassword },
  })
  const { response } = await smtp.sendMail({ from: from.address, to: to.address, subject: 'advice', text: 'advice' })
  assert.match(response, /250 2\.0\.0 Delivered to 1/)
  smtp.close()
  const { processes } = JSON.parse(instance.cjsm('status', '--json').stdout) as { processes: { kind: string }[] }
  assert.ok(!processes.some((one) => one.kind === 'postgres'))
  const client = new pg.Client(url)
  await client.connect()
  const { rows } = await client.query('select count(*)::int as copies from copy')
  await client.end()
  assert.equal(rows[0].copies, 1)
})
