// The real clamd on a real instance: EICAR in every disguise is refused or found, and a clamd that is stopped, slow or killed is 451 and recovers. T19
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { readConfig } from '#config.ts'
import { zipOf as zip } from '#test/support/archives.ts'
import { eicar } from '#test/support/clamd.ts'
import { startInstance } from '#test/support/instance.ts'
import { openSmtpClient, type SmtpReply } from '#test/support/smtp-client.ts'

const scanMs = 2_000
const instance = await startInstance({ environment: { CJSM_SCAN_TIMEOUT_MS: String(scanMs) } })
const [sender, to] = [instance.person('prosecutor'), instance.person('detective sergeant').address]

async function send(content: string | Buffer, from = sender): Promise<SmtpReply> {
  const client = await openSmtpClient(instance.ports.submissions, from)
  try {
    const head = `From: ${from.address}\r\nTo: ${to}\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nX-Number: ${++sent}\r\n`
    const octets = Buffer.concat([Buffer.from(head), typeof content === 'string' ? Buffer.from(content, 'latin1') : content])
    return (await client.submit({ from: from.address, to: [to], octets })).reply
  } finally {
    client.close()
  }
}
let sent = 0

const lines = (octets: Buffer) => octets.toString('base64').replace(/.{76}/g, '$&\r\n')
const part = (fields: string, body: string) => `${fields}\r\n\r\n${body}\r\n`
const multipart = (...parts: string[]) =>
  `Content-Type: multipart/mixed; boundary=b\r\n\r\n${parts.map((one) => `--b\r\n${one}`).join('')}--b--\r\n`
const octetStream = 'Content-Type: application/octet-stream'
const base64 = `${octetStream}\r\nContent-Transfer-Encoding: base64`
const encoded = lines(Buffer.from(eicar))
const quoted = [...eicar].map((octet) => `=${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`).join('')
const nested = (inner: string) =>
  multipart(part('Content-Type: text/plain', 'see below'), part('Content-Type: message/rfc822', inner))
const attached = multipart(part(base64, encoded))

