// What reaches the doors, what reaches the log, and what a connection costs: the submission face over real sockets.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Fields, Log } from '#base/log.ts'
import { smtpLimits } from '#smtp/limits.ts'
import { openTestPort, type TestPort, type TestPortOptions } from '#smtp/submission.test-support.ts'
import { makeCertificate } from '#test/support/certificate.ts'
import { DialogueClient } from '#test/support/dialogue.ts'

const certificate = makeCertificate()
const ports: TestPort[] = []
after(async () => {
  await Promise.all(ports.map(({ listener }) => listener.close(0)))
  certificate.remove()
})

async function open(options: Partial<TestPortOptions> = {}): Promise<TestPort> {
  const port = await openTestPort({ certificate, ...options })
  ports.push(port)
  return port
}

/** Connects, and signs in as ann. */
async function signedIn(port: number): Promise<DialogueClient> {
  const client = await DialogueClient.connect(port)
  await client.startTls()
  client.send('EHLO desk.firm.test\r\nAUTH PLAIN AGFubgBzZWNyZXQ=\r\n')
  await replyOf(client, '220')
  await replyOf(client, '250')
  await replyOf(client, '235')
  return client
}

/** Reads one whole reply and asserts its code; gives its last line. */
async function replyOf(client: DialogueClient, code: string): Promise<string> {
  for (;;) {
    const line = await client.nextLine()
    assert.equal(line?.slice(0, 3), code, `${line}`)
    if (line![3] === ' ') return line!
  }
}

/** Sends one message and gives the reply after its end. */
async function sendMessage(client: DialogueClient, content: string | Buffer, code = '250'): Promise<string> {
  client.send('MAIL FROM:<ann@firm.test>\r\nRCPT TO:<bob@firm.test>\r\nDATA\r\n')
  for (const expected of ['250', '250', '354']) await replyOf(client, expected)
  client.send(content)
  client.send('.\r\n')
  return replyOf(client, code)
}

test('the defaults of the limits are those that the documents name', () => {
  assert.deepEqual(smtpLimits, {
    messageOctets: 26_214_400,
    headerOctets: 262_144,
    drainedOctets: 104_857_600,
    recipients: 500,
    recipientsAsked: 1000,
    smallChunks: 1000,
    octetsPerChunk: 512,
    idleCommands: 100,
    errors: 10,
    signInFailures: 3,
    signInFailureDelayMs: 1000,
    beforeSignInMs: 120_000,
    commandMs: 300_000,
    sessionMs: 3_600_000,
  })
})

test('the envelope, its parameters and the session reach acceptance as they were said (RFC 3461, 6531, 3848)', async () => {
  const { port, doors } = await open()
  const client = await signedIn(port)
  client.send('MAIL FROM:<ann@firm.test> SIZE=42 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb AUTH=<>\r\n')
  client.send('RCPT TO:<"b ob"@FIRM.test> NOTIFY=SUCCESS,DELAY ORCPT=RFC822;bob+2Bwork@home.test\r\nRCPT TO:<bøb@firm.test>\r\n')
  client.send('RCPT TO:<postmaster> NOTIFY=NEVER ORCPT=utf-8;b\\x{F8}b@firm.test\r\nDATA\r\n')
  for (const code of ['250', '250', '250', '250', '354']) await replyOf(client, code)
  client.send('Subject: x\r\n\r\n..\r\n.x\r\n.\r\n')
  await replyOf(client, '250')
  const [{ envelope, content, session, who }] = doors.submitted as [(typeof doors.submitted)[0]]
  assert.deepEqual(envelope, {
    reversePath: 'ann@firm.test',
    recipients: [
      { address: '"b ob"@firm.test', originalRecipient: 'rfc822;bob+work@home.test', notify: ['SUCCESS', 'DELAY'] },
      { address: 'bøb@firm.test', originalRecipient: null, notify: null },
      { address: 'postmaster@mail.cjsm.test', originalRecipient: 'utf-8;bøb@firm.test', notify: ['NEVER'] },
    ],
    body: '8BITMIME',
    smtputf8: true,
    declaredOctets: 42,
    envid: 'a+b',
    ret: 'HDRS',
  })
  assert.equal(content.toString(), 'Subject: x\r\n\r\n.\r\nx\r\n')
  assert.deepEqual(session, { protocol: 'UTF8SMTPSA', helo: 'desk.firm.test', remoteAddress: '127.0.0.1', tls: 'TLSv1.3' })
  assert.equal(who.account, 'account-of-ann')
})

