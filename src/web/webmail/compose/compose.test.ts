// Writing and sending in webmail, without scripts: nothing lost, nothing sent twice, refusals where they can be mended. G01–G14
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { sql } from '#store/sql.ts'
import { allRecords } from '#test/support/acceptance.ts'
import { eicar } from '#test/support/clamd.ts'
import { headingOf } from '#test/support/web.ts'
import { hidden, idIn, openComposing, send, text, whole, write } from '#test/support/composing.ts'

let hasRoom = true
const { service, doors, priya, miriam, daniel, orla, browserOf, attach } = await openComposing({ hasRoom: () => hasRoom })

test('a message is written, checked and sent, arrives as it was typed, and the sender sees its outcome and receipts (G06, G14)', async () => {
  const who = await browserOf(priya)
  const fields = whole(`"Hollis, Miriam" <${miriam.address}>`, {
    cc: daniel.address,
    bcc: orla.address,
    marking: 'GPMS/RESTRICTED',
    descriptor: 'LEGAL',
  })
  const check = await write(who, fields)
  const attached = await attach(who, idIn(check), [
    { name: 'Zeugnis ä.pdf', type: 'application/pdf', octets: Buffer.from('%PDF-1.7 exhibit') },
  ])
  assert.equal(attached.statusCode, 303)
  const page = await who.get(check)
  for (const said of [
    'Miriam Hollis',
    'Hollis and Penn Solicitors',
    'blind copy',
    'RESTRICTED - LEGAL',
    '[RESTRICTED - LEGAL] R v Smith',
    'Zeugnis ä.pdf',
    'Share it only with those who need it',
  ])
    assert.ok(text(page.body).includes(said), `${said}: ${text(page.body).slice(0, 1500)}`)
  const sent = await who.follow(await send(who, check))
  assert.equal(headingOf(sent.body), 'Sent message')
  assert.ok(text(sent.body).includes('The message was sent.'))
  assert.equal(text(sent.body).split('Not opened yet').length, 4)

  for (const person of [miriam, daniel, orla]) {
    const mail = (await doors.read(person)).at(-1)!
    assert.match(mail, /^X-Protective-Marking: .*SEC=RESTRICTED.*ACCESS=LEGAL/m)
    assert.match(mail, /^Subject: \[RESTRICTED - LEGAL\] R v Smith\r$/m)
    assert.match(mail, /^To: "Hollis, Miriam" <miriam\.hollis@/m)
    assert.doesNotMatch(mail, /^Bcc:|orla\.fenwick/im)
    assert.ok(mail.includes(Buffer.from('%PDF-1.7 exhibit').toString('base64')))
  }
  const [own] = await doors.read(priya, 'Sent')
  assert.equal(own, (await doors.read(miriam)).at(-1))
  const drafts = await who.get('/drafts')
  assert.ok(text(drafts.body).includes('You have begun no message.'))
  assert.equal((await who.get(`/write/${idIn(check)}`)).headers.location, `/write/${idIn(check)}/sent`)

  const records = (await allRecords(service)).map(({ leaf }) => leaf.event)
  for (const event of ['SubmissionAcceptance', 'ContentConsignment', 'MailboxAppend'])
    assert.ok(records.includes(event as 'MailboxAppend'), event)
  const stranger = await browserOf(miriam)
  for (const path of ['', '/check', '/files', '/people', '/delete', '/sent', `/sent/receipt?recipient=${miriam.address}`])
    assert.equal((await stranger.get(`/write/${idIn(check)}${path}`)).statusCode, 404, path)
})

test('a draft that is sent many times at once is delivered once, and every answer says where it is', async () => {
  const who = await browserOf(priya)
  const before = (await doors.read(miriam)).length
  const check = await write(who, whole(miriam.address, { subject: 'once' }))
  const page = (await who.get(check)).body
  const fields = { version: hidden(page, 'version'), shown: hidden(page, 'shown') }
  const answers = await Promise.all(Array.from({ length: 6 }, () => who.post(check.replace('/check', '/send'), fields)))
  for (const answer of answers) assert.equal(answer.headers.location, `/write/${idIn(check)}/sent`, text(answer.body))
  const late = await who.follow(await who.post(check.replace('/check', '/send'), fields))
  assert.ok(text(late.body).includes('It was not sent again.'))
  assert.equal((await doors.read(miriam)).length, before + 1)
  assert.equal((await doors.read(priya, 'Sent')).filter((mail) => mail.includes('Subject: once')).length, 1)
  assert.equal((await who.get(check)).headers.location, `/write/${idIn(check)}/sent`)
})

