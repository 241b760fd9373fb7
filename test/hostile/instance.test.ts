// A real instance under strangers: what scanners say of its TLS, its certificate's renewal, what a connection costs before sign-in, crowds, and many large messages at once. T14, RFC 9325
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFileSync, chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { netLimits } from '#net/limits.ts'
import { makeCertificate } from '#test/support/certificate.ts'
import { startCrowd } from '#test/support/crowd.ts'
import { needs, startInstance } from '#test/support/instance.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'
import { pssOf } from '../../bench/support/processes.ts'
import { serveStandIn } from '../../bench/stand-in-clamd.ts'

const run = promisify(execFile)
const long = process.env.CJSM_LONG === '1'
const MiB = 1024 * 1024

const folder = mkdtempSync(join(tmpdir(), 'cjsm-hostile-'))
chmodSync(folder, 0o755)
const standIn = await serveStandIn(join(folder, 'clamd.sock'))
const files = { certificate: join(folder, 'certificate.pem'), key: join(folder, 'key.pem') }

/** Puts a certificate that ends in so many days where the service reads it. */
function install(days: number): void {
  const made = makeCertificate({ days })
  copyFileSync(made.keyFile, files.key)
  copyFileSync(made.certificateFile, files.certificate)
  for (const file of Object.values(files)) chmodSync(file, 0o644)
  made.remove()
}

install(20)
const instance = await startInstance({
  environment: {
    CJSM_CLAMD_SOCKET: join(folder, 'clamd.sock'),
    CJSM_TLS_CERTIFICATE: files.certificate,
    CJSM_TLS_KEY: files.key,
    CJSM_QUOTA_OCTETS: String(4e9),
  },
})
after(() => {
  standIn.close()
  rmSync(folder, { recursive: true, force: true })
})
const { ports } = instance
const [from, to] = [instance.person('solicitor'), instance.person('prosecutor')]

interface Status {
  readonly ready: boolean
  readonly warnings: readonly string[]
  readonly processes: readonly { kind: string; pid: number }[]
}
const status = (): Status => JSON.parse(instance.cjsm('status', '--json').stdout) as Status
const pidsOf = (...kinds: string[]) => status().processes.flatMap(({ kind, pid }) => (kinds.includes(kind) ? [pid] : []))
const descriptorsOf = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0)
const mail = (subject: string, body = 'text') =>
  Buffer.from(
    `From: <${from.address}>\r\nTo: <${to.address}>\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@client.example>\r\n\r\n${body}\r\n`,
  )

test(
  'sslscan finds TLS 1.2 and 1.3, forward secrecy and authenticated encryption on every port, and nothing else (T14, RFC 9325 §3.1, §4.2)',
  needs('sslscan'),
  async () => {
    for (const [port, options] of [
      [ports.submissions, []],
      [ports.submission, ['--starttls-smtp']],
      [ports.imaps, []],
      [ports.https, []],
    ] as const) {
      const { stdout } = await run('sslscan', ['--no-colour', '--show-certificate', '--xml=-', ...options, `127.0.0.1:${port}`])
      const enabled = [...stdout.matchAll(/<protocol type="(\w+)" version="([\d.]+)" enabled="1"/g)].map(
        (found) => `${found[1]} ${found[2]}`,
      )
      assert.deepEqual(enabled.sort(), ['tls 1.2', 'tls 1.3'], `port ${port}`)
      const ciphers = [...stdout.matchAll(/<cipher [^>]*sslversion="([^"]+)" bits="(\d+)" cipher="([^"]+)"/g)]
      assert.ok(ciphers.length >= 5, stdout)
      for (const [, version, bits, name] of ciphers) {
        assert.ok(Number(bits) >= 128, `${name} on port ${port}`)
        assert.match(
          name!,
          version === 'TLSv1.3' ? /^TLS_(AES_\d+_GCM|CHACHA20_POLY1305)/ : /^ECDHE-\w+-(AES\d+-GCM|CHACHA20-POLY1305)/,
        )
      }
      assert.match(stdout, /<renegotiation supported="0"|<renegotiation supported="1" secure="1"/)
      assert.doesNotMatch(stdout, /<compression supported="1"/)
      assert.doesNotMatch(stdout, /<heartbleed [^>]*vulnerable="1"/)
      const groups = [...stdout.matchAll(/<group [^>]*bits="(\d+)" name="([^"]+)"/g)]
      for (const [, bits, name] of groups) assert.ok(Number(bits) >= 112, `${name} on port ${port}`)
    }
  },
)

