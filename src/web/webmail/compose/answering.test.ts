// Answering and forwarding in webmail: marking, threading, originals, and files that go along. G06, G16
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { openUploads } from '#mailbox/uploads.ts'
import { allRecords } from '#test/support/acceptance.ts'
import { hidden, idIn, openComposing, readerOf, send, text, whole, write } from '#test/support/composing.ts'

const { service, doors, priya, miriam, daniel, orla, browserOf, attach } = await openComposing()

test('a reply keeps the marking, names whom it answers, quotes, and is threaded; a forward attaches the original (G06, RFC 5322 §3.6.4)', async () => {
  const police = await browserOf(priya)
  await send(
    police,
    await write(
      police,
      whole(`${miriam.address}`, { cc: daniel.address, subject: 'to be answered', marking: 'GPMS/RESTRICTED' }),
    ),
  )
  const solicitor = await browserOf(miriam)
  const reader = await doors.signIn(miriam)
  const { status, copies } = (await doors.mailboxes.select(readerOf(reader), 'INBOX'))!
  const from = `/mail/${status.id}/${copies.at(-1)!.uid}/answer`
  const answer = async (kind: string, to: string) => {
    const form = await solicitor.get(`${from}/${kind}`)
    const named = (name: string) =>
      new RegExp(`id="${name}" name="${name}"[^>]*value="([^"]*)"`)
        .exec(form.body)?.[1]
        ?.replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>') ?? ''
    const body = /<textarea[^>]*>([\s\S]*?)<\/textarea>/.exec(form.body)![1]!.replaceAll('&gt;', '>')
    const typed = {
      to: to || named('to'),
      cc: named('cc'),
      bcc: '',
      subject: named('subject'),
      text: body,
      marking: 'GPMS/RESTRICTED',
    }
    const saved = await solicitor.post(`${from}/${kind}`, {
      ...typed,
      begun: hidden(form.body, 'begun'),
      version: '0',
      do: 'check',
    })
    return { typed, check: String(saved.headers.location) }
  }
  const all = await answer('reply-all', '')
  assert.ok(
    all.typed.to.includes(priya.address) && all.typed.cc.includes(daniel.address) && !all.typed.cc.includes(miriam.address),
  )
  assert.equal(all.typed.subject, 'Re: [RESTRICTED] to be answered')
  assert.match(all.typed.text, /> Dear all\n>\n> Please see\./)
  const flags = async () => (await doors.mailboxes.select(readerOf(reader), 'INBOX'))!.copies.at(-1)!.flags
  assert.ok(!(await flags()).includes('\\Answered'))
  assert.equal((await send(solicitor, all.check)).statusCode, 303, 'a non-adopter answers RESTRICTED with RESTRICTED')
  assert.ok((await flags()).includes('\\Answered'), 'RFC 3501 §2.3.2')
  const replied = (await doors.read(priya)).at(-1)!
  const original = (await doors.read(miriam)).find((mail) => /^Subject: \[RESTRICTED\] to be answered/m.test(mail))!
  const id = /^Message-ID: (<.*>)\r$/m.exec(original)![1]!
  assert.ok(replied.includes(`In-Reply-To: ${id}\r\n`) && replied.includes(`References: ${id}\r\n`))

  // G07: what came with the message is not refused as her own when she sends her answer again.
  const own = (await doors.mailboxes.mailboxes(readerOf(reader))).find((one) => one.specialUse === '\\Sent')!
  const ofOwn = (await doors.mailboxes.select(readerOf(reader), 'Sent'))!.copies.at(-1)!
  const againPath = `/mail/${own.id}/${ofOwn.uid}/answer/again`
  const again = await solicitor.get(againPath)
  assert.match(again.body, /value="GPMS\/RESTRICTED"[^>]*checked/)
  const saved = await solicitor.post(againPath, {
    ...all.typed,
    text: /<textarea[^>]*>([\s\S]*?)<\/textarea>/.exec(again.body)![1]!.replaceAll('&gt;', '>'),
    begun: hidden(again.body, 'begun'),
    version: '0',
    do: 'check',
  })
  assert.equal((await send(solicitor, String(saved.headers.location))).statusCode, 303)
  const flagsOfOwn = (await doors.mailboxes.select(readerOf(reader), 'Sent'))!.copies.find(({ uid }) => uid === ofOwn.uid)!.flags
  assert.ok(!flagsOfOwn.includes('\\Answered'), 'her own copy is sent again, and not answered')
  const twice = (await doors.read(priya)).at(-1)!
  assert.ok(twice.includes(`In-Reply-To: ${id}\r\n`) && twice.split('\r\nRESTRICTED\r\n').length === 2, twice)

  const lower = await answer('reply', '')
  await solicitor.post(lower.check.replace('/check', ''), { ...lower.typed, marking: '', version: '1', do: 'check' })
  assert.ok(text((await solicitor.get(lower.check)).body).includes('must not be lower'))
  const lowered = { ...lower.typed, marking: 'GPMS/PROTECT', lowering: 'The list was published' }
  await solicitor.post(lower.check.replace('/check', ''), { ...lowered, version: '2', do: 'save' })
  assert.match((await solicitor.get(lower.check.replace('/check', ''))).body, /value="GPMS\/PROTECT"[^>]*checked/)
  const checked = text((await solicitor.get(lower.check)).body)
  assert.ok(checked.includes('The list was published') && !checked.includes('must not be lower'), checked)
  assert.equal((await send(solicitor, lower.check)).statusCode, 303)
  const below = (await doors.read(priya)).at(-1)!
  assert.match(below, /^X-Protective-Marking: .*SEC=PROTECT/m)
  assert.match(below, /^Subject: \[PROTECT\] Re: to be answered\r$/m, 'the old marking is out of the subject')
  assert.doesNotMatch(below, /Lower-Marking/)
  const acceptance = (await allRecords(service)).findLast(({ leaf }) => leaf.event === 'SubmissionAcceptance')!
  const { loweredFrom, loweringReason } = acceptance.openings[0]!.detail
  assert.deepEqual([loweredFrom, loweringReason], ['RESTRICTED', 'The list was published'])

  const forward = await answer('forward', daniel.address)
  assert.equal((await send(solicitor, forward.check)).statusCode, 303)
  const passed = (await doors.read(daniel)).at(-1)!
  assert.match(passed, /Content-Type: message\/rfc822/)
  assert.ok(passed.includes(original), 'octet for octet')
  assert.equal((await solicitor.get(`${from}/nonsense`)).statusCode, 404)
})

