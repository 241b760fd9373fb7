// Signing in and out with a browser. T06, T03, G17, G02
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openDatabase } from '#store/database.ts'
import { sql } from '#store/sql.ts'
import { newLog } from '#base/log.ts'
import { openComputers } from '#identity/computers.ts'
import { theService } from '#keys/epoch.ts'
import { testService } from '#test/support/service.ts'
import { headingOf, host, webVisitor } from '#test/support/web.ts'
import { computerCookieMs } from '#web/limits.ts'

let shiftMs = 0
const clock = { now: () => Date.now() + shiftMs, monotonic: () => performance.now() }
const service = await testService({ clock })
const { app } = service.faces.web
const { domains } = service
const prosecutor = service.person('prosecutor')
const solicitor = service.person('solicitor')
const stored = openDatabase({
  connectionString: service.connectionString,
  connections: 1,
  waitMs: 5000,
  log: newLog('silent', {}),
})
after(() => stored.close())
const fieldsOf = (person: { userName: string; password: string }) => ({ 'user-name': person.userName, password: person.password })

/** What the record says last of an event. */
async function lastOf(event: string): Promise<Record<string, unknown> | undefined> {
  const rows = await stored.rows<{ id: string; leaf: Buffer }>(
    sql`select id, leaf from evidence_record order by id desc limit 60`,
  )
  const row = rows.find((one) => JSON.parse(one.leaf.toString()).event === event)
  return row === undefined ? undefined : (await domains.evidence.read(row.id))?.openings?.[0]?.detail
}

test('a person signs in with user name and password and comes to where they wanted, which is recorded (T03)', async () => {
  const visitor = webVisitor(app, '192.0.2.7')
  const first = await visitor.get('/folders')
  assert.equal(first.statusCode, 303)
  assert.equal(first.headers.location, '/sign-in?next=%2Ffolders')
  const page = await visitor.follow(first)
  assert.equal(headingOf(page.body), 'Sign in')
  const answer = await visitor.post('/sign-in', { ...fieldsOf(prosecutor), next: '/folders' })
  assert.equal(answer.statusCode, 303)
  assert.equal(answer.headers.location, '/folders')
  assert.equal((await visitor.get('/folders')).statusCode, 200)
  const { protocol, remoteAddress } = (await lastOf('SignIn'))!
  assert.deepEqual({ protocol, remoteAddress }, { protocol: 'webmail', remoteAddress: '192.0.2.7' })
})

test('cookies are of this host alone, over TLS, out of reach of scripts, and strict', async () => {
  const visitor = webVisitor(app)
  const page = await visitor.get('/sign-in')
  const answer = await visitor.post('/sign-in', fieldsOf(prosecutor))
  const set = [page, answer].flatMap((one) => one.headers['set-cookie'] ?? [])
  const names = set.map((cookie) => cookie.slice(0, cookie.indexOf('=')))
  assert.deepEqual(names, ['__Host-visit', '__Host-session', '__Host-visit', '__Host-computer'])
  for (const cookie of set) assert.match(cookie, /; Path=\/; Secure; HttpOnly; SameSite=(Strict|Lax)/)
  assert.match(set[0]!, /SameSite=Lax$/)
  assert.match(set[1]!, /^__Host-session=[\w-]{43}; .*SameSite=Strict$/, '256 random bits, until the browser is closed')
})

test('nothing that a browser holds stands in the database', async () => {
  const visitor = webVisitor(app)
  await visitor.signIn(prosecutor)
  const rows = await stored.rows<{ text: string }>(
    sql`select web_session::text as text from web_session union all select device_credential::text from device_credential`,
  )
  const all = rows.map((row) => row.text).join('\n')
  for (const value of visitor.jar.values()) {
    assert.ok(!all.includes(value) && !all.includes(Buffer.from(value, 'base64url').toString('hex')))
  }
})

test('a wrong password and an unknown name are told alike, and recorded', async () => {
  const visitor = webVisitor(app, '192.0.2.8')
  await visitor.get('/sign-in')
  const wrong = await visitor.post('/sign-in', { 'user-name': 'nobody.there', password: 'x' })
  const known = await visitor.post('/sign-in', { 'user-name': solicitor.userName, password: 'x' })
  const errorOf = (body: string) =>
    /govuk-error-summary__list">([\s\S]*?)<\/ul>/
      .exec(body)?.[1]
      ?.replaceAll(/<[^>]*>/g, '')
      .trim()
  assert.deepEqual([wrong.statusCode, known.statusCode], [422, 422])
  assert.equal(errorOf(wrong.body), 'The user name or the password is not right')
  assert.equal(errorOf(known.body), errorOf(wrong.body))
  assert.equal((await lastOf('SignInFailure'))!.reason, 'sign-in-failed')
  assert.equal(visitor.jar.has('__Host-session'), false)
})

