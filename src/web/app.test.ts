// What holds for every route of the face: who may, which evidence, the header of every answer, and requests that are not ours. T21, T06
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { routesOf } from '#web/app.ts'
import { maxFormFields, maxFormOctets, maxWriteFormOctets, requestsAtOnce, smallFormOctets } from '#web/limits.ts'
import type { WebDoors } from '#web/doors.ts'
import { refused } from '#base/faults.ts'
import { testService } from '#test/support/service.ts'
import { headingOf, host, webVisitor } from '#test/support/web.ts'

const outside = refused(
  'T21',
  'connection-from-outside-the-uk',
  'the connection comes from 203.0.113.9, which is not known to be in the UK',
  'Connect from within the UK.',
)
const service = await testService()
const { app } = service.faces.web
const solicitor = service.person('solicitor')
// Routes are stated without asking any door.
const anyDoor = new Proxy({}, { get: () => anyDoor }) as WebDoors
const routes = routesOf(anyDoor)
const someId = '01a200f3-3b7b-7720-921a-1252c07383cb'
const concrete = (url: string) => url.replace(':mailbox', someId).replace(':uid', '7').replaceAll(/:\w+/g, '1').replace('*', 'x')

const wanted: Readonly<Record<string, RegExp>> = {
  'content-security-policy': /^default-src 'none'; .*frame-ancestors 'none'; base-uri 'none'/,
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^DENY$/,
  'referrer-policy': /^no-referrer$/,
  'cross-origin-opener-policy': /^same-origin$/,
  'cross-origin-resource-policy': /^same-origin$/,
  'permissions-policy': /camera=\(\)/,
  'cache-control': /^no-store$/,
}

function headerIsThere(header: Readonly<Record<string, unknown>>, what: string): void {
  for (const [name, form] of Object.entries(wanted)) assert.match(String(header[name]), form, `${name} of ${what}`)
}

test('every route says its journey, who may, and which evidence it leads to or why none', () => {
  assert.ok(routes.length >= 20)
  for (const { method, url, journey, who, evidence } of routes) {
    const what = `${method} ${url}`
    assert.match(journey, /^[a-z-]+(\/[a-z-]+)?$/, what)
    assert.ok(who === 'anyone' || who === 'signed-in', what)
    if ('none' in evidence) assert.ok(evidence.none.length > 10, what)
    else assert.ok(evidence.length > 0, what)
  }
})

test('only these routes are open to strangers', () => {
  const open = routes.filter((one) => one.who === 'anyone').map((one) => `${one.method} ${one.url}`)
  assert.deepEqual(open.sort(), [
    'GET /help',
    'GET /help/accessibility',
    'GET /help/cookies',
    'GET /help/markings',
    'GET /new-browser',
    'GET /rules',
    'GET /sign-in',
    'GET /signed-out',
    'POST /new-browser',
    'POST /sign-in',
    'POST /sign-out',
  ])
})

test('a stranger is led to the sign-in page from every other page, and told at every other form; nothing is shown', async () => {
  for (const one of routes.filter((route) => route.who === 'signed-in')) {
    const visitor = webVisitor(app, '192.0.2.20')
    await visitor.get('/sign-in')
    const url = concrete(one.url)
    if (one.method === 'GET') {
      const answer = await visitor.get(url)
      assert.equal(answer.statusCode, 303, url)
      assert.equal(answer.headers.location, `/sign-in?next=${encodeURIComponent(url)}`, url)
      assert.equal((await visitor.get(url, { 'sec-fetch-mode': 'cors' })).statusCode, 401, `${url} by a script`)
    } else if (one.body !== 'upload') {
      const answer = await visitor.post(url)
      assert.equal(answer.statusCode, 401, url)
      headerIsThere(answer.headers, url)
    }
  }
})

test('a link from another site, with which the browser sends no strict cookie, leads on from a page of ours', async () => {
  const visitor = webVisitor(app, '192.0.2.31')
  const answer = await visitor.get('/folders?x="y', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })
  assert.equal(answer.statusCode, 200)
  assert.match(answer.body, /href="\/folders\?x=(&quot;|%22)y"/)
})

test('no form is taken without its token, with a wrong one, or with that of another session', async () => {
  const [own, other] = [webVisitor(app, '192.0.2.21'), webVisitor(app, '192.0.2.22')]
  await own.signIn(solicitor)
  await other.signIn(solicitor)
  const others = /name="csrf" value="([^"]+)"/.exec((await other.get('/help')).body)![1]!
  for (const one of routes.filter((route) => route.method === 'POST' && route.body !== 'upload')) {
    const url = concrete(one.url)
    for (const csrf of ['', 'x', 'A'.repeat(86), others]) {
      const answer = await own.post(url, { csrf })
      assert.equal(answer.statusCode, 403, `${url} with ${csrf.slice(0, 5)}`)
      assert.equal(headingOf(answer.body), 'This form did not come from this service')
    }
  }
})