test('the back button to a form that made a draft does not make or send another', async () => {
  const who = await browserOf(priya)
  const form = await who.get('/write')
  const fields = { begun: hidden(form.body, 'begun'), version: '0', ...whole(miriam.address, { subject: 'back' }) }
  const first = await who.post('/write', { ...fields, do: 'check' })
  const again = await who.post('/write', { ...fields, do: 'check' })
  assert.equal(again.headers.location, first.headers.location)
  const other = await who.post('/write', { ...fields, text: 'changed meanwhile', do: 'check' })
  assert.equal(other.statusCode, 409)
  await send(who, String(first.headers.location))
  const late = await who.follow(await who.post('/write', { ...fields, do: 'check' }))
  assert.ok(text(late.body).includes('This message was sent already'))
})

test('two windows: the second is told, is shown both, and loses nothing', async () => {
  const who = await browserOf(priya)
  const path = await write(who, whole(miriam.address, { text: 'first' }), 'save')
  const save = (version: string, written: string, wish = 'save') =>
    who.post(path, { ...whole(miriam.address, { text: written }), version, do: wish })
  assert.equal((await save('1', 'window one')).statusCode, 303)
  const conflict = await save('1', 'window two')
  assert.equal(conflict.statusCode, 409)
  for (const said of ['window one', 'window two']) assert.ok(text(conflict.body).includes(said))
  assert.deepEqual((await save('1', 'window two', 'autosave')).json(), { kind: 'changed' })
  assert.match((await who.get(path)).body, /window one/)
  const apart = await save(hidden(conflict.body, 'version'), 'window two', 'copy')
  assert.match((await who.get(String(apart.headers.location))).body, /window two/)
  assert.match((await who.get(path)).body, /window one/)
  assert.equal((await save(hidden(conflict.body, 'version'), 'window two')).statusCode, 303)
  assert.match((await who.get(path)).body, /window two/)
  const home = await who.follow(await who.get('/'))
  const folder = /href="(\/mail\/[^"]+)"[^>]*>\s*<bdi>Drafts/.exec(home.body)![1]!
  assert.ok((await who.get(folder)).body.includes(`href="${path}"`), 'the Drafts folder lists it')
})

test('what was changed in another window after the check is not sent until it was checked again', async () => {
  const who = await browserOf(priya)
  const check = await write(who, whole(miriam.address, { subject: 'changed later' }))
  const seen = hidden((await who.get(check)).body, 'version')
  await who.post(check.replace('/check', ''), {
    ...whole(daniel.address, { subject: 'changed later' }),
    version: seen,
    do: 'save',
  })
  const answer = await who.post(check.replace('/check', '/send'), { version: seen })
  assert.equal(answer.statusCode, 422)
  assert.ok(text(answer.body).includes('It was not sent'))
  assert.ok(!(await doors.read(miriam)).some((mail) => mail.includes('changed later')))
})

test('a warning is answered by who was shown it: what was never checked is shown before it is sent (G11)', async () => {
  const who = await browserOf(priya)
  const tobias = service.person('sole practitioner')
  const path = await write(who, whole(tobias.address, { subject: 'never checked' }), 'save')
  const answered = async () => (await allRecords(service)).filter(({ leaf }) => leaf.event === 'WarningsAnswered').length
  const before = await answered()
  const other = await who.get(await write(who, whole(tobias.address, { subject: 'another' })))
  for (const shown of ['', 'W10.x', hidden(other.body, 'shown')]) {
    const answer = await who.post(`${path}/send`, { version: '1', shown })
    assert.equal(answer.statusCode, 422)
    assert.ok(text(answer.body).includes('Read what is noted about it first'), text(answer.body))
  }
  assert.equal(await answered(), before)
  assert.equal((await doors.read(tobias)).length, 0)
  const page = await who.post(`${path}/send`, { version: '1' })
  const fields = { version: '1', shown: hidden(page.body, 'shown') }
  assert.equal((await who.post(`${path}/send`, fields)).headers.location, `${path}/sent`)
  assert.equal(await answered(), before + 1)
})

test('a save to a draft that was deleted in another window is kept as a new one', async () => {
  const who = await browserOf(priya)
  const path = await write(who, whole(''), 'save')
  assert.equal(headingOf((await who.get(`${path}/delete`)).body), 'Delete this draft?')
  await who.post(`${path}/delete`)
  const late = await who.post(path, { ...whole('', { text: 'typed after all' }), version: '1', do: 'save' })
  const page = await who.follow(late)
  assert.match(page.body, /typed after all/)
  assert.ok(text(page.body).includes('deleted in another window'))
  assert.notEqual(late.headers.location, path)
})