test('empty fields are told beside them', async () => {
  const visitor = webVisitor(app)
  await visitor.get('/sign-in')
  const { body, statusCode } = await visitor.post('/sign-in', { 'user-name': '', password: '' })
  assert.equal(statusCode, 422)
  assert.match(body, /href="#user-name">Enter your user name/)
  assert.match(body, /href="#password">Enter your password/)
  assert.match(body, /<title>Error: Sign in/)
})

test('signing out ends the session, is recorded, and the cookie is worth nothing after it', async () => {
  const visitor = webVisitor(app)
  await visitor.signIn(prosecutor)
  const jar = new Map(visitor.jar)
  const out = await visitor.post('/sign-out')
  assert.equal(out.headers.location, '/signed-out')
  assert.equal(visitor.jar.has('__Host-session'), false)
  assert.equal((await lastOf('SignOut'))!.protocol, 'webmail')
  for (const [name, value] of jar) visitor.jar.set(name, value)
  assert.equal((await visitor.get('/folders')).statusCode, 303, 'the old cookie leads to the sign-in page')
})

test('the limits of a session: idle and absolute (T06)', async () => {
  const visitor = webVisitor(app)
  await visitor.signIn(prosecutor)
  const isIn = async () => (await visitor.get('/folders')).statusCode === 200
  const passed = async (minutes: number) => {
    shiftMs += minutes * 60_000
    return isIn()
  }
  assert.ok(await passed(29))
  assert.ok(await passed(29), 'each request counts as being there')
  assert.equal(await passed(31), false)
  await visitor.signIn(prosecutor)
  for (let half = 0; half < 12 * 2 + 11; half++) assert.ok(await passed(20))
  assert.equal(await passed(21), false, 'twelve hours after the sign-in it ends, however much is done')
  shiftMs = 0
})

test('what a page asks by itself does not keep a session open', async () => {
  const visitor = webVisitor(app)
  await visitor.signIn(prosecutor)
  const inbox = String((await visitor.get('/')).headers.location)
  const session = await domains.database.rows<{ id: string }>(sql`select id from web_session order by created_ms desc limit 1`)
  shiftMs += 20 * 60_000
  const before = await stored.rows(sql`select seen_ms from web_session where id = ${session[0]!.id}`)
  const answer = app.inject({
    method: 'GET',
    url: `${inbox}/events`,
    payloadAsStream: true,
    headers: { host, cookie: [...visitor.jar].map(([name, value]) => `${name}=${value}`).join('; ') },
  })
  ;(await answer).stream().destroy()
  assert.deepEqual(await stored.rows(sql`select seen_ms from web_session where id = ${session[0]!.id}`), before)
  shiftMs = 0
})

test('a list that renews itself when mail comes does not keep a session open', async () => {
  const visitor = webVisitor(app)
  await visitor.signIn(prosecutor)
  const inbox = String((await visitor.get('/')).headers.location)
  shiftMs += 20 * 60_000
  assert.equal((await visitor.get(inbox, { 'sec-fetch-mode': 'cors' })).statusCode, 200)
  shiftMs += 11 * 60_000
  assert.equal((await visitor.get('/folders')).statusCode, 303)
  shiftMs = 0
})

test('who signs in again leaves no session behind', async () => {
  const visitor = webVisitor(app)
  await visitor.signIn(prosecutor)
  const before = visitor.jar.get('__Host-session')!
  await visitor.post('/sign-in', fieldsOf(solicitor))
  assert.notEqual(visitor.jar.get('__Host-session'), before)
  visitor.jar.set('__Host-session', before)
  assert.equal((await visitor.get('/folders')).statusCode, 303)
})

test('a suspension ends open sessions at their next request, in words (G02)', async () => {
  const visitor = webVisitor(app)
  const clerk = service.person('clerk')
  await visitor.signIn(clerk)
  const [account] = await domains.accounts.list({ userName: clerk.userName })
  const set = (state: 'suspended' | 'active') =>
    domains.database.transaction((tx) =>
      domains.accounts.setState(tx, theService, account!.id, state, { clause: 'G02', reason: 'a test' }),
    )
  await set('suspended')
  const refusal = await visitor.get('/folders')
  assert.equal(refusal.statusCode, 403)
  assert.match(refusal.body, /The account may not be used at present\./)
  assert.match(refusal.body, /The rule is <a [^>]*>G02</)
  await visitor.get('/sign-in')
  const again = await visitor.post('/sign-in', fieldsOf(clerk))
  assert.equal(again.statusCode, 403)
  await set('active')
  assert.equal((await visitor.get('/folders')).statusCode, 200)
})

