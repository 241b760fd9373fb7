// The main job with real programs: a prosecutor's message, marked and with an attachment, reaches a solicitor octet for octet. Issue: the main job.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { DemoPerson } from '#cli/demonstration.ts'
import { imapClient } from '#test/support/imap-client.ts'
import { needs, startInstance } from '#test/support/instance.ts'

const eicar = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}', '$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('')
const instance = await startInstance()
const scratch = mkdtempSync(join(tmpdir(), 'cjsm-exchange-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

interface Sent {
  readonly status: number | null
  readonly said: string
}

function swaks(from: DemoPerson, to: readonly string[], data: Buffer, extra: readonly string[] = []): Sent {
  const file = join(scratch, `message-${readdirSync(scratch).length}`)
  // swaks puts a line end behind what the file holds.
  writeFileSync(file, data.toString('latin1').replace(/\r\n$/, ''), 'latin1')
  const args = [
    '--server',
    'localhost',
    '--port',
    String(instance.ports.submissions),
    '--tls-on-connect',
    '--auth',
    'PLAIN',
    '--auth-user',
    from.userName,
  ]
  const { status, stdout, stderr } = spawnSync(
    'swaks',
    [
      ...args,
      '--auth-password',
      from.devicePassword,
      '--from',
      from.address,
      '--to',
      to.join(','),
      '--data',
      `@${file}`,
      '--suppress-data',
      ...extra,
    ],
    { encoding: 'utf8' },
  )
  return { status, said: stdout + stderr }
}

function message(from: DemoPerson, to: DemoPerson, subject: string, body: string, more: readonly string[] = []): Buffer {
  const fields = [
    `From: ${from.name} <${from.address}>`,
    `To: ${to.address}`,
    `Subject: ${subject}`,
    'Date: Sat, 21 Nov 2026 10:00:00 +0000',
    ...more,
  ]
  return Buffer.from(`${fields.join('\r\n')}\r\n\r\n${body.replaceAll('\n', '\r\n')}`)
}

/** Fetches every message of a person's INBOX with mbsync and returns their octets with CRLF, as on the wire. */
function mbsync(person: DemoPerson): Buffer[] {
  const folder = mkdtempSync(join(scratch, 'mbsync-'))
  mkdirSync(join(folder, 'mail'))
  const certificate = join(folder, 'certificate.pem')
  writeFileSync(certificate, readFileSync(join(instance.data, 'tls', 'certificate.pem')))
  const account = `IMAPAccount a\nHost localhost\nPort ${instance.ports.imaps}\nUser ${person.userName}\nPass ${person.devicePassword}\nSSLType IMAPS\nCertificateFile ${certificate}\nAuthMechs PLAIN\n`
  const stores = `IMAPStore far\nAccount a\n\nMaildirStore near\nPath ${folder}/mail/\nInbox ${folder}/mail/INBOX\nSubFolders Verbatim\n`
  writeFileSync(
    join(folder, 'rc'),
    `${account}\n${stores}\nChannel c\nFar :far:\nNear :near:\nPatterns *\nCreate Near\nSync Pull\nSyncState *\nCopyArrivalDate yes\n`,
  )
  const run = spawnSync('mbsync', ['-c', join(folder, 'rc'), '-a'], { encoding: 'utf8' })
  assert.equal(run.status, 0, run.stderr)
  const inbox = join(folder, 'mail', 'INBOX')
  const files = ['new', 'cur'].flatMap((part) => readdirSync(join(inbox, part)).map((name) => join(inbox, part, name)))
  return files.map((file) =>
    Buffer.from(
      readFileSync(file, 'latin1')
        .replace(/^X-TUID: .*\n/m, '')
        .replaceAll('\n', '\r\n'),
      'latin1',
    ),
  )
}

/** What is left of a delivered message without what the service puts in. */
function withoutStamps(delivered: Buffer): string {
  const text = delivered.toString('latin1')
  const end = text.indexOf('\r\n\r\n') + 2
  const fields = text.slice(0, end).match(/[^\r\n]+\r\n(?:[ \t][^\r\n]*\r\n)*/g) ?? []
  const ours = /^(Return-Path|Received|X-Protective-Marking|SIO-Label|SIO-Label-History|X-CJSM-Mapped-Marking|Message-ID):/i
  const body = text.slice(end).replace('RESTRICTED - LEGAL\r\n\r\n', '') // the line above the text
  return fields.filter((field) => !ours.test(field)).join('') + body
}

test(
  'G06 a marked message with an attachment sent by swaks is fetched by mbsync octet for octet, but for what the service adds',
  needs('swaks'),
  () => {
    const prosecutor = instance.person('prosecutor')
    const solicitor = instance.person('solicitor')
    const attachment = Buffer.from('%PDF-1.4 the schedule of unused material').toString('base64')
    const parts = [
      '--b1\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nDear Miriam – schedule attached.\n.a line that starts with a dot\nTel. 020 7946 0000\n',
      `--b1\nContent-Type: application/pdf; name="schedule.pdf"\nContent-Disposition: attachment; filename="schedule.pdf"\nContent-Transfer-Encoding: base64\n\n${attachment}\n`,
      '--b1--\n',
    ]
    const sent = message(prosecutor, solicitor, 'RESTRICTED - LEGAL: disclosure', parts.join(''), [
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b1',
      'X-Odd:   kept\t as it is',
    ])
    const { status, said } = swaks(prosecutor, [solicitor.address], sent)
    assert.equal(status, 0, said)
    assert.match(said, /250[ -]2\.0\.0 Delivered to 1; receipt [0-9a-f-]{36}/)
    const delivered = mbsync(solicitor).find((one) => one.includes('disclosure'))!
    assert.equal(withoutStamps(delivered), sent.toString('latin1'))
    assert.match(delivered.toString(), /^X-Protective-Marking: .*SEC=RESTRICTED/m)
    assert.match(delivered.toString(), /^Return-Path: <priya\.raman@/)
  },
)

test('RFC 6409 Bcc is taken out, and a missing Date and Message-ID are supplied', needs('swaks'), () => {
  const police = instance.person('detective sergeant')
  const barrister = instance.person('barrister')
  const clerk = instance.person('clerk')
  const data = Buffer.from(
    `From: ${police.address}\r\nTo: ${barrister.address}\r\nBcc: ${clerk.address}\r\nSubject: hearing bundle\r\n\r\nbundle\r\n`,
  )
  assert.equal(swaks(police, [barrister.address, clerk.address], data).status, 0)
  for (const person of [barrister, clerk]) {
    const delivered = mbsync(person)
      .find((one) => one.includes('hearing bundle'))!
      .toString()
    assert.doesNotMatch(delivered, /^Bcc:/im)
    assert.doesNotMatch(delivered, new RegExp(clerk.address))
    assert.match(delivered, /^Date: .* \+0000\r$/m)
    assert.match(delivered, /^Message-ID: <[^>]+@mail\.cjsm\.test>\r$/m)
  }
})

test('mutt reads the message over IMAP', needs('mutt'), () => {
  const solicitor = instance.person('solicitor')
  const home = mkdtempSync(join(scratch, 'mutt-'))
  const out = join(home, 'message')
  const certificate = join(home, 'certificate.pem')
  writeFileSync(certificate, readFileSync(join(instance.data, 'tls', 'certificate.pem')))
  const where = `imaps://localhost:${instance.ports.imaps}/`
  const rc = `set ssl_ca_certificates_file=${certificate}\nset folder=${where}\nset imap_user=${solicitor.userName}\nset imap_pass=${solicitor.devicePassword}\nset wait_key=no\n`
  writeFileSync(join(home, 'rc'), `${rc}push "<limit>~s disclosure<enter><pipe-message>cat >${out}<enter><exit>"\n`)
  const run = spawnSync('script', ['-qec', `mutt -n -F ${join(home, 'rc')} -f ${where}INBOX`, '/dev/null'], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, HOME: home, TERM: 'xterm' },
  })
  assert.equal(run.status, 0, run.stdout)
  assert.match(readFileSync(out, 'utf8'), /Subject: RESTRICTED - LEGAL: disclosure/)
  assert.match(readFileSync(out, 'utf8'), /schedule\.pdf/)
})