test('who cannot get it is said with rule and remedy, and one button leaves them out (G01, G02)', async () => {
  const who = await browserOf(priya)
  const check = await write(
    who,
    whole(`${miriam.address}, "Some One" <someone@gmail.example>, nobody@hollis-penn.cjsm.test`, { subject: 'partly' }),
  )
  const page = await who.get(check)
  assert.ok(text(page.body).includes('Rule G01'))
  assert.doesNotMatch(page.body, />\s*Send\s*</)
  const forced = await who.post(check.replace('/check', '/send'), { version: hidden(page.body, 'version') })
  assert.equal(forced.statusCode, 422)
  const without = await who.follow(await who.post(check.replace('/check', '/without-refused')))
  assert.ok(!text(without.body).includes('gmail.example'))
  assert.equal((await send(who, check)).statusCode, 303)
})

test('what the rules refuse of a message is refused before it is sent, and is recorded nowhere (G05, G07)', async () => {
  const who = await browserOf(miriam)
  const offered = await who.get('/write')
  assert.doesNotMatch(offered.body, /value="GPMS\/RESTRICTED"/)
  assert.match(offered.body, /value="GPMS\/PRIVATE"/)
  const before = (await allRecords(service)).length
  for (const [fields, rule] of [
    [{ marking: 'GPMS/RESTRICTED' }, 'G07'],
    [{ subject: 'TOP SECRET' }, 'G05'],
    [{ text: 'SECRET\r\n\r\nplans' }, 'G05'],
  ] as const) {
    const page = await who.get(await write(who, whole(priya.address, fields)))
    assert.ok(text(page.body).includes(`Rule ${rule}`), text(page.body))
    assert.doesNotMatch(page.body, />\s*Send\s*</)
  }
  assert.equal((await allRecords(service)).length, before)
})

test('the check shows the marking that is delivered, and says where that is not the one that was chosen (G06)', async () => {
  const who = await browserOf(priya)
  const open = { marking: 'GPMS/NOT PROTECTIVELY MARKED' }
  for (const [fields, subject, marking, chosen] of [
    [{ subject: '[RESTRICTED] typed' }, '[RESTRICTED] typed', 'RESTRICTED', 'no marking'],
    [{ subject: '[RESTRICTED] open', ...open }, '[RESTRICTED] open', 'RESTRICTED', 'NOT PROTECTIVELY MARKED'],
    [{ subject: 'banner', text: 'RESTRICTED\r\n\r\nThe list.' }, '[RESTRICTED] banner', 'RESTRICTED', 'no marking'],
    [{ subject: 'chosen', marking: 'GPMS/RESTRICTED' }, '[RESTRICTED] chosen', 'RESTRICTED', null],
    [{ subject: 'plain', ...open }, '[NOT PROTECTIVELY MARKED] plain', 'NOT PROTECTIVELY MARKED', null],
  ] as const) {
    const check = await write(who, whole(miriam.address, fields))
    const page = await who.get(check)
    assert.match(page.body, new RegExp(`<strong class="govuk-tag[^>]*><bdi>${marking}</bdi>`), subject)
    assert.equal(/You chose (.*?) , but/.exec(text(page.body))?.[1]?.trim() ?? null, chosen, subject)
    assert.equal(text(page.body).includes('needs no special care'), marking === 'NOT PROTECTIVELY MARKED', subject)
    assert.ok(text(page.body).includes(`Subject ${subject} Marking`), text(page.body))
    assert.equal((await send(who, check)).statusCode, 303)
    const mail = (await doors.read(miriam)).at(-1)!
    assert.match(mail, new RegExp(`^X-Protective-Marking: .*SEC=${marking}`, 'm'))
    assert.ok(mail.replace(/\r\n[ \t]/g, ' ').includes(`\r\nSubject: ${subject}\r\n`), mail)
  }
})

