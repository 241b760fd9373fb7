// What a sender asks of mail programs is kept to: imapflow and mbsync get a notice, webmail the message. G09
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect } from 'node:tls'
import { londonDay } from '#base/london.ts'
import type { DemoPerson } from '#cli/demonstration.ts'
import { messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { imapClient } from '#test/support/imap-client.ts'
import { testService } from '#test/support/service.ts'
import { webVisitor } from '#test/support/web.ts'

let aheadMs = 0
const clock = { now: () => Date.now() + aheadMs, monotonic: () => performance.now() + aheadMs }
const service = await testService({ clock })
const doors = await openTestDoors(service)
const priya = service.person('prosecutor')
const miriam = service.person('solicitor')
const scratch = mkdtempSync(join(tmpdir(), 'cjsm-withheld-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

const send = async (subject: string, handling: string) => {
  const fields = [`From: ${priya.address}`, `To: ${miriam.address}`, `Subject: ${subject}`, `X-CJSM-Handling: ${handling}`]
  const answer = await doors.submit(priya, [miriam.address, priya.address], messageOf(...fields, '', `the text of ${subject}`))
  assert.equal(answer.kind, 'accepted')
}

/** What imapflow reads of a message: its size as told, its octets as fetched, its structure and subject. */
async function byImapflow(person: DemoPerson, subject: string) {
  const client = imapClient(service.faces.imaps.port, person, { disableAutoIdle: true })
  await client.connect()
  try {
    await client.mailboxOpen('INBOX')
    const all = await client.fetchAll('1:*', { uid: true, size: true, envelope: true, bodyStructure: true, source: true })
    const one = all.find(({ envelope }) => envelope?.subject === subject)!
    const { content } = await client.download(String(one.uid), '1', { uid: true })
    const pieces: Buffer[] = []
    for await (const piece of content!) pieces.push(piece as Buffer)
    return { uid: one.uid, size: one.size, source: one.source!.toString(), part: Buffer.concat(pieces).toString() }
  } finally {
    await client.logout()
  }
}

/** The texts of all that mbsync fetches of a person's INBOX. */
async function byMbsync(person: DemoPerson): Promise<string[]> {
  const folder = mkdtempSync(join(scratch, 'mbsync-'))
  mkdirSync(join(folder, 'mail'))
  const port = service.faces.imaps.port
  writeFileSync(join(folder, 'certificate.pem'), await certificateAt(port))
  const account = `IMAPAccount a\nHost localhost\nPort ${port}\nUser ${person.userName}\nPass ${person.devicePassword}\nSSLType IMAPS\nCertificateFile ${folder}/certificate.pem\nAuthMechs PLAIN\n`
  const stores = `IMAPStore far\nAccount a\n\nMaildirStore near\nPath ${folder}/mail/\nInbox ${folder}/mail/INBOX\n`
  writeFileSync(
    join(folder, 'rc'),
    `${account}\n${stores}\nChannel c\nFar :far:\nNear :near:\nCreate Near\nSync Pull\nSyncState *\n`,
  )
  for (let run = 0; run < 2; run++) {
    const child = spawn('mbsync', ['-c', join(folder, 'rc'), '-a'], { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (piece: Buffer) => (said += piece.toString()))
    const code = await new Promise((resolve) => child.on('exit', resolve))
    assert.equal(code, 0, said)
  }
  const inbox = join(folder, 'mail', 'INBOX')
  return ['new', 'cur'].flatMap((part) =>
    readdirSync(join(inbox, part)).map((name) => readFileSync(join(inbox, part, name), 'utf8')),
  )
}

function certificateAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      const { raw } = socket.getPeerCertificate()
      socket.destroy()
      resolve(`-----BEGIN CERTIFICATE-----\n${raw.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`)
    })
    socket.on('error', reject)
  })
}

async function byWebmail(person: DemoPerson, subject: string): Promise<string> {
  const visitor = webVisitor(service.faces.web.app)
  await visitor.signIn(person)
  const list = await visitor.get('/')
  const page = list.statusCode === 303 ? await visitor.get(String(list.headers.location)) : list
  const link = [...page.body.matchAll(/href="(\/mail\/[^"/]+\/\d+)"[^>]*>([\s\S]*?)<\/a>/g)].find(([, , text]) =>
    text!.includes(subject),
  )
  return (await visitor.get(link![1]!)).body
}

test('no-download: imapflow and mbsync get one notice with the size that was told, the sender and webmail the message (G09)', async () => {
  await send('not to be downloaded', 'no-download')
  await send('plain beside it', 'no-forwarding')
  const got = await byImapflow(miriam, 'not to be downloaded')
  assert.match(got.source, /read in webmail and not downloaded/)
  assert.doesNotMatch(got.source, /the text of/)
  assert.equal(got.size, got.source.length)
  assert.match(got.part, /^The sender of this message asked/)
  assert.match((await byImapflow(miriam, 'plain beside it')).source, /the text of plain beside it/)
  assert.match((await byImapflow(priya, 'not to be downloaded')).source, /the text of not to be downloaded/)
  assert.match(await byWebmail(miriam, 'not to be downloaded'), /the text of not to be downloaded/)
  const fetched = await byMbsync(miriam)
  assert.equal(fetched.length, 2)
  assert.equal(fetched.filter((text) => text.includes('read in webmail')).length, 1)
  assert.equal(fetched.filter((text) => text.includes('the text of')).length, 1)
})

test('until: before the end programs get the message, after it a notice, and webmail says that access ended (G09)', async () => {
  const until = new Date(clock.now() + 3_600_000).toISOString().slice(0, 19)
  await send('for an hour', `until=${until}Z`)
  assert.match((await byImapflow(miriam, 'for an hour')).source, /the text of for an hour/)
  aheadMs += 3_700_000
  const after = await byImapflow(miriam, 'for an hour')
  assert.match(after.source, new RegExp(`Access to this message has ended on ${londonDay(Date.parse(`${until}Z`))}`))
  assert.doesNotMatch(after.source, /the text of/)
  assert.equal(after.size, after.source.length)
  assert.match((await byImapflow(priya, 'for an hour')).source, /the text of for an hour/)
  assert.doesNotMatch(await byWebmail(miriam, 'for an hour'), /the text of for an hour/)
})