test('RFC 2177 imapflow, idling, hears of new mail and reads envelope, structure and attachment', async () => {
  const prosecutor = instance.person('prosecutor')
  const sole = instance.person('sole practitioner')
  const client = imapClient(instance.ports.imaps, sole, {
    tls: { ca: readFileSync(join(instance.data, 'tls', 'certificate.pem')) },
  })
  await client.connect()
  try {
    const lock = await client.getMailboxLock('INBOX')
    const heard = new Promise<number>((resolve) => client.once('exists', (event: { count: number }) => resolve(event.count)))
    const idling = client.idle()
    const body =
      '--b\nContent-Type: text/plain\n\nhello\n--b\nContent-Type: text/csv; name=a.csv\nContent-Disposition: attachment; filename=a.csv\n\na,b\n--b--\n'
    const sent = message(prosecutor, sole, 'PROTECT - PERSONAL: witness availability', body, [
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
    ])
    assert.equal(swaks(prosecutor, [sole.address], sent).status, 0)
    assert.equal(await heard, 1)
    const found = await client.fetchOne('1', { envelope: true, bodyStructure: true, flags: true })
    await idling
    assert.ok(found)
    assert.equal(found.envelope?.subject, 'PROTECT - PERSONAL: witness availability')
    assert.deepEqual([...(found.flags ?? [])], [])
    assert.deepEqual(
      found.bodyStructure?.childNodes?.map((node) => node.type),
      ['text/plain', 'text/csv'],
    )
    const part = await client.download('1', '2')
    const pieces: Buffer[] = []
    for await (const piece of part.content ?? []) pieces.push(piece as Buffer)
    assert.equal(Buffer.concat(pieces).toString(), 'a,b')
    lock.release()
  } finally {
    await client.logout()
  }
})