test('what is wrong is said at its field, and nothing typed is lost', async () => {
  const who = await browserOf(priya)
  for (const [fields, said] of [
    [whole(''), 'Enter who the message is for'],
    [whole('not an address'), '“not an address” is not an address'],
    [whole(miriam.address, { subject: 'x'.repeat(501) }), 'Subject is too long'],
    [whole(miriam.address, { subject: 'a\r\nBcc: x@y.example' }), 'Subject holds characters that do not show'],
    [whole(miriam.address, { text: 'a\0b' }), 'Message holds characters that do not show'],
  ] as const) {
    const check = await write(who, fields)
    const page = await who.get(check)
    assert.ok(text(page.body).includes(said), `${said}: ${text(page.body).slice(0, 600)}`)
    assert.equal((await who.post(check.replace('/check', '/send'), { version: '1' })).statusCode, 422)
  }
})

test('a virus is found when it is sent: a page says so, and the draft stays (T19)', async () => {
  const who = await browserOf(priya)
  const check = await write(who, whole(miriam.address, { subject: 'infected', text: eicar }))
  const answer = await send(who, check)
  assert.equal(answer.statusCode, 422)
  assert.ok(text(answer.body).includes('malicious content'))
  assert.ok(!(await doors.read(miriam)).some((mail) => mail.includes('infected')))
  assert.equal((await who.get(check)).statusCode, 200)
})

test('files come and go, for scripts and for pages, and what is over a limit is told', async () => {
  const who = await browserOf(priya)
  const id = idIn(await write(who, whole(miriam.address), 'files'))
  const told = await attach(
    who,
    id,
    [
      { name: 'a.txt', type: 'text/plain', octets: randomBytes(10) },
      { name: 'b.bin', type: '', octets: randomBytes(300_000) },
    ],
    'application/json',
  )
  const { files, version } = told.json<{ files: { name: string; remove: string }[]; version: number }>()
  assert.deepEqual(
    files.map((one) => one.name),
    ['a.txt', 'b.bin'],
  )
  assert.equal(
    (await who.post(`/write/${id}`, { ...whole(miriam.address), version: String(version), do: 'autosave' })).statusCode,
    200,
  )
  assert.equal((await attach(who, id, [])).statusCode, 422)
  const removed = await who.post(files[1]!.remove)
  assert.equal(removed.statusCode, 303)
  const page = await who.get(`/write/${id}/files`)
  assert.ok(text(page.body).includes('a.txt') && !text(page.body).includes('b.bin'))
})

test('no file is taken while a disk is too full (G20)', async () => {
  const who = await browserOf(priya)
  const id = idIn(await write(who, whole(miriam.address), 'save'))
  hasRoom = false
  const answer = await attach(who, id, [{ name: 'a.pdf', type: 'application/pdf', octets: Buffer.from('%PDF-1.7') }])
  hasRoom = true
  assert.equal(answer.statusCode, 422)
  assert.ok(text(answer.body).includes('The service has too little free space at present.'))
  assert.ok(text((await who.get(`/write/${id}/files`)).body).includes('No files are attached.'))
})

test('a file that is too large is told when it has come, and what came with it is kept', { timeout: 60_000 }, async () => {
  const who = await browserOf(priya)
  const id = idIn(await write(who, whole(miriam.address), 'save'))
  const answer = await attach(who, id, [
    { name: 'first.pdf', type: 'application/pdf', octets: Buffer.from('%PDF-1.7') },
    { name: 'film.mp4', type: 'video/mp4', octets: Buffer.alloc(26 * 1024 * 1024) },
    { name: 'last.pdf', type: 'application/pdf', octets: Buffer.from('%PDF-1.7') },
  ])
  assert.equal(answer.statusCode, 422)
  assert.ok(text(answer.body).includes('The files of a message hold 26.2 MB together at most. Send them'), text(answer.body))
  const files = text((await who.get(`/write/${id}/files`)).body)
  assert.ok(files.includes('first.pdf') && !files.includes('film.mp4'))
})

test('people are found and added, with and without scripts (G11)', async () => {
  const who = await browserOf(priya)
  const path = await write(who, whole(''), 'people-cc')
  const found = await who.get(`${path}&q=mir+hol`)
  assert.ok(text(found.body).includes('Hollis and Penn Solicitors'))
  const added = await who.follow(
    await who.post(path.split('?')[0]!, { field: 'cc', person: [miriam.address, daniel.address] as unknown as string }),
  )
  assert.match(added.body, /value="Miriam Hollis &lt;miriam\.hollis@[^"]*&gt;, Daniel Penn &lt;daniel/)
  assert.equal((await who.get('/people?q=adey')).json()[0].organisation, 'Tern Court Chambers')
  assert.deepEqual((await who.get('/people?q=a')).json(), [])
})