test('content by BDAT reaches acceptance octet for octet, dots and all (RFC 3030)', async () => {
  const { port, doors } = await open()
  const client = await signedIn(port)
  const content = '..\r\n.\r\n\r\nQUIT\r\n'
  client.send(
    `MAIL FROM:<ann@firm.test>\r\nRCPT TO:<bob@firm.test>\r\nBDAT 3\r\n${content.slice(0, 3)}BDAT ${content.length - 3} LAST\r\n${content.slice(3)}`,
  )
  for (const code of ['250', '250', '250', '250']) await replyOf(client, code)
  assert.equal(doors.submitted[0]!.content.toString(), content)
  assert.equal(doors.submitted[0]!.session.protocol, 'ESMTPSA')
})

test('250 accepts 25 MiB, one octet more is 552, and the connection goes on (RFC 1870 §6.3)', async () => {
  const { port, doors } = await open()
  const client = await signedIn(port)
  const whole = Buffer.alloc(smtpLimits.messageOctets, `${'x'.repeat(62)}\r\n`)
  whole.write('\r\n', 0)
  await sendMessage(client, whole)
  assert.equal(doors.submitted[0]!.content.length, smtpLimits.messageOctets)
  assert.match(await sendMessage(client, Buffer.concat([Buffer.from('y'), whole]), '552'), /^552 5\.3\.4 /)
  assert.equal(doors.submitted.length, 1)
  assert.equal(doors.spools[1]!.abandoned, true)
  assert.ok(doors.spools[1]!.size <= smtpLimits.messageOctets)
  await sendMessage(client, '\r\nfine\r\n')
})

test('500 recipients are taken and the 501st is not (RFC 5321 §4.5.3.1.10)', async () => {
  const { port, doors } = await open()
  const client = await signedIn(port)
  client.send(
    `MAIL FROM:<ann@firm.test>\r\n${Array.from({ length: 501 }, (_, n) => `RCPT TO:<r${n}@firm.test>\r\n`).join('')}DATA\r\n`,
  )
  for (let n = 0; n <= 500; n += 1) await replyOf(client, '250')
  assert.equal(await replyOf(client, '452'), '452 4.5.3 Too many recipients')
  await replyOf(client, '354')
  client.send('\r\n.\r\n')
  assert.match(await replyOf(client, '250'), /Delivered to 500/)
  assert.equal(doors.submitted[0]!.envelope.recipients.length, 500)
})

test('nothing of a message with a bare CR, bare LF or NUL is stored or accepted, whatever comes behind (RFC 5321 §2.3.8)', async () => {
  const { port, doors } = await open()
  for (const flaw of ['\r', '\n', '\0']) {
    for (const text of [
      `\r\n${flaw}x\r\n`,
      `\r\nx${flaw}\r\n`,
      `\r\n.${flaw}\r\n`,
      `\r\n\r\n${'x'.repeat(100_000)}${flaw}y\r\n`,
    ]) {
      const client = await signedIn(port)
      const answer = await sendMessage(client, text, '554')
      assert.match(answer, /^554 5\.6\.0 The message holds a (CR without LF|LF without CR|NUL); nothing was accepted$/)
      assert.equal(await client.nextLine(), null)
      client.destroy()
    }
  }
  assert.equal(doors.submitted.length, 0)
  assert.ok(doors.spools.every(({ abandoned }) => abandoned))
})