test('guesses make one wait, and the wait ends; the person’s own computer is not kept out by strangers (T06)', async () => {
  const barrister = service.person('barrister')
  const own = webVisitor(app, '192.0.2.50')
  await own.signIn(barrister)
  const stranger = webVisitor(app, '192.0.2.51')
  await stranger.get('/sign-in')
  const guess = (visitor: typeof own, password = 'wrong') =>
    visitor.post('/sign-in', { 'user-name': barrister.userName, password })
  for (let time = 0; time < 5; time++) assert.equal((await guess(stranger)).statusCode, 422)
  const waits = await guess(stranger, barrister.password)
  assert.equal(waits.statusCode, 429, 'also with the right password')
  assert.match(waits.body, /You can try again in \d+ seconds\./)
  assert.match(waits.body, /Your account is not locked\./)
  assert.ok(Number(waits.headers['retry-after']) > 0)
  await own.post('/sign-out')
  await own.signIn(barrister)
  shiftMs += 16_000
  await stranger.get('/sign-in')
  assert.equal((await guess(stranger, barrister.password)).statusCode, 303)
  shiftMs = 0
})

test('guesses that come all at once are all counted', async () => {
  const visitor = webVisitor(app, '192.0.2.60')
  await visitor.get('/sign-in')
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => visitor.post('/sign-in', { 'user-name': 'somebody.else', password: 'wrong' })),
  )
  assert.equal(answers.filter((answer) => answer.statusCode === 422).length, 5)
})

test('what has to wait counts against nobody else', async () => {
  const [one, other] = [webVisitor(app, '192.0.2.69'), webVisitor(app, '192.0.2.69')]
  await one.get('/sign-in')
  const again = () => one.post('/sign-in', { 'user-name': 'impatient', password: 'x' })
  for (let time = 0; time < 45; time++) await again()
  assert.equal((await again()).statusCode, 429)
  await other.get('/sign-in')
  assert.equal((await other.post('/sign-in', { 'user-name': 'their.colleague', password: 'x' })).statusCode, 422)
})

test('a network that guesses at many names waits as well', async () => {
  const visitor = webVisitor(app, '192.0.2.70')
  await visitor.get('/sign-in')
  const codes = await Promise.all(
    Array.from(
      { length: 32 },
      async (_, n) => (await visitor.post('/sign-in', { 'user-name': `name.${n}`, password: 'x' })).statusCode,
    ),
  )
  assert.equal(codes.filter((code) => code === 422).length, 30)
  assert.equal(codes.filter((code) => code === 429).length, 2)
})

test('a network that has to wait keeps no computer of its people out, and guesses at nobody meanwhile (T06)', async () => {
  const own = webVisitor(app, '192.0.2.71')
  await own.signIn(prosecutor)
  await own.post('/sign-out')
  const colleague = webVisitor(app, '192.0.2.71')
  await colleague.get('/sign-in')
  const guess = (name: string) => colleague.post('/sign-in', { 'user-name': name, password: 'x' })
  for (let n = 0; n < 31; n++) await guess(`mistyped.${n}`)
  assert.equal((await guess('mistyped.31')).statusCode, 429)
  await own.signIn(prosecutor)
  for (let n = 0; n < 6; n++) assert.equal((await guess('guessed.at')).statusCode, 429)
  const elsewhere = webVisitor(app, '192.0.2.72')
  await elsewhere.get('/sign-in')
  assert.equal(
    (await elsewhere.post('/sign-in', { 'user-name': 'guessed.at', password: 'x' })).statusCode,
    422,
    'what waits is no guess',
  )
})

test('a form that was cut off by the end of its session goes on after signing in again; for another person it is gone', async () => {
  const visitor = webVisitor(app)
  await visitor.signIn(solicitor)
  const name = `Cut <off> & “on”\n two ${Math.random()}`.slice(0, 40)
  await visitor.get('/folders')
  shiftMs += 31 * 60_000
  const cut = await visitor.post('/folders', { name })
  assert.equal(cut.statusCode, 401)
  assert.match(cut.body, /What you were writing is not lost/)
  assert.ok(!cut.body.includes('Cut &lt;off'), 'it is sealed')
  const kept = /name="kept" value="([^"]+)"/.exec(cut.body)![1]!
  const page = await visitor.post('/sign-in', { ...fieldsOf(solicitor), kept })
  assert.equal(page.statusCode, 200)
  assert.equal(headingOf(page.body), 'You are signed in again')
  assert.match(page.body, /<form method="post" action="\/folders">/)
  const text = /<textarea hidden name="name">\n([\s\S]*?)<\/textarea>/.exec(page.body)![1]!
  const entities = new Map([
    ['&lt;', '<'],
    ['&gt;', '>'],
    ['&amp;', '&'],
    ['&quot;', '"'],
    ['&#39;', "'"],
  ])
  assert.equal(
    text.replaceAll(/&(lt|gt|amp|quot|#39);/g, (entity) => entities.get(entity)!),
    name,
  )
  const other = webVisitor(app)
  await other.get('/sign-in')
  const taken = await other.post('/sign-in', { ...fieldsOf(prosecutor), kept })
  assert.equal(taken.statusCode, 303, 'somebody else gets nothing of it')
  shiftMs = 0
})