test('testssl.sh finds nothing above low on any port, the self-signed certificate apart', {
  skip: !long && 'a minute a port: CJSM_LONG=1',
}, async (t) => {
  const program = (await run('sh', ['-c', 'command -v testssl || command -v testssl.sh || true'])).stdout.trim()
  if (program === '') return t.skip('testssl.sh is not installed: apt-get install -y testssl.sh')
  for (const [port, options] of [
    [ports.submissions, []],
    [ports.submission, ['--starttls', 'smtp']],
    [ports.imaps, []],
    [ports.https, []],
  ] as const) {
    const file = join(folder, `testssl-${port}.json`)
    await run(program, ['--quiet', '--color', '0', '--warnings', 'off', '--jsonfile', file, ...options, `127.0.0.1:${port}`], {
      maxBuffer: 64 * MiB,
    }).catch(() => {})
    const found = JSON.parse(readFileSync(file, 'utf8')) as { id: string; severity: string; finding: string }[]
    const bad = found.filter(
      ({ id, severity }) => /MEDIUM|HIGH|CRITICAL/.test(severity) && !/^(cert_|DNS_CAA|overall_grade|grade_cap)/.test(id),
    )
    assert.deepEqual(bad, [], `port ${port}`)
  }
})

/** When the certificate that a new connection sees ends, in days from now. */
async function daysShown(port: number): Promise<number> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  const { valid_to } = socket.getPeerCertificate()
  socket.destroy()
  return Math.round((Date.parse(valid_to) - Date.now()) / 86_400_000)
}

test('a certificate that ends within 30 days is said in status; its successor is used without a restart, and the sentence goes (T14)', async () => {
  const workers = pidsOf('worker')
  assert.ok(status().warnings.some((one) => one.startsWith('The certificate ends on ')))
  assert.equal(await daysShown(ports.submissions), 20)
  install(60)
  const deadline = performance.now() + 60_000
  // Each worker reads the files by itself: every new connection sees the new one when all have.
  for (let seen = 0; seen < 8; ) {
    assert.ok(performance.now() < deadline, 'the new certificate is not used')
    const shown = await Promise.all([ports.submissions, ports.imaps, ports.https].map(daysShown))
    seen = shown.every((days) => days === 60) ? seen + 1 : 0
    if (seen === 0) await wait(250)
  }
  assert.ok(!status().warnings.some((one) => one.startsWith('The certificate ends on ')))
  assert.deepEqual(pidsOf('worker'), workers)
})

/** Connections under TLS that have not signed in, from several addresses. */
async function strangers(count: number, port: number, said: string | Buffer): Promise<TLSSocket[]> {
  const opened: TLSSocket[] = []
  while (opened.length < count) {
    const wave = Array.from({ length: Math.min(20, count - opened.length) }, async (_, index) => {
      const localAddress = `127.0.2.${((opened.length + index) % 10) + 1}`
      const socket = connectTls({ socket: connect({ port, host: '127.0.0.1', localAddress }), rejectUnauthorized: false })
      socket.on('error', () => {})
      await new Promise<void>((resolve, reject) =>
        socket
          .once(port === ports.https ? 'secureConnect' : 'data', () => resolve())
          .once('close', () => reject(new Error('turned away'))),
      )
      if (said !== '') socket.write(said)
      return socket
    })
    opened.push(...(await Promise.all(wave)))
  }
  return opened
}