test('no form is taken from another site, whatever its token', async () => {
  const visitor = webVisitor(app, '192.0.2.23')
  await visitor.signIn(solicitor)
  const post = (headers: Record<string, string>) => visitor.post('/folders', { name: '' }, headers)
  const elsewhere: Record<string, string>[] = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { origin: 'https://evil.example' },
    { origin: `http://${host}` },
    { origin: `https://${host}.evil.example` },
  ]
  for (const headers of elsewhere) assert.equal((await post(headers)).statusCode, 403, JSON.stringify(headers))
  const here: Record<string, string>[] = [{}, { origin: `https://${host}` }, { origin: 'null' }]
  for (const headers of here) assert.equal((await post(headers)).statusCode, 422, JSON.stringify(headers))
})

test('an upload is taken only behind its token', async () => {
  const visitor = webVisitor(app, '192.0.2.24')
  await visitor.signIn(solicitor)
  for (const one of routes.filter((route) => route.body === 'upload')) {
    for (const parts of [
      '',
      '--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nwrong\r\n',
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n',
    ]) {
      const answer = await app.inject({
        method: 'POST',
        url: concrete(one.url),
        headers: {
          host,
          cookie: [...visitor.jar].map(([name, value]) => `${name}=${value}`).join('; '),
          'content-type': 'multipart/form-data; boundary=b',
        },
        payload: `${parts}--b--\r\n`,
      })
      assert.equal(answer.statusCode, 403, one.url)
    }
  }
})

test('every answer bears the security header, errors too', async () => {
  const visitor = webVisitor(app, '192.0.2.25')
  await visitor.signIn(solicitor)
  const answers = [
    await visitor.get('/folders'),
    await visitor.get('/'),
    await visitor.get('/nowhere'),
    await visitor.get('/mail/not-an-id'),
    await visitor.get('/%ff'),
    await visitor.get(`/${'x'.repeat(3000)}`),
    await visitor.post('/help', {}),
    await visitor.post('/folders', { name: 'x'.repeat(maxFormOctets) }),
    await app.inject({ method: 'POST', url: '/sign-in', payload: '{}', headers: { host, 'content-type': 'application/json' } }),
    await app.inject({ method: 'OPTIONS', url: '/folders', headers: { host } }),
  ]
  assert.deepEqual(
    answers.map((answer) => answer.statusCode),
    [200, 303, 404, 404, 400, 404, 405, 413, 415, 405],
  )
  for (const answer of answers) headerIsThere(answer.headers, `${answer.statusCode}`)
  for (const answer of answers)
    assert.equal(answer.headers['strict-transport-security'], undefined, 'not with a development certificate')
})

test('a method that a page does not know is told which it knows', async () => {
  const answer = await app.inject({ method: 'DELETE', url: '/sign-in', headers: { host } })
  assert.equal(answer.statusCode, 405)
  assert.equal(answer.headers.allow, 'GET, POST')
})

test('a form with too many fields, or too large, is refused in words', async () => {
  const visitor = webVisitor(app, '192.0.2.26')
  await visitor.signIn(solicitor)
  const fields = Object.fromEntries(Array.from({ length: maxFormFields }, (_, n) => [`n${n}`, '']))
  const many = await visitor.post('/folders', fields)
  assert.equal(many.statusCode, 400)
  assert.match(many.body, /The form has too many fields\./)
  const { n0: _, ...fewer } = fields
  assert.equal((await visitor.post('/folders', { ...fewer, name: '' })).statusCode, 400, 'the token is a field too')
})

test('of what a stranger sends nothing is read where nobody is signed in, and no large form but that of signing in', async () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const from = (remoteAddress: string) => ({ method: 'POST', remoteAddress, headers: { host, ...form } }) as const
  const payload = 'x'.repeat(maxWriteFormOctets + 1)
  assert.equal((await app.inject({ ...from('192.0.2.90'), url: '/write', payload })).statusCode, 401)
  const small = 'x'.repeat(smallFormOctets)
  assert.equal((await app.inject({ ...from('192.0.2.90'), url: '/new-browser', payload: small })).statusCode, 403)
  assert.equal((await app.inject({ ...from('192.0.2.90'), url: '/new-browser', payload: `${small}x` })).statusCode, 413)
})