test('what a sender asked is asked again in the form of an answer, and holds where who answers clears it, also for their own copies; nobody is told of blind copies (G09)', async () => {
  const police = await browserOf(priya)
  const asked = { 'no-download': 'yes', 'only-recipients': 'yes' }
  const fields = whole(miriam.address, { bcc: orla.address, subject: 'kept close', text: 'The aunt’s address.', ...asked })
  const past = await write(police, { ...fields, until: '2020-01-01' })
  assert.ok(text((await police.get(past)).body).includes('The last day must be today or later'))
  const check = await write(police, { ...fields, until: '2099-12-31' })
  assert.ok(!text((await police.get(check)).body).includes(`${miriam.address}, ${orla.address}`))
  assert.equal((await send(police, check)).statusCode, 303)
  const solicitor = await browserOf(miriam)
  const newest = async (person: typeof miriam) => {
    const reader = readerOf(await doors.signIn(person))
    const { status, copies } = (await doors.mailboxes.select(reader, 'INBOX'))!
    return `/mail/${status.id}/${copies.at(-1)!.uid}`
  }
  const from = await newest(miriam)
  for (const page of [await solicitor.get(from), await (await browserOf(orla)).get(await newest(orla))]) {
    assert.equal(page.statusCode, 200)
    assert.ok(!page.body.includes(`may read it: ${miriam.address}, ${orla.address}`))
  }
  const answer = async (kind: string, to: string, more: Record<string, string>) => {
    const form = (await solicitor.get(`${from}/answer/${kind}`)).body
    assert.equal([...form.matchAll(/name="(?:no-forwarding|no-download|only-recipients)"[^>]*checked/g)].length, 2, kind)
    assert.match(form, /name="until"[^>]*value="2099-12-31"/)
    const body = /<textarea[^>]*>([\s\S]*?)<\/textarea>/.exec(form)![1]!.replaceAll('&gt;', '>')
    const typed = {
      ...whole(to, { subject: 'Fwd: kept close', text: body }),
      ...more,
      begun: hidden(form, 'begun'),
      version: '0',
    }
    return String((await solicitor.post(`${from}/answer/${kind}`, { ...typed, do: 'check' })).headers.location)
  }
  for (const kind of ['forward', 'forward-inline']) {
    const page = text((await solicitor.get(await answer(kind, daniel.address, {}))).body)
    assert.ok(page.includes('asked that nobody else has it'), `${kind}: ${page}`)
    const own = await answer(kind, miriam.address, {})
    assert.equal((await send(solicitor, own)).statusCode, 303)
    const copy = await newest(miriam)
    assert.equal((await solicitor.get(copy)).statusCode, 200)
    assert.equal((await solicitor.get(`${copy}/original`)).statusCode, 403, kind)
    assert.match((await doors.read(miriam)).at(-1)!, /read in webmail and not downloaded/, kind)
  }
  assert.match((await doors.read(miriam, 'Sent')).at(-1)!, /read in webmail and not downloaded/)
  assert.equal((await send(solicitor, await answer('reply', priya.address, {}))).statusCode, 303)
})

