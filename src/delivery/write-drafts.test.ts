// Sending a draft: with the sender's own copy in the same transaction, once, whatever goes wrong in between. G14, G20
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Unavailable } from '#base/faults.ts'
import { newId } from '#base/ids.ts'
import { openDirectory } from '#community/directory.ts'
import type { Acceptance } from '#delivery/accept.ts'
import { newNeedToKnow } from '#delivery/need-to-know.ts'
import { maxDraftRecipients, readDraft, withoutRecipients } from '#delivery/typed-draft.ts'
import { type DraftWriterParts, newDraftWriter } from '#delivery/write-drafts.ts'
import { theService } from '#keys/epoch.ts'
import { auditMessages, newAccounts } from '#mailbox/audit.ts'
import { type DraftFields, type DraftOrigin, openDrafts } from '#mailbox/drafts.ts'
import { newRoomOf } from '#mailbox/quota.ts'
import { openUploads } from '#mailbox/uploads.ts'
import { shippedSchemes } from '#policy/schemes.ts'
import { sql } from '#store/sql.ts'
import { allRecords, messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { findWords } from '#test/support/canary.ts'
import { testHostName, testService } from '#test/support/service.ts'

const quotaOctets = 3 * 1024 * 1024
const service = await testService({ quotaOctets })
const doors = await openTestDoors(service)
const { domains } = service
const { database } = domains
const [priya, miriam, tobias] = [service.person('prosecutor'), service.person('solicitor'), service.person('paralegal')]
const drafts = openDrafts(domains)
const uploads = openUploads(domains)
const newFields = (more: Partial<DraftFields> = {}): DraftFields => ({
  to: miriam.address,
  cc: '',
  bcc: '',
  subject: 'a',
  text: 'b',
  marking: null,
  ...more,
})

/** A writer as a process that has just started has it; `submit` may stand before acceptance. */
const writerWith = (
  submit: (next: Acceptance['submit']) => Acceptance['submit'] = (next) => next,
  other: Partial<DraftWriterParts> = {},
) =>
  newDraftWriter({
    ...domains,
    acceptance: { submit: submit(doors.acceptance.submit) },
    drafts,
    mailboxes: doors.mailboxes,
    uploads,
    directory: openDirectory(domains),
    roomOf: newRoomOf(domains),
    newSpool: doors.newSpool,
    hasRoom: () => true,
    recordHeld: () => null,
    hostName: testHostName,
    lookInside: doors.lookInside,
    countExpansion: doors.countExpansion,
    needToKnow: newNeedToKnow({
      ...domains,
      mailboxes: doors.mailboxes,
      directory: openDirectory(domains),
      limits: { recipients: 20, organisations: 5, monitored: ['pnn.police.uk'] },
    }),
    ...other,
  })

async function begin(
  person: typeof priya,
  fields: DraftFields,
  file?: Buffer,
  name = 'canaryname.bin',
  more: Partial<DraftOrigin> = {},
) {
  const who = await doors.signIn(person)
  const reader = { holder: who.account, computer: who.computer, address: who.address }
  const made = await drafts.create(reader, { kind: 'new', references: [], minimum: null, ...more }, fields)
  assert.ok(made.kind === 'created')
  let version = made.version
  if (file !== undefined) {
    const added = await uploads.add(
      reader,
      made.id,
      { name, type: '' },
      (async function* () {
        yield file
      })(),
    )
    assert.ok(added.kind === 'added')
    version = added.version
  }
  const send = async (writer = writerWith()) => {
    const judged = await writer.judge(who, made.id)
    const shown = judged === null ? '' : await writer.shownOf(who, judged)
    return writer.send(who, made.id, version, shown, '192.0.2.1', 'TLSv1.3')
  }
  return { who, reader, id: made.id, send }
}

/** What the audit of messages says when it has heard every record. */
async function auditCopies(): Promise<string[]> {
  const rows = await database.rows<{ id: string; sealedMeaning: Buffer }>(sql`select id, sealed_meaning from evidence_party`)
  const subjects = new Map<string, string>()
  for (const { id, sealedMeaning } of rows)
    subjects.set(id, (await domains.keys.unseal(theService, 'evidence', `party/${id}`, sealedMeaning)).toString())
  const accounts = newAccounts()
  for (const { leaf, openings } of await allRecords(service)) accounts.hear(leaf, openings, (party) => subjects.get(party))
  const wrong: string[] = []
  await database.transaction((tx) => auditMessages({ ...domains, tx, accounts, complete: true, find: (one) => wrong.push(one) }))
  return wrong
}

test('a restart between composing and sending loses nothing, and the second try composes the same octets', async () => {
  const draft = await begin(priya, newFields({ subject: 'restart' }), randomBytes(100_000))
  const composed: string[] = []
  const lost = writerWith(() => async (_who, _envelope, content) => {
    for await (const piece of content.range(0, content.size)) composed.push(piece.toString('latin1'))
    await content.abandon()
    throw new Unavailable('database')
  })
  await assert.rejects(draft.send(lost), Unavailable)
  assert.equal((await drafts.read(draft.reader, draft.id))?.fields.subject, 'restart')
  const seen: string[] = []
  const again = writerWith((next) => async (who, envelope, content, session, keep) => {
    for await (const piece of content.range(0, content.size)) seen.push(piece.toString('latin1'))
    return next(who, envelope, content, session, keep)
  })
  assert.equal((await draft.send(again)).kind, 'sent')
  assert.equal(seen.join(''), composed.join(''))
  assert.equal((await doors.read(miriam)).filter((mail) => mail.includes('Subject: restart')).length, 1)
})

test('when the answer of a commit is lost, the next try says that it was sent, and sends nothing', async () => {
  const draft = await begin(priya, newFields({ subject: 'lost answer' }))
  const lost = writerWith((next) => async (...submission) => {
    await next(...submission)
    throw new Unavailable('database')
  })
  await assert.rejects(draft.send(lost), Unavailable)
  const later = await draft.send()
  assert.ok(later.kind === 'sent' && later.before)
  assert.equal((await doors.read(miriam)).filter((mail) => mail.includes('Subject: lost answer')).length, 1)
  assert.equal((await doors.read(priya, 'Sent')).filter((mail) => mail.includes('Subject: lost answer')).length, 1)
})

test('what cannot be noted is not delivered: no copy, no draft gone, no record', async () => {
  const draft = await begin(priya, newFields({ subject: 'undone' }))
  const broken = writerWith(
    (next) => async (who, envelope, content, session) =>
      next(who, envelope, content, session, {
        mailbox: await drafts.sentMailbox(draft.reader),
        settle: async () => {
          throw new Error('the note cannot be written')
        },
      }),
  )
  await assert.rejects(draft.send(broken), /cannot be written/)
  for (const mail of [...(await doors.read(miriam)), ...(await doors.read(priya, 'Sent'))])
    assert.ok(!mail.includes('Subject: undone'))
  assert.equal((await draft.send()).kind, 'sent')
})

test('a sender whose own copy has no room is refused before anything is delivered (G20)', async () => {
  const filler = messageOf(
    `From: ${tobias.address}`,
    `To: ${tobias.address}`,
    'Subject: filler',
    '',
    'x'.repeat(70).concat('\r\n').repeat(35_000),
  )
  assert.equal((await doors.submit(tobias, [tobias.address], filler)).kind, 'accepted')
  const draft = await begin(tobias, newFields({ subject: 'no room' }), randomBytes(600_000))
  const result = await draft.send()
  assert.ok(result.kind === 'refused' && result.reason === 'over-quota' && result.about.includes(tobias.address))
  assert.ok(!(await doors.read(miriam)).some((mail) => mail.includes('Subject: no room')))
  assert.notEqual(await drafts.read(draft.reader, draft.id), null)
})

test('a reply is sent also when what it answers cannot be flagged', async () => {
  const answers = { mailbox: newId(Date.now()), uid: 7 }
  const asked: unknown[] = []
  const mailboxes: DraftWriterParts['mailboxes'] = {
    store: async (_who, ...flagging) => {
      asked.push(flagging)
      throw new Unavailable('database')
    },
  }
  const reply = await begin(priya, newFields({ subject: 'unflagged' }), undefined, undefined, { kind: 'reply', answers })
  assert.equal((await reply.send(writerWith(undefined, { mailboxes }))).kind, 'sent')
  assert.deepEqual(asked, [[answers.mailbox, [7], { mode: 'add', flags: ['\\Answered'] }]])
})

test('the room of all recipients is asked for together', { timeout: 20_000 }, async () => {
  const draft = await begin(priya, newFields({ to: `${miriam.address}, ${tobias.address}` }))
  const { promise: both, resolve } = Promise.withResolvers<void>()
  let asked = 0
  const roomOf = async () => {
    if (++asked === 2) resolve()
    await both
    return 0
  }
  const judged = await writerWith(undefined, { roomOf }).judge(draft.who, draft.id)
  assert.deepEqual(
    judged?.recipients.map(({ address, verdict }) => [address, verdict.kind]),
    [miriam, tobias].map(({ address }) => [address, 'refused']),
  )
})

test('a person without a Sent mailbox sends all the same', async () => {
  const draft = await begin(miriam, newFields({ to: priya.address, subject: 'no sent mailbox' }))
  await doors.mailboxes.deleteMailbox(draft.reader, 'Sent')
  const result = await draft.send()
  assert.ok(result.kind === 'sent')
  assert.equal(await drafts.copyOf(draft.reader, result.sent), null)
  assert.ok((await doors.read(priya)).some((mail) => mail.includes('no sent mailbox')))
})

test('to oneself it arrives, and is kept, and every copy is accounted for (G14)', async () => {
  const draft = await begin(priya, newFields({ to: `${priya.address}, ${miriam.address}`, subject: 'to myself' }))
  assert.equal((await draft.send()).kind, 'sent')
  const wrong = await auditCopies()
  assert.deepEqual(wrong, [])
  const [{ count } = { count: 0 }] = await database.rows<{ count: number }>(sql`select count(*) from sent_message`)
  assert.ok(count >= 4)
})

test('nothing of a draft, its files or what was sent stands in the clear in any file or row (G20)', async () => {
  const canary = `canary${randomBytes(6).toString('hex')}`
  const fields = newFields({ to: `"${canary}" <${miriam.address}>`, subject: canary, text: canary })
  await begin(priya, fields, Buffer.from(`${canary} ${randomBytes(400_000).toString('base64')}`))
  const sent = await begin(priya, fields, Buffer.from(canary))
  assert.equal((await sent.send()).kind, 'sent')
  assert.deepEqual(findWords(service.folders.root, [canary, 'canaryname']), [])
  for (const table of ['draft', 'draft_upload', 'sent_message', 'message', 'copy', 'evidence_record']) {
    const rows = await database.rows<{ row: string }>({
      name: `all of ${table}`,
      text: `select one::text as row from ${table} one`,
      values: [],
    })
    const hex = Buffer.from(canary).toString('hex')
    assert.ok(!rows.some(({ row }) => row.includes(canary) || row.includes(hex)), table)
  }
})

test('what is marked inside an attached file is said by the check before sending, as acceptance would say it (G05)', async () => {
  const { who, id } = await begin(priya, newFields(), Buffer.from('UK SECRET\r\n\r\nThe report.\r\n'), 'report.txt')
  const judged = (await writerWith().judge(who, id))!
  assert.equal(judged.refusal?.clause, 'G05')
  assert.match(judged.refusal!.about, /report\.txt/)
})

const newOrigin = { kind: 'new', references: [], minimum: null } as const

test('the last day of access is today in London or later (G09)', () => {
  const asked = { noForwarding: false, noDownload: false, onlyRecipients: false, until: '2026-07-31' }
  const read = (at: string) =>
    readDraft({ fields: newFields({ asked }), origin: newOrigin, version: 1 }, shippedSchemes, Date.parse(at))
  assert.deepEqual(read('2026-07-31T22:59:00Z').problems, [])
  assert.equal(read('2026-07-31T22:59:00Z').handling.untilMs, Date.parse('2026-07-31T22:59:59Z'))
  assert.deepEqual(read('2026-07-31T23:00:00Z').problems, [{ field: 'until', reason: 'past', about: '' }])
})

test('a message has at most as many recipients as by SMTP', () => {
  const list = (count: number) => Array.from({ length: count }, (_, at) => `p${at}@x.example`).join(', ')
  const problems = (count: number) =>
    readDraft({ fields: newFields({ to: list(count) }), origin: newOrigin, version: 1 }, shippedSchemes, 0).problems.map(
      (one) => one.reason,
    )
  assert.deepEqual(problems(maxDraftRecipients), [])
  assert.deepEqual(problems(maxDraftRecipients + 1), ['too-many'])
  assert.equal(
    withoutRecipients('A B <a@x.example>; b@x.example\n"C, D" <c@x.example>', new Set(['b@x.example'])),
    'A B <a@x.example>, "C, D" <c@x.example>',
  )
})