const disguises: readonly (readonly [string, string])[] = [
  ['plain', `\r\n${eicar}\r\n`],
  ['plain, within a text', `\r\nDear all,\r\n${eicar} is attached\r\n`],
  ['a base64 part', attached],
  ['base64 as the whole message', part(base64, encoded)],
  [
    'quoted-printable',
    multipart(part(`${octetStream}\r\nContent-Transfer-Encoding: quoted-printable`, quoted.replace(/(?:=..){20}/g, '$&=\r\n'))),
  ],
  ['a zip', multipart(part(base64, lines(zip('a.txt', Buffer.from(eicar)))))],
  ['a zip in a zip', multipart(part(base64, lines(zip('a.zip', zip('a.txt', Buffer.from(eicar))))))],
  ['a gzip', multipart(part(base64, lines(gzipSync(eicar))))],
  [
    'a nested message',
    nested(`Subject: inner\r\nMIME-Version: 1.0\r\n${attached.replaceAll('boundary=b', 'boundary=c').replaceAll('--b', '--c')}`),
  ],
  [
    'a zip in a nested message',
    nested(
      `Subject: inner\r\n${multipart(part(base64, lines(zip('a.txt', Buffer.from(eicar)))))
        .replaceAll('boundary=b', 'boundary=c')
        .replaceAll('--b', '--c')}`,
    ),
  ],
  ['a boundary that is given twice', attached.replace('boundary=b', 'boundary=x; boundary=b')],
  ['a boundary that is given twice, the other first', attached.replace('boundary=b', 'boundary=b; boundary=x')],
  ['two Content-Type fields', `Content-Type: text/plain\r\n${attached}`],
  ['one boundary on two levels', multipart(`Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n${part(base64, encoded)}`)],
  [
    'a boundary that begins another',
    multipart(part('Content-Type: text/plain', 'x')).replace('--b--\r\n', `--bb\r\n--b\r\n${part(base64, encoded)}--b--\r\n`),
  ],
  ['a multipart that never ends', attached.replace('--b--\r\n', '')],
  ['after the last boundary', `${multipart(part('Content-Type: text/plain', 'x'))}${eicar}\r\n`],
  [
    'a part after the last boundary',
    `${multipart(part('Content-Type: text/plain', 'x'))}--b\r\n${part(base64, encoded)}--b--\r\n`,
  ],
  ['before the first boundary', attached.replace('\r\n\r\n--b', `\r\n\r\n${eicar}\r\n--b`)],
  ['base64 that is truncated behind it', multipart(part(base64, `${lines(Buffer.from(`${eicar} and more`)).slice(0, -3)}`))],
  ['base64 with rubbish in it', multipart(part(base64, encoded.replace(/(.{10})/g, '$1!\r\n *')))],
  ['base64 on one long line', multipart(part(base64, Buffer.from(`${eicar}${' '.repeat(3000)}`).toString('base64')))],
  [
    'base64 said to be BASE64 with a comment',
    multipart(part(`${octetStream}\r\nContent-Transfer-Encoding: BASE64 (odd)`, encoded)),
  ],
  [
    'base64 said twice, first as 7bit',
    multipart(part(`${octetStream}\r\nContent-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64`, encoded)),
  ],
  [
    'base64 said twice, last as 7bit',
    multipart(part(`${octetStream}\r\nContent-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 7bit`, encoded)),
  ],
  ['base64 in text/plain', multipart(part('Content-Type: text/plain\r\nContent-Transfer-Encoding: base64', encoded))],
  ['base64 in text/html', multipart(part('Content-Type: text/html\r\nContent-Transfer-Encoding: base64', encoded))],
  ['base64 in a part without a type', multipart(part('Content-Transfer-Encoding: base64', encoded))],
  ['plain said to be base64', multipart(part(base64, eicar))],
  ['plain said to be quoted-printable', multipart(part(`${octetStream}\r\nContent-Transfer-Encoding: quoted-printable`, eicar))],
  ['plain of an unknown encoding', multipart(part(`${octetStream}\r\nContent-Transfer-Encoding: x-unknown`, eicar))],
  [
    'a folded Content-Type',
    attached.replace('Content-Type: multipart/mixed; boundary=b', 'Content-Type:\r\n multipart/mixed;\r\n\tboundary="b"'),
  ],
  [
    'an encoded nested message',
    nested('')
      .replace('Content-Type: message/rfc822', 'Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64')
      .replace(/\r\n\r\n\r\n--b--/, `\r\n\r\n${lines(Buffer.from(`Subject: inner\r\n${attached}`))}\r\n--b--`),
  ],
  ['uuencode', `\r\nbegin 644 a.com\r\n${uuencoded(Buffer.from(eicar))}\`\r\nend\r\n`],
]

function uuencoded(octets: Buffer): string {
  const character = (six: number) => String.fromCharCode(six === 0 ? 96 : six + 32)
  let text = ''
  for (let at = 0; at < octets.length; at += 45) {
    const line = octets.subarray(at, at + 45)
    const bits = Buffer.concat([line, Buffer.alloc(2)])
    text += character(line.length)
    for (let group = 0; group < line.length; group += 3) {
      const three = bits.readUIntBE(group, 3)
      for (const shift of [18, 12, 6, 0]) text += character((three >> shift) & 63)
    }
    text += '\r\n'
  }
  return text
}

test('T19 EICAR is refused in every disguise, and the same messages without it are not for its sake', async () => {
  const delivered: string[] = []
  for (const [name, content] of disguises) {
    const { code, text } = await send(content)
    if (code === 250) delivered.push(name)
    else assert.match(text, /^(550 5\.7\.1 \[T19\]|55\d 5\.)/, `${name}: ${text}`)
  }
  assert.deepEqual(delivered, [])
  assert.equal((await send(attached.replace(encoded, lines(Buffer.from('harmless'))))).code, 250)
})