test('a fault is told by its reference, never by its text', async () => {
  const broken = await testService()
  const visitor = webVisitor(broken.faces.web.app)
  await visitor.signIn(broken.person('solicitor'))
  const mailboxes = broken.domains.database
  const rows = mailboxes.rows
  mailboxes.rows = async () => {
    throw new Error('a secret in a fault')
  }
  const answer = await visitor.get('/folders')
  mailboxes.rows = rows
  assert.equal(answer.statusCode, 500)
  assert.ok(!answer.body.includes('secret'))
  const reference = /Reference: <strong>([0-9a-f]{16})<\/strong>/.exec(answer.body)?.[1]
  assert.ok(reference)
  headerIsThere(answer.headers, '500')
})

test('one session’s flood of requests is told to wait, and leaves the others alone', async () => {
  const [loud, quiet] = [webVisitor(app, '192.0.2.27'), webVisitor(app, '192.0.2.28')]
  let code = 200
  // Slow as the machine may be: it gains some while it asks.
  for (let n = 0; n < 20 * requestsAtOnce && code === 200; n++) code = (await loud.get('/help')).statusCode
  assert.equal(code, 429)
  assert.equal((await quiet.get('/help')).statusCode, 200)
})

test('assets are kept by browsers for a year, compressed, under a name of this build; another name is not found', async () => {
  const page = await app.inject({ url: '/help', headers: { host } })
  const css = /href="(\/assets\/[0-9a-f]{16}\/app\.css)"/.exec(page.body)![1]!
  for (const [accepted, encoding] of [
    ['gzip, deflate, br', 'br'],
    ['gzip', 'gzip'],
    ['', undefined],
  ] as const) {
    const answer = await app.inject({ url: css, headers: { host, 'accept-encoding': accepted } })
    assert.equal(answer.statusCode, 200)
    assert.equal(answer.headers['content-encoding'], encoding)
    assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable')
    assert.equal(answer.headers['content-type'], 'text/css; charset=utf-8')
  }
  const plain = (await app.inject({ url: css, headers: { host } })).body
  assert.ok(!plain.includes('GDS Transport') && !plain.includes('govuk-crest'), 'neither the typeface nor the crest of GOV.UK')
  for (const name of ['/assets/0000000000000000/app.css', css.replace('app.css', '..%2fapp.ts')]) {
    assert.equal((await app.inject({ url: name, headers: { host } })).statusCode, 404, name)
  }
})

test('the first load takes at most 150 KiB, a page after it 40 KiB', async () => {
  const visitor = webVisitor(app, '192.0.2.29')
  await visitor.signIn(solicitor)
  const page = await visitor.follow(await visitor.get('/'))
  const scripts = ['govuk-frontend.js', 'client/list.ts']
  const names = [...page.body.matchAll(/"(\/assets\/[^"]+)"/g)].map((match) => match[1]!)
  const base = names[0]!.split('/').slice(0, 3).join('/')
  let octets = page.body.length
  for (const url of new Set([...names, ...scripts.map((name) => `${base}/${name}`)])) {
    const answer = await app.inject({ url, headers: { host, 'accept-encoding': 'br' } })
    assert.equal(answer.statusCode, 200, url)
    octets += answer.rawPayload.length
  }
  assert.ok(octets < 150 * 1024, `${octets} octets at first`)
  assert.ok(page.body.length < 40 * 1024)
})

test('no page has a script or a style within it', async () => {
  const visitor = webVisitor(app, '192.0.2.30')
  await visitor.signIn(solicitor)
  for (const url of ['/folders', '/help', '/sign-in', '/nowhere', '/signed-out']) {
    const { body } = await visitor.follow(await visitor.get(url))
    assert.ok(!/<style|style=|<script(?![^>]* src=)|\son\w+=|javascript:/i.test(body), url)
  }
})

test('a connection from outside the UK sees the refusal on every page, before sign-in (T21)', async () => {
  const abroad = await testService({ admit: (address) => (address === '127.0.0.1' ? outside : null) })
  const { https } = abroad.faces.web
  const { get } = await import('node:https')
  const answer = await new Promise<{ status: number; body: string; connection: string | undefined }>((resolve, reject) => {
    get({ host: '127.0.0.1', port: https.port, path: '/sign-in', rejectUnauthorized: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text) => (body += text))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, connection: response.headers.connection }))
    }).on('error', reject)
  })
  assert.equal(answer.status, 403)
  assert.equal(answer.connection, 'close')
  assert.match(answer.body, /203\.0\.113\.9/)
  assert.match(answer.body, /The rule is <a [^>]*>T21</)
})