test('what a sender asks for beyond the minimum is kept in the draft, shown, and sent with the message (G09)', async () => {
  const who = await browserOf(priya)
  const asked = { 'no-forwarding': 'yes', 'no-download': 'yes', 'only-recipients': 'yes' }
  const check = await write(who, whole(miriam.address, { subject: 'with care', ...asked, until: '31 December' }))
  assert.ok(text((await who.get(check)).body).includes('The last day must be a date like 2026-12-31'))
  const form = (await who.get(check.replace('/check', ''))).body
  assert.equal([...form.matchAll(/name="(?:no-forwarding|no-download|only-recipients)"[^>]*checked/g)].length, 3)
  const fields = whole(miriam.address, { subject: 'with care', ...asked, until: '2099-12-31', version: hidden(form, 'version') })
  await who.post(check.replace('/check', ''), { ...fields, do: 'save' })
  assert.ok(text((await who.get(check)).body).includes(`Only those named by the sender may read it: ${miriam.address}.`))
  assert.equal((await send(who, check)).statusCode, 303)
  assert.match((await doors.read(miriam)).at(-1)!, /read in webmail and not downloaded/) // what a mail program gets
  const got = (await doors.read(priya, 'Sent')).at(-1)!.replace(/\r\n[ \t]/g, ' ')
  const said = `X-CJSM-Handling: no-forwarding, no-download, reader=${miriam.address}, until=2099-12-31T23:59:59Z`
  assert.ok(got.toLowerCase().includes(said.toLowerCase()), got)
})

test('a message for the eyes of one person names them, in its marking and on every page (G08)', async () => {
  const who = await browserOf(priya)
  const fields = whole(miriam.address, { subject: 'for one', marking: 'GPMS/RESTRICTED', reader: 'Miriam, or her clerk' })
  const check = await write(who, fields)
  const wrong = await who.get(check)
  assert.ok(text(wrong.body).includes('For the eyes of: write one name or role'), text(wrong.body))
  assert.doesNotMatch(wrong.body, />\s*Send\s*</)
  const form = (await who.get(check.replace('/check', ''))).body
  assert.match(form, /name="reader"[^>]*value="MIRIAM, OR HER CLERK"/)
  await who.post(check.replace('/check', ''), { ...fields, reader: 'M Hollis', version: hidden(form, 'version'), do: 'save' })
  const page = text((await who.get(check)).body)
  assert.ok(page.includes('RESTRICTED - M HOLLIS EYES ONLY') && page.includes('Only the people it names may read it'), page)
  assert.equal((await send(who, check)).statusCode, 303)
  const mail = (await doors.read(miriam)).at(-1)!.replace(/\r\n[ \t]/g, ' ')
  assert.match(mail, /^X-Protective-Marking: .*CAVEAT=SH:M HOLLIS EYES ONLY/m)
  assert.match(mail, /^Subject: \[RESTRICTED - M HOLLIS EYES ONLY\] for one\r$/m)
})

test('a session that ended while one wrote loses nothing', async () => {
  const who = await browserOf(priya)
  const form = await who.get('/write')
  await service.domains.database.run(sql`update web_session set seen_ms = 0, created_ms = 0 where ended_ms is null`)
  const fields = {
    begun: hidden(form.body, 'begun'),
    version: '0',
    ...whole(miriam.address, { text: 'typed before it ended' }),
    do: 'save',
  }
  const kept = await who.post('/write', fields)
  assert.equal(kept.statusCode, 401)
  assert.match(kept.body, /name="kept"/)
  assert.doesNotMatch(kept.body, /typed before it ended/)
})

test('hostile strings in every field are shown, never run, in form, check and list', async () => {
  const who = await browserOf(priya)
  const hostile = '"><script>alert(1)</script>{{ 7 * 7 }}\u202e'
  const path = await write(
    who,
    whole(hostile, { cc: hostile, bcc: hostile, subject: hostile, text: `</textarea>${hostile}` }),
    'save',
  )
  await attach(who, idIn(path), [{ name: 'x<script>.html', type: 'text/html', octets: Buffer.from('x') }])
  for (const url of [
    path,
    `${path}/check`,
    `${path}/files`,
    `${path}/delete`,
    `${path}/people?q=${encodeURIComponent(hostile)}`,
    '/drafts',
  ]) {
    const page = await who.get(url)
    assert.equal(page.statusCode === 200 || page.statusCode === 422, true, `${url} ${page.statusCode}`)
    assert.doesNotMatch(page.body, /<script>alert|x<script>|>49</, url)
  }
})