test('the same rules hold on the STARTTLS port, and each refusal cites its clause and the Helpdesk', needs('swaks'), () => {
  const prosecutor = instance.person('prosecutor')
  const solicitor = instance.person('solicitor')
  const startTls = ['--port', String(instance.ports.submission), '--tls', '--no-tls-on-connect']
  const refusals: [from: DemoPerson, to: string, data: Buffer, says: RegExp][] = [
    [
      solicitor,
      prosecutor.address,
      message(solicitor, prosecutor, 'RESTRICTED: statement', 'x'),
      /550 5\.7\.1 \[G07\].*Helpdesk/,
    ],
    [prosecutor, solicitor.address, message(prosecutor, solicitor, 'SECRET: source', 'x'), /550 5\.7\.1 \[G05\].*Helpdesk/],
    [prosecutor, 'nobody@hollis-penn.cjsm.test', message(prosecutor, solicitor, 'x', 'x'), /550 5\.1\.1 \[G01\].*Helpdesk/],
    [prosecutor, 'friend@example.org', message(prosecutor, solicitor, 'x', 'x'), /550 5\.7\.1 \[G15\].*Helpdesk/],
    [prosecutor, 'desk@eastmere.example.cjsm.test', message(prosecutor, solicitor, 'x', 'x'), /550 5\.7\.1 \[G01\].*relayed/],
    [prosecutor, solicitor.address, message(solicitor, prosecutor, 'x', 'x'), /550 5\.7\.1 \[G03\].*Helpdesk/],
    [prosecutor, solicitor.address, message(prosecutor, solicitor, 'x', eicar), /550 5\.7\.1 \[T19\].*Helpdesk/],
  ]
  const before = mbsync(solicitor).length
  for (const [from, to, data, says] of refusals) {
    const { status, said } = swaks(from, [to], data, startTls)
    assert.notEqual(status, 0)
    assert.match(said, says)
  }
  assert.equal(mbsync(solicitor).length, before)
})

test('T06 a wrong device password is refused in the same words as an unknown name', needs('swaks'), () => {
  const prosecutor = instance.person('prosecutor')
  const nothing = Buffer.from('Subject: x\r\n\r\nx')
  const wrong = swaks({ ...prosecutor, devicePassword: 'wrong' }, [prosecutor.address], nothing)
  const unknown = swaks({ ...prosecutor, userName: 'nobody' }, [prosecutor.address], nothing)
  const reply = (said: string) => /<~\* +(535[^\n]*)/.exec(said)?.[1]
  assert.match(reply(wrong.said) ?? wrong.said, /535 5\.7\.8/)
  assert.equal(reply(wrong.said), reply(unknown.said))
})

test('down stops it, and up finds everything where it was', async () => {
  const before = mbsync(instance.person('solicitor')).map(String).sort()
  assert.equal(instance.cjsm('down').status, 0)
  assert.equal(instance.cjsm('status').status, 3)
  for (const command of [['organisations'], ['checkpoint'], ['hold', 'list']]) {
    const { status, stdout } = instance.cjsm(...command)
    assert.deepEqual(
      [status, stdout],
      [3, `It is not running. ./cjsm up --data ${instance.data} starts it.\n`],
      command.join(' '),
    )
  }
  assert.equal(instance.cjsm(...instance.up).status, 0)
  assert.deepEqual(mbsync(instance.person('solicitor')).map(String).sort(), before)
  const ready = await fetch(`http://127.0.0.1:${instance.ports.operations}/readyz`)
  assert.equal(ready.status, 200)
  const metrics = await (await fetch(`http://127.0.0.1:${instance.ports.operations}/metrics`)).text()
  assert.match(metrics, /^cjsm_[a-z_]+(\{|\s)/m)
})

test('G02 a suspended person cannot sign in and still receives; a removed one answers 550 5.1.6', needs('swaks'), () => {
  const police = instance.person('detective sergeant')
  const officer = instance.person('disclosure officer')
  const suspended = instance.cjsm('set-account', officer.userName, 'suspended', '--reason', 'test')
  assert.equal(suspended.status, 0, suspended.stdout + suspended.stderr)
  const note = message(police, officer, 'while suspended', 'x')
  assert.equal(swaks(police, [officer.address], note).status, 0)
  assert.match(swaks(officer, [police.address], message(officer, police, 'x', 'x')).said, /G02/)
  instance.cjsm('set-account', officer.userName, 'active', '--reason', 'test')
  assert.ok(mbsync(officer).some((one) => one.includes('while suspended')))
  instance.cjsm('set-account', officer.userName, 'removed', '--reason', 'test')
  // Standings are kept for two seconds at RCPT; acceptance looks again under its lock, so that the answer is the same.
  assert.match(swaks(police, [officer.address], message(police, officer, 'after removal', 'x')).said, /550 5\.1\.6 \[G02\]/)
})