test('outside a demonstration a browser needs a code, which works once and for its person alone (G17)', async () => {
  const strict = await testService({ demo: false, clock })
  const { app: strictApp } = strict.faces.web
  const person = strict.person('solicitor')
  const visitor = webVisitor(strictApp)
  await visitor.get('/sign-in')
  const refusal = await visitor.post('/sign-in', fieldsOf(person))
  assert.equal(refusal.statusCode, 403)
  assert.match(refusal.body, /Ask your organisation’s administrator for a code/)
  assert.equal(visitor.jar.has('__Host-session'), false)

  const computers = openComputers({ ...strict.domains, admitsDemonstration: false })
  const [account] = await strict.domains.accounts.list({ userName: person.userName })
  const code = await strict.domains.database.transaction((tx) => computers.issueCode(tx, theService, account!.id))
  const enter = async (who: { userName: string; password: string }, given: string) => {
    const browser = webVisitor(strictApp)
    await browser.get('/new-browser')
    return { browser, answer: await browser.post('/new-browser', { ...fieldsOf(who), code: given }) }
  }
  assert.equal((await enter(strict.person('prosecutor'), code)).answer.statusCode, 422, 'another person’s')
  const first = await enter(person, ` ${code.toUpperCase()} `)
  assert.equal(first.answer.statusCode, 303)
  assert.equal((await enter(person, code)).answer.statusCode, 422, 'used before')
  await first.browser.get('/help')
  await first.browser.post('/sign-out')
  await first.browser.signIn(person) // the browser is known now
  const next = await strict.domains.database.transaction((tx) => computers.issueCode(tx, theService, account!.id))
  const guesser = webVisitor(strictApp, '192.0.2.80')
  await guesser.get('/sign-in')
  for (let time = 0; time < 6; time++) await guesser.post('/sign-in', { ...fieldsOf(person), password: 'x' })
  assert.equal((await enter(person, 'no-such-code')).answer.statusCode, 429)
  assert.equal((await enter(person, next)).answer.statusCode, 303, 'who has a code is not kept out by strangers (T06)')
  const late = await strict.domains.database.transaction((tx) => computers.issueCode(tx, theService, account!.id))
  shiftMs += 24 * 3_600_000 + 1
  assert.equal((await enter(person, late)).answer.statusCode, 422, 'older than a day')
  shiftMs = 0
})

test('a browser that people share stays a computer of each, and each sign-in renews that (G17, T06)', async () => {
  const strict = await testService({ demo: false })
  const people = [strict.person('solicitor'), strict.person('prosecutor')] as const
  const computers = openComputers({ ...strict.domains, admitsDemonstration: false })
  const shared = webVisitor(strict.faces.web.app)
  for (const person of people) {
    const [account] = await strict.domains.accounts.list({ userName: person.userName })
    const code = await strict.domains.database.transaction((tx) => computers.issueCode(tx, theService, account!.id))
    await shared.get('/new-browser')
    assert.equal((await shared.post('/new-browser', { ...fieldsOf(person), code })).statusCode, 303)
    await shared.get('/help')
    await shared.post('/sign-out')
  }
  for (const person of people) {
    await shared.get('/sign-in')
    const answer = await shared.post('/sign-in', fieldsOf(person))
    assert.equal(answer.statusCode, 303, person.userName)
    const renewed = answer.cookies.find(({ name }) => name === '__Host-computer')
    assert.deepEqual([renewed?.maxAge, renewed?.value], [computerCookieMs / 1000, shared.jar.get('__Host-computer')])
    await shared.get('/help')
    await shared.post('/sign-out')
  }
})

test('after signing in one is led to a page of ours only', async () => {
  for (const next of [
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    '/ok\r\nx: y',
  ]) {
    const visitor = webVisitor(app)
    await visitor.get(`/sign-in?next=${encodeURIComponent(next)}`)
    const answer = await visitor.post('/sign-in', { ...fieldsOf(solicitor), next })
    assert.equal(answer.headers.location, '/', next)
  }
})