test('before sign-in a connection costs at most 100 KiB, idle or with half a line that does not end', async (t) => {
  const pids = pidsOf('worker', 'supervisor')
  const memory = () => pids.reduce((sum, pid) => sum + pssOf(pid), 0)
  for (const [port, said] of [
    [ports.submissions, ''],
    [ports.submissions, Buffer.alloc(12_000, 'x')],
    [ports.imaps, Buffer.alloc(16_000, 'x')],
    [ports.https, ''],
    [ports.https, `GET / HTTP/1.1\r\nHost: localhost\r\nX-Half: ${'x'.repeat(8_000)}`],
  ] as const) {
    // The first ones make the heap grow to its working size; they stay, so that their memory is not used again.
    const first = await strangers(150, port, said)
    await wait(1000)
    const before = memory()
    const opened = await strangers(350, port, said)
    await wait(1000)
    const each = (memory() - before) / opened.length
    for (const socket of [...first, ...opened]) socket.destroy()
    await wait(500)
    t.diagnostic(`${Math.round(each / 1024)} KiB each`)
    assert.ok(each <= 100 * 1024, `${Math.round(each / 1024)} KiB for each connection (${said.length} octets said)`)
  }
})

test('while a crowd stays and another knocks, a good client from elsewhere is served, and all descriptors come back', async (t) => {
  const pids = pidsOf('worker', 'supervisor')
  const before = descriptorsOf(pids)
  const crowd = startCrowd({
    port: ports.submissions,
    idle: 1000,
    dribbling: 200,
    connectsPerSecond: 2000,
    seconds: long ? 20 : 4,
  })
  const held = await crowd.held
  assert.deepEqual([held.idle, held.dribbling], [1000, 200])
  let over = false
  const flooded = crowd.flooded.finally(() => {
    over = true
  })
  const taken: number[] = []
  for (let n = 0; !over; n++) {
    const startMs = performance.now()
    const client = await openSmtpClient(ports.submissions, from, '127.0.0.2')
    const { reply } = await client.submit({ from: from.address, to: [to.address], octets: mail(`crowd-${n}`) })
    client.close()
    assert.equal(reply.code, 250)
    taken.push(performance.now() - startMs)
    await wait(50)
  }
  const { knocked, stillThere } = await flooded
  assert.ok(knocked > (long ? 20 : 4) * 1000, `${knocked} connections were tried`)
  assert.equal(stillThere, 1200)
  t.diagnostic(`${knocked} connections tried; ${taken.length} messages, the slowest in ${Math.round(Math.max(...taken))} ms`)
  assert.ok(taken.length >= 5, `${taken.length}`)
  // p99 below 2 s is for bench/crowd.ts; here a client that was once left waiting would show.
  assert.ok(Math.max(...taken) < 10_000, `${Math.max(...taken)} ms`)
  const deadline = performance.now() + 60_000
  while (descriptorsOf(pids) > before + 20) {
    assert.ok(performance.now() < deadline, `${descriptorsOf(pids)} descriptors, ${before} before`)
    await wait(200)
  }
  assert.ok(netLimits.connectionsPerNetwork < 1200)
})

test('twenty messages of 25 MiB at once add at most 250 MiB to the workers', async (t) => {
  const pids = pidsOf('worker')
  const residentOf = (pid: number) => Number(/^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]) * 1024
  const memory = () => pids.reduce((sum, pid) => sum + residentOf(pid), 0)
  const line = 'The quick brown fox jumps over the lazy dog, again and again.\r\n'
  const body = Buffer.alloc(25 * MiB - 2048, line).toString('latin1')
  const clients = await Promise.all(Array.from({ length: 20 }, () => openSmtpClient(ports.submissions, from)))
  const before = memory()
  let most = 0
  const watch = setInterval(() => {
    most = Math.max(most, memory())
  }, 50)
  const replies = await Promise.all(
    clients.map((client, n) => client.submit({ from: from.address, to: [to.address], octets: mail(`large-${n}`, body) })),
  )
  clearInterval(watch)
  t.diagnostic(`${Math.round((most - before) / MiB)} MiB`)
  for (const client of clients) client.close()
  assert.deepEqual(
    replies.map(({ reply }) => reply.code),
    Array(20).fill(250),
  )
  assert.ok(most - before <= 250 * MiB, `${Math.round((most - before) / MiB)} MiB`)
})