/** A message with three files, the one in the middle too large for a row, and what its reader forwards it with. */
async function withFiles(subject: string) {
  const sender = await browserOf(priya)
  const check = await write(sender, whole(miriam.address, { subject }))
  const names = ['first.txt', 'second.txt', 'first.txt']
  const octets = [Buffer.from('1'), randomBytes(100_000), Buffer.from('333')]
  await attach(
    sender,
    idIn(check),
    names.map((name, at) => ({ name, type: 'application/octet-stream', octets: octets[at]! })),
  )
  assert.equal((await send(sender, check)).statusCode, 303)
  const who = await browserOf(miriam)
  const reader = readerOf(await doors.signIn(miriam))
  const { status, copies } = (await doors.mailboxes.select(reader, 'INBOX'))!
  const path = `/mail/${status.id}/${copies.at(-1)!.uid}/answer/forward-inline`
  const begun = hidden((await who.get(path)).body, 'begun')
  const uploads = openUploads(service.domains)
  const files = async () => (await uploads.list(reader, begun)).map(({ name, octets }) => `${name} ${octets}`)
  const fields = { ...whole(daniel.address, { subject: `Fwd: ${subject}` }), begun, version: '0', do: 'check' }
  return { who, begun, files, press: () => who.post(path, fields), all: ['first.txt 1', 'second.txt 100000', 'first.txt 3'] }
}

test('a forward whose files were only partly carried over is not sent, and has each of them once when the form is sent again', async (t) => {
  const { who, begun, files, press, all } = await withFiles('broken off')
  const put = t.mock.method(service.domains.contentStore, 'put')
  put.mock.mockImplementationOnce(async () => {
    throw new Error('the disk broke off')
  })
  assert.ok((await press()).statusCode >= 500)
  assert.deepEqual(await files(), all.slice(0, 1))
  const page = await who.get(`/write/${begun}/check`)
  assert.ok(text(page.body).includes('ot all the files that were to go with the message are there'), text(page.body))
  const tried = await who.post(`/write/${begun}/send`, { version: hidden(page.body, 'version') || '2' })
  assert.ok(text(tried.body).includes('The message cannot be sent as it is'), text(tried.body))
  assert.equal((await press()).headers.location, `/write/${begun}/check`)
  assert.deepEqual(await files(), all)
  await press()
  assert.deepEqual(await files(), all)
  const before = (await doors.read(daniel)).length
  assert.equal((await send(who, `/write/${begun}/check`)).statusCode, 303)
  assert.equal((await doors.read(daniel)).length, before + 1)
})

test('a forward that is sent many times at once has each file once, before any answer', async () => {
  const { begun, files, press, all } = await withFiles('pressed often')
  const seen = await Promise.all(
    Array.from({ length: 4 }, async () => {
      assert.equal((await press()).headers.location, `/write/${begun}/check`)
      return (await files()).toSorted()
    }),
  )
  for (const one of seen) assert.deepEqual(one, all.toSorted())
})

test('a file that was carried over and taken away stays away', async () => {
  const { who, begun, files, press, all } = await withFiles('fewer files')
  await press()
  const page = await who.get(`/write/${begun}/files`)
  const remove = /action="([^"]*\/files\/[^"]*)"/.exec(page.body)![1]!
  assert.equal((await who.post(remove, {})).statusCode, 303)
  await press()
  assert.deepEqual(await files(), all.slice(1))
})
