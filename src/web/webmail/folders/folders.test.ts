// Folders and lists of messages: pages at their edges, acts on many with the way back, folders of one's own, and strangers' text. G20
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openSmtpClient } from '#test/support/smtp-client.ts'
import { testService } from '#test/support/service.ts'
import { headingOf, webVisitor } from '#test/support/web.ts'
import { maxUidsInAct, messagesPerPage } from '#web/limits.ts'
import { uidsIn, uidsText } from '#web/webmail/folders/uids.ts'

const service = await testService()
const { app } = service.faces.web
const sender = service.person('prosecutor')
const smtp = await openSmtpClient(service.faces.submissions.port, sender)
after(() => smtp.close())
let sent = 0

async function send(to: { address: string }, subject: string, more = '', body = 'Hello\r\n'): Promise<void> {
  sent += 1
  const head = `From: ${sender.name} <${sender.address}>\r\nTo: ${to.address}\r\nSubject: ${subject}\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <m${sent}@x.example>\r\n`
  const { reply } = await smtp.submit({
    from: sender.address,
    to: [to.address],
    octets: Buffer.from(`${head}${more}\r\n${body}`),
  })
  assert.equal(reply.code, 250, reply.text)
}

async function signedIn(role: string) {
  const person = service.person(role)
  const visitor = webVisitor(app)
  await visitor.signIn(person)
  const folders = async () => {
    const { body } = await visitor.get('/folders')
    const links = [
      ...body.matchAll(
        /class="cjsm-folders__link" href="\/mail\/([0-9a-f-]+)"[^>]*>\s*<bdi>([^<]*)<\/bdi>\s*(?:<span class="cjsm-folders__unseen">(\d+\+?))?/g,
      ),
    ]
    return new Map(links.map(([, id, name, unseen]) => [name!, { id: id!, unseen: unseen ?? '' }]))
  }
  const place = async (name: string) => (await folders()).get(name)!.id
  const list = async (id: string, query = '') => {
    const page = await visitor.get(`/mail/${id}${query}`)
    const rows = page.body.split('<li class="cjsm-list__item').slice(1)
    return {
      page,
      uids: [...page.body.matchAll(/data-uid="(\d+)"/g)].map((match) => Number(match[1])),
      subjects: [...page.body.matchAll(/cjsm-list__subject"><bdi>([^<]*)</g)].map((match) => match[1]!),
      rows,
      link: (rel: string) => new RegExp(`href="([^"]+)" rel="${rel}"`).exec(page.body)?.[1]?.replaceAll('&amp;', '&') ?? null,
    }
  }
  const act = async (id: string, fields: Record<string, string | string[]>) => {
    await visitor.get(`/mail/${id}`)
    return visitor.post(`/mail/${id}/acts`, fields)
  }
  return { person, visitor, folders, place, list, act }
}

test('a list of no message, one, fifty and fifty-one: pages by UID, the newest first', async () => {
  const { person, list, place } = await signedIn('barrister')
  const inbox = await place('Inbox')
  const empty = await list(inbox)
  assert.deepEqual(empty.uids, [])
  assert.match(empty.page.body, /There are no messages\. New mail appears here\./)
  await send(person, 'number 1')
  const one = await list(inbox)
  assert.deepEqual(one.subjects, ['number 1'])
  assert.deepEqual([one.link('next'), one.link('prev')], [null, null])
  for (let n = 2; n <= messagesPerPage; n++) await send(person, `number ${n}`)
  const fifty = await list(inbox)
  assert.equal(fifty.uids.length, messagesPerPage)
  assert.deepEqual(
    fifty.uids,
    fifty.uids.toSorted((a, b) => b - a),
  )
  assert.deepEqual([fifty.link('next'), fifty.link('prev')], [null, null])
  await send(person, 'number 51')
  const first = await list(inbox)
  assert.equal(first.subjects[0], 'number 51')
  assert.equal(first.uids.length, messagesPerPage)
  assert.equal(first.link('prev'), null)
  const second = await list(inbox, first.link('next')!.slice(`/mail/${inbox}`.length))
  assert.deepEqual([second.subjects, second.link('next')], [['number 1'], null])
  const back = await list(inbox, second.link('prev')!.slice(`/mail/${inbox}`.length))
  assert.deepEqual(back.uids, first.uids, 'and back')
  const nothing = await list(inbox, '?before=1')
  assert.deepEqual(nothing.uids, [])
  assert.match(nothing.page.body, /There are no more messages here\./)
  assert.equal((await list(inbox, nothing.link('prev')!.slice(`/mail/${inbox}`.length))).uids.length, messagesPerPage)
  for (const query of ['?before=x', '?before=-1', '?after=99999999999', '?before=1&before=2', `?before=${'9'.repeat(400)}`]) {
    assert.equal((await list(inbox, query)).page.statusCode, 200, query)
  }
})

test('a row shows sender, subject, marking, size, attachment, and whether it was seen', async () => {
  const { person, list, place } = await signedIn('solicitor')
  const inbox = await place('Inbox')
  const parts =
    '--b\r\nContent-Type: text/plain\r\n\r\nHi\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n%PDF-1.4\r\n--b--\r\n'
  await send(
    person,
    'RESTRICTED - LEGAL: disclosure',
    'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n',
    parts,
  )
  const { rows } = await list(inbox)
  assert.match(rows[0]!, /cjsm-list__item--unseen|^ cjsm-list__item--unseen/)
  assert.match(rows[0]!, /Unread: <\/span><bdi>Priya Raman<\/bdi>/)
  assert.match(rows[0]!, /cjsm-tag--marking"><bdi>RESTRICTED - LEGAL<\/bdi>/)
  assert.match(rows[0]!, />Attachment</)
  assert.match(rows[0]!, /cjsm-list__size">(\d+ bytes|\d KB)</)
  assert.match(rows[0]!, /<time class="cjsm-list__date" datetime="\d{4}-\d\d-\d\dT/)
})

test('acts on many: read, unread, flag, move, delete, and the way back', async () => {
  const { person, visitor, list, place, folders, act } = await signedIn('sole practitioner')
  const inbox = await place('Inbox')
  for (let n = 1; n <= 4; n++) await send(person, `act ${n}`)
  assert.equal((await folders()).get('Inbox')!.unseen, '4')
  const noticeAfter = async (answer: Awaited<ReturnType<typeof act>>) => {
    const { body } = await visitor.follow(answer)
    return /notification-banner__heading">([^<]*)</.exec(body)?.[1]
  }
  assert.equal(await noticeAfter(await act(inbox, { act: 'seen', uid: ['1', '2'] })), '2 messages marked as read')
  assert.equal((await folders()).get('Inbox')!.unseen, '2')
  assert.equal(await noticeAfter(await act(inbox, { act: 'unseen', uid: '1' })), '1 message marked as unread')
  assert.equal(await noticeAfter(await act(inbox, { act: 'flag', uid: '3' })), '1 message flagged')
  assert.match((await list(inbox)).rows[1]!, />Flagged</)

  const archive = await place('Archive')
  const moved = await visitor.follow(await act(inbox, { act: 'move', uid: ['3', '4'], to: archive }))
  assert.match(moved.body, /2 messages moved to Archive/)
  assert.deepEqual((await list(inbox)).subjects, ['act 2', 'act 1'])
  const undo =
    /<form method="post" action="([^"]+)">\s*<input[^>]*>\s*<input type="hidden" name="act" value="undo"><input type="hidden" name="to" value="([^"]+)"><input type="hidden" name="uids" value="([^"]+)">/.exec(
      moved.body,
    )!
  const undone = await visitor.post(undo[1]!, { act: 'undo', to: undo[2]!, uids: undo[3]! })
  assert.equal(undone.headers.location, `/mail/${inbox}`)
  assert.deepEqual((await list(inbox)).subjects.toSorted(), ['act 1', 'act 2', 'act 3', 'act 4'])

  assert.equal(await noticeAfter(await act(inbox, { act: 'delete', uid: ['1'] })), '1 message moved to Trash')
  const trash = await place('Trash')
  const [gone] = (await list(trash)).uids
  const asked = await act(trash, { act: 'delete', uid: String(gone) })
  assert.equal(headingOf(asked.body), 'Are you sure you want to delete for ever?')
  assert.equal((await list(trash)).uids.length, 1, 'nothing was removed yet')
  assert.equal(await noticeAfter(await act(trash, { act: 'expunge', uids: String(gone) })), '1 message deleted for ever')
  assert.deepEqual((await list(trash)).uids, [])
  assert.equal((await act(inbox, { act: 'expunge', uid: '2' })).statusCode, 404, 'only from Trash is anything removed')
})

test('acts that name nothing, too much, or what is not there', async () => {
  const { person, list, place, act } = await signedIn('clerk')
  const inbox = await place('Inbox')
  await send(person, 'stays')
  const none = await act(inbox, { act: 'delete' })
  assert.equal(none.statusCode, 422)
  assert.match(none.body, /href="#messages">Select one or more messages/)
  assert.match((await act(inbox, { act: 'move', uid: '1' })).body, /href="#to">Select a folder/)
  assert.equal((await act(inbox, { act: 'move', uid: '1', to: '01a200f3-3b7b-7720-921a-1252c07383cb' })).statusCode, 422)
  assert.equal((await act(inbox, { act: 'nonsense', uid: '1' })).statusCode, 404)
  assert.equal((await act(inbox, { act: 'delete', uid: '4000000000' })).statusCode, 303, 'it was gone already')
  assert.equal((await list(inbox)).uids.length, 1)
})

test('one person’s folders are not found by another, in any route', async () => {
  const [own, other] = [await signedIn('solicitor'), await signedIn('disclosure officer')]
  const inbox = await own.place('Inbox')
  for (const url of [
    `/mail/${inbox}`,
    `/mail/${inbox}/events`,
    `/folders/${inbox}/rename`,
    `/folders/${inbox}/delete`,
    '/mail/x',
    "/mail/'--",
  ]) {
    assert.equal((await other.visitor.get(url)).statusCode, 404, url)
  }
  await other.visitor.get('/folders')
  assert.equal((await other.visitor.post(`/mail/${inbox}/acts`, { act: 'delete', uid: '1' })).statusCode, 404)
  const before = (await own.list(inbox)).uids
  const mine = await other.place('Inbox')
  assert.equal((await other.act(mine, { act: 'move', uid: '1', to: inbox })).statusCode, 422)
  assert.deepEqual((await own.list(inbox)).uids, before)
})

test('folders of one’s own are made, renamed and deleted; their messages go to Trash; the others stay', async () => {
  const { person, visitor, list, place, act } = await signedIn('paralegal')
  await visitor.get('/folders')
  assert.match((await visitor.post('/folders', { name: '  ' })).body, /Enter a name for the folder/)
  const made = await visitor.follow(await visitor.post('/folders', { name: 'Cases/2026' }))
  assert.match(made.body, /The folder Cases\/2026 was made/)
  assert.match((await visitor.post('/folders', { name: 'Cases/2026' })).body, /You have a folder of that name already/)
  const hostile = await visitor.post('/folders', { name: 'a\u202eb' })
  assert.match(hostile.body, /Choose another name: the name holds control or direction characters/)
  const folder = await place('2026')
  const inbox = await place('Inbox')
  await send(person, 'for the folder')
  await act(inbox, { act: 'move', uid: '1', to: folder })
  await visitor.get(`/folders/${folder}/rename`)
  assert.equal((await visitor.post(`/folders/${folder}/rename`, { name: 'R v Example' })).statusCode, 303)
  assert.deepEqual((await list(folder)).subjects, ['for the folder'])
  const asked = await visitor.get(`/folders/${folder}/delete`)
  assert.match(asked.body, /has 1 message\.\s+They will be moved to Trash/)
  const deleted = await visitor.follow(await visitor.post(`/folders/${folder}/delete`))
  assert.match(deleted.body, /The folder was deleted, and 1 message moved to Trash/)
  assert.deepEqual((await list(await place('Trash'))).subjects, ['for the folder'])
  for (const standard of ['Inbox', 'Trash', 'Drafts']) {
    const id = await place(standard)
    assert.equal((await visitor.get(`/folders/${id}/delete`)).statusCode, 404, standard)
    assert.equal((await visitor.post(`/folders/${id}/delete`)).statusCode, 404, standard)
  }
})

test('strangers’ text is shown harmlessly in lists and folders', async () => {
  const { person, visitor, list, place } = await signedIn('detective sergeant')
  const inbox = await place('Inbox')
  const coded = (text: string) => `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`
  const hostile = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    '\u202egpj.exe\u202c',
    'a\u0000b\u0007c\u2028d',
    '{{ page.csrf }}',
    '{% include "x" %}',
  ]
  for (const text of hostile) await send(person, coded(text))
  const { page, subjects } = await list(inbox)
  assert.equal(page.statusCode, 200)
  assert.equal(subjects.length, hostile.length)
  assert.ok(!/<script>alert|<img src=x|\u202e|\u0000|\u0007|\u2028/.test(page.body))
  assert.ok(subjects.includes('{{ page.csrf }}') && subjects.includes('a b c d'), subjects.join('|'))
  await visitor.get('/folders')
  await visitor.post('/folders', { name: '<b onclick=x>"&' })
  const folders = await visitor.get('/folders')
  assert.ok(!folders.body.includes('<b onclick'))
  assert.match(folders.body, /&lt;b onclick=x&gt;&quot;&amp;/)
})

test('UIDs in forms: as many as an act takes, one more is not looked at', () => {
  const form = (uids: string) => new URLSearchParams({ uids })
  assert.deepEqual(uidsIn(form('3,5-7,4')), [3, 4, 5, 6, 7])
  assert.equal(uidsIn(form(`1-${maxUidsInAct}`)).length, maxUidsInAct)
  assert.equal(uidsIn(form(`1-${maxUidsInAct + 1}`)).length, maxUidsInAct)
  assert.equal(uidsIn(form('1-4294967295,9')).length, maxUidsInAct)
  assert.deepEqual(uidsIn(form('0,-1,x,1e3,4294967296,99999999999,7-5')), [])
  assert.equal(uidsText([1, 2, 3, 7, 9, 10]), '1-3,7,9-10')
})
