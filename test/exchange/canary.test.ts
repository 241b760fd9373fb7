// Not one word of mail is readable in any file at rest: canary words by every path, then every file searched; and the same search red with a seal that does nothing.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createTransport } from 'nodemailer'
import { newLog } from '#base/log.ts'
import type { DemoPerson } from '#cli/demonstration.ts'
import { startPostgres } from '#host/postgres.ts'
import { serviceUser } from '#host/privileges.ts'
import { theService } from '#keys/epoch.ts'
import { aesGcmZstd, type Sealing, tagOctets } from '#keys/sealing.ts'
import { sql } from '#store/sql.ts'
import { zipOf } from '#test/support/archives.ts'
import { findWords, type Sighting } from '#test/support/canary.ts'
import { imapClient } from '#test/support/imap-client.ts'
import { startInstance } from '#test/support/instance.ts'
import { testService } from '#test/support/service.ts'

/** A word for each path that mail takes into the service; é makes the encodings differ. */
const words = {
  subject: 'kanarienvogel-betreff-é-4711',
  body: 'kanarienvogel-körper-é-4712',
  html: 'kanarienvogel-markup-é-4713',
  fileName: 'kanarienvogel-datei-4714.txt',
  attachment: 'kanarienvogel-anhang-é-4715',
  large: 'kanarienvogel-gross-é-4716',
  folder: 'kanarienvogel-ordner-é-4717',
  draft: 'kanarienvogel-entwurf-é-4718',
  search: 'kanarienvogel-suche-é-4719',
  refused: 'kanarienvogel-abgelehnt-é-4720',
  held: 'kanarienvogel-angehalten-é-4721',
}

interface Target {
  readonly ports: { submissions: number; imaps: number }
  readonly from: DemoPerson
  readonly to: DemoPerson
}

async function sendEverywhere({ ports, from, to }: Target): Promise<void> {
  const tls = { rejectUnauthorized: false }
  const smtp = createTransport({
    host: 'localhost',
    port: ports.submissions,
    secure: true,
    tls,
    auth: { user: from.userName, pass: from.devicePassword },
  })
  const filler = Array.from({ length: 40_000 }, (_, line) => `${line}: ${Math.sin(line)}`).join('\n')
  const message = { from: from.address, to: to.address, html: `<p>${words.html}</p>`, text: words.body }
  await smtp.sendMail({
    ...message,
    subject: words.subject,
    attachments: [{ filename: words.fileName, content: words.attachment }],
  })
  await smtp.sendMail({ ...message, subject: 'large', text: `${words.large}\n${filler}\n${words.large}` })
  await assert.rejects(smtp.sendMail({ ...message, subject: `SECRET - ${words.refused}`, text: `SECRET\n${words.refused}` }))
  const locked = zipOf('a.txt', Buffer.from('x'), 1)
  const held = { ...message, html: `<p>${words.held}</p>`, text: words.held, subject: `held ${words.held}` }
  const { response } = await smtp.sendMail({ ...held, attachments: [{ filename: 'a.zip', content: locked }] })
  assert.match(response, /Held for 1/)
  smtp.close()
  const imap = imapClient(ports.imaps, to, { tls })
  await imap.connect()
  await imap.mailboxCreate(words.folder)
  await imap.append(words.folder, `From: ${to.address}\r\nSubject: ${words.draft}\r\n\r\n${words.draft}\r\n`, ['\\Draft'])
  const lock = await imap.getMailboxLock('INBOX')
  assert.equal((imap.mailbox as { exists: number }).exists, 2)
  for await (const found of imap.fetch('1:*', { source: true, envelope: true })) assert.ok(found.source!.length > 0)
  await imap.search({ body: words.search })
  await imap.messageCopy('1', words.folder)
  await imap.messageMove('1', 'Archive')
  lock.release()
  await imap.logout()
}

const secretsOf = (people: readonly DemoPerson[]) =>
  people.flatMap((one) => [one.password, one.devicePassword, one.devicePassword.replaceAll('-', '')])

test('T01 no word of mail and no password is readable in any file of a running or stopped instance', async () => {
  const instance = await startInstance()
  const chosen = instance.cjsm(
    'set-unscannable',
    '--organisation',
    instance.person('prosecutor').organisation,
    '--choice',
    'hold',
  )
  assert.equal(chosen.status, 0, chosen.stdout + chosen.stderr)
  await sendEverywhere({ ports: instance.ports, from: instance.person('prosecutor'), to: instance.person('solicitor') })
  const all = [...Object.values(words), ...secretsOf(instance.people)]
  const demoFile = join(instance.data, 'demo.json')
  assert.ok(readFileSync(demoFile, 'utf8').includes(instance.people[0]!.password))
  assert.deepEqual(findWords(instance.data, all, [demoFile]), [])
  assert.equal(instance.cjsm('down').status, 0)
  assert.deepEqual(findWords(instance.data, all, [demoFile]), [])
})

/** Seals nothing and compresses nothing: what the search must find. No setting of the product does this. */
const identity: Sealing = {
  seal: (_key, _nonce, _associated, plain, before = Buffer.alloc(0)) => Buffer.concat([before, plain, Buffer.alloc(tagOctets)]),
  unseal: (_key, _nonce, _associated, sealed) => sealed.subarray(0, sealed.length - tagOctets),
  compress: (octets) => octets,
  decompress: (octets) => octets,
}

async function wordsAtRest(sealing: Sealing): Promise<Sighting[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cjsm-canary-'))
  chmodSync(folder, 0o711)
  const postgres = await startPostgres({
    folder: join(folder, 'postgres'),
    runFolder: join(folder, 'run'),
    user: serviceUser(),
    log: newLog('silent', {}),
  })
  const shared = process.env.CJSM_TEST_DATABASE
  process.env.CJSM_TEST_DATABASE = postgres.connectionString
  const service = await testService({ sealing })
  // Behind the service's own: it drops its database first.
  after(async () => {
    await postgres.stop('immediate')
    rmSync(folder, { recursive: true, force: true })
  })
  process.env.CJSM_TEST_DATABASE = shared
  if (shared === undefined) delete process.env.CJSM_TEST_DATABASE
  const { database, organisations, wordings } = service.domains
  const { id } = (await organisations.list()).find(({ name }) => name === service.person('prosecutor').organisation)!
  await database.transaction((tx) => wordings.setWording(tx, theService, id, { unscannable: 'hold' }))
  const ports = { submissions: service.faces.submissions.port, imaps: service.faces.imaps.port }
  await sendEverywhere({ ports, from: service.person('prosecutor'), to: service.person('solicitor') })
  // Into the tables' own files too: in the log a word may stand across two pages, where no search finds it.
  await database.run(sql`checkpoint`)
  const found = [...findWords(folder, Object.values(words)), ...findWords(service.folders.root, Object.values(words))]
  await service.close()
  return found
}

test('the same search finds every stored word when the seal does nothing, and none with the real one', async () => {
  const bare = new Set((await wordsAtRest(identity)).map((sighting) => sighting.word))
  const stored = Object.entries(words).filter(([path]) => path !== 'search')
  assert.deepEqual(
    stored.filter(([, word]) => !bare.has(word)).map(([path]) => path),
    [],
  )
  assert.deepEqual(await wordsAtRest(aesGcmZstd), [])
})