test('strings over CR, LF and dot over a real socket end only at CRLF.CRLF, in two packets or one octet a packet', async () => {
  const { port, doors } = await open()
  for (const middle of ['.\r\n..\r\n', '\r\n\r\n', '.\r\n.a', 'a.\r\n']) {
    for (const split of [1, 3]) {
      const client = await signedIn(port)
      client.send('MAIL FROM:<ann@firm.test>\r\nRCPT TO:<bob@firm.test>\r\nDATA\r\n')
      for (const code of ['250', '250', '354']) await replyOf(client, code)
      const octets = `a\r\n${middle.replaceAll(/(?<=^|\r\n)\./g, '..')}b\r\n.\r\nQUIT\r\n`
      for (let at = 0; at < octets.length; at += split) {
        client.send(octets.slice(at, at + split))
        await new Promise((resolve) => setImmediate(resolve))
      }
      await replyOf(client, '250')
      await replyOf(client, '221')
      assert.equal(doors.submitted.at(-1)!.content.toString(), `a\r\n${middle}b\r\n`)
    }
  }
})

test('a peer that goes away in mid-message leaves nothing behind', async () => {
  const { port, doors } = await open()
  const client = await signedIn(port)
  client.send('MAIL FROM:<ann@firm.test>\r\nRCPT TO:<bob@firm.test>\r\nDATA\r\n')
  for (const code of ['250', '250', '354']) await replyOf(client, code)
  client.send('\r\nhalf a message')
  client.destroy()
  const deadline = performance.now() + 20_000
  while (!doors.spools[0]!.abandoned) {
    assert.ok(performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.equal(doors.submitted.length, 0)
})

test('plaintext credentials are never looked at (RFC 4954 §4)', async () => {
  const { port, doors } = await open({ tls: 'starttls' })
  const client = await DialogueClient.connect(port)
  client.send('EHLO desk\r\nAUTH PLAIN AGFubgBzZWNyZXQ=\r\n')
  await replyOf(client, '220')
  await replyOf(client, '250')
  assert.match(await replyOf(client, '538'), /STARTTLS/)
  assert.deepEqual(doors.attempts, [])
})

test('the log of a session holds no password, address of a person, subject, body or fault text', async () => {
  const lines: string[] = []
  const { port } = await open({ log: logInto(lines) })
  const client = await signedIn(port)
  client.send(
    'AUTH PLAIN AGFubgBjYW5hcnkx\r\nMAIL FROM:<ann@firm.test>\r\nRCPT TO:<fault@firm.test>\r\nRCPT TO:<canary2@firm.test>\r\nDATA\r\n',
  )
  for (const code of ['503', '250', '451', '250', '354']) await replyOf(client, code)
  client.send('Subject: canary3\r\n\r\ncanary4 acceptance fails\r\n.\r\nCANARY5\r\n')
  const answer = await replyOf(client, '451')
  await replyOf(client, '500')
  const all = lines.join('\n')
  assert.doesNotMatch(all, /canary|secret|AGFub|@/i)
  assert.match(all, new RegExp(/Reference: (\w+)/.exec(answer)![1]!))
  assert.match(all, /account-of-ann/)
})

test('a closing service says so at the next command, and lets a message under way end', async () => {
  const { port, listener, doors } = await open()
  const idle = await signedIn(port)
  const busy = await signedIn(port)
  busy.send('MAIL FROM:<ann@firm.test>\r\nRCPT TO:<bob@firm.test>\r\nDATA\r\n')
  for (const code of ['250', '250', '354']) await replyOf(busy, code)
  const closed = listener.close(20_000)
  assert.match(await replyOf(idle, '421'), /4\.3\.2/)
  busy.send('\r\ntext\r\n.\r\n')
  await replyOf(busy, '250')
  await replyOf(busy, '421')
  idle.destroy()
  busy.destroy()
  await closed
  assert.equal(doors.submitted.length, 1)
})

function logInto(lines: string[]): Log {
  const write = (bound: Fields) => (fields: Fields, message: string) =>
    void lines.push(JSON.stringify({ ...bound, ...fields, message }))
  const at = (bound: Fields): Log => {
    const say = write(bound)
    return { debug: say, info: say, warn: say, error: say, child: (fields) => at({ ...bound, ...fields }) }
  }
  return at({})
}