test('T19 what cannot be scanned is refused: encrypted, expanding beyond the limit, or nested too deep', async () => {
  const inPart = (octets: Buffer) => multipart(part(base64, lines(octets)))
  assert.match((await send(inPart(zip('a.txt', Buffer.from('secret'), 1)))).text, /^550 5\.7\.1 \[T19\] .*encrypted/)
  assert.match(
    (await send(inPart(zip('a.txt', Buffer.alloc(130 * 1_048_576))))).text,
    /^550 5\.7\.1 \[T19\] .*too large or too deep/,
  )
  const several = [1, 2, 3].map((n) => part(base64, lines(zip(`${n}.txt`, Buffer.alloc(60 * 1_048_576, `number ${n} `)))))
  assert.match((await send(multipart(...several))).text, /^550 5\.7\.1 \[T19\] .*too large or too deep/)
  const bomb = zip('a.zip', zip('b.zip', zip('c.txt', Buffer.alloc(130 * 1_048_576))))
  assert.match((await send(inPart(bomb))).text, /^550 5\.7\.1 \[T19\]/)
  assert.equal((await send(inPart(zip('a.txt', Buffer.alloc(20 * 1_048_576, 'clean '))))).code, 250)
})

test('T19 what is malicious is refused also beside what cannot be scanned, whatever the sender’s organisation chose', async () => {
  const inPart = (octets: Buffer) => part(base64, lines(octets))
  const malicious = part(base64, encoded)
  const locked = inPart(zip('a.txt', Buffer.from('secret'), 1))
  const large = inPart(zip('a.txt', Buffer.alloc(130 * 1_048_576)))
  for (const [role, choice, taken] of [
    ['solicitor', 'hold', /^250[ -]2\.0\.0 Held for 1; /],
    ['barrister', 'deliver-flagged', /^250[ -]2\.0\.0 Delivered to 1; /],
  ] as const) {
    const sender = instance.person(role)
    assert.equal(instance.cjsm('set-unscannable', '--organisation', sender.organisation, '--choice', choice).status, 0)
    for (const beside of [locked, large]) {
      assert.match((await send(multipart(beside), sender)).text, taken)
      for (const parts of [
        [beside, malicious],
        [malicious, beside],
      ])
        assert.match((await send(multipart(...parts), sender)).text, /^550 5\.7\.1 \[T19\] the virus scanner found malicious/)
    }
  }
})

test('T19 a clamd that is stopped, or killed in mid-stream, is 451 within the limit, and recovers by itself', async () => {
  assert.equal(readConfig({}).scanTimeoutMs, 25_000)
  const clamd = (): number =>
    JSON.parse(instance.cjsm('status', '--json').stdout).processes.find((one: { kind: string }) => one.kind === 'clamd').pid
  const large = `\r\n${'All work and no play.\r\n'.repeat(200_000)}`
  for (const content of ['\r\nsmall\r\n', large]) {
    const pid = clamd()
    process.kill(pid, 'SIGSTOP')
    const began = performance.now()
    const { text } = await send(content)
    process.kill(pid, 'SIGCONT')
    assert.match(text, /^451 4\.7\.1 The scanner is not available; nothing was accepted/)
    assert.ok(performance.now() - began < scanMs + 5_000)
    assert.equal((await send(content)).code, 250)
  }
  const pid = clamd()
  process.kill(pid, 'SIGSTOP')
  const sending = send(`${large}killed in mid-stream\r\n`)
  await wait(500)
  process.kill(pid, 'SIGKILL')
  assert.match((await sending).text, /^451 4\.7\.1/)
  const end = performance.now() + 20_000
  for (;;) {
    const { code, text } = await send(`\r\nafter\r\n`)
    if (code === 250) break
    assert.match(text, /^451 4\.7\.1/)
    assert.ok(performance.now() < end, 'clamd did not come back')
    await wait(200)
  }
  assert.match((await send(attached)).text, /^550 5\.7\.1 \[T19\]/)
})
