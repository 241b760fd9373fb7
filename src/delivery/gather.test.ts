// Whole messages through the door: whose marking it is, and what is brought along from earlier messages. G05, G06, G07
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import type { DemoPerson } from '#cli/demonstration.ts'
import { messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { testService } from '#test/support/service.ts'

const service = await testService()
const doors = await openTestDoors(service)
after(async () => {
  await doors.close()
  await service.close()
})
const [adopter, nonAdopter] = ['prosecutor', 'solicitor'].map(service.person) as [DemoPerson, DemoPerson]

async function sent(from: DemoPerson, ...lines: string[]): Promise<string> {
  const to = from === adopter ? nonAdopter : adopter
  const id = `Message-ID: <${randomBytes(8).toString('hex')}@x.example>`
  const reply = await doors.submit(from, [to.address], messageOf(`From: ${from.address}`, `To: ${to.address}`, id, ...lines))
  return reply.kind === 'accepted' ? 'accepted' : `${reply.clause} ${reply.about}`
}

const mixed = 'Content-Type: multipart/mixed; boundary=b'
const calendarReply = [
  'Content-Type: text/calendar; method=REPLY',
  '',
  'BEGIN:VCALENDAR',
  'METHOD:REPLY',
  'BEGIN:VEVENT',
  'END:VEVENT',
  'END:VCALENDAR',
]
const receipt = [
  'Content-Type: multipart/report; report-type=disposition-notification; boundary=b',
  '',
  '--b',
  '',
  'It was read.',
  '--b',
  'Content-Type: message/disposition-notification',
  '',
  'Disposition: manual-action/MDN-sent-manually; displayed',
  '--b--',
]
const report = (line: string) => [
  mixed,
  '',
  '--b',
  '',
  'For you.',
  '--b',
  'Content-Type: text/plain; name=report.txt',
  'Content-Disposition: attachment; filename=report.txt',
  '',
  line,
  '',
  'Ms Poole has no history of violence.',
  '--b--',
]

const cases: [what: string, from: DemoPerson, lines: string[], expected: RegExp][] = [
  [
    'a calendar reply to RESTRICTED',
    nonAdopter,
    ['Subject: Accepted: Case conference [RESTRICTED]', ...calendarReply],
    /^accepted/,
  ],
  [
    'a calendar reply under a plain subject',
    nonAdopter,
    ['Subject: Case conference [RESTRICTED]', ...calendarReply],
    /^accepted/,
  ],
  ['a receipt for RESTRICTED', nonAdopter, ['Subject: Read: disclosure [RESTRICTED]', ...receipt], /^accepted/],
  ['a receipt under a prefix that is not known', nonAdopter, ['Subject: Gelesen: x [RESTRICTED]', ...receipt], /^accepted/],
  [
    'a calendar reply to CONFIDENTIAL',
    adopter,
    ['Subject: Accepted: Case conference - CONFIDENTIAL', ...calendarReply],
    /^accepted/,
  ],
  ['a calendar reply to SECRET', adopter, ['Subject: Accepted: Case conference - SECRET', ...calendarReply], /^G05 subject/],
  [
    'a report that is passed on, by X-Forwarded-Message-Id',
    adopter,
    ['Subject: report', 'X-Forwarded-Message-Id: <z@x>', ...report('CONFIDENTIAL')],
    /^accepted/,
  ],
  ['a report that is passed on, by Fwd:', adopter, ['Subject: Fwd: report', ...report('CONFIDENTIAL')], /^accepted/],
  ['a report of one’s own', adopter, ['Subject: report', ...report('CONFIDENTIAL')], /^G05 report\.txt/],
  ['a report of one’s own behind Re:', adopter, ['Subject: Re: report', ...report('CONFIDENTIAL')], /^G05 report\.txt/],
  ['a SECRET report that is passed on', adopter, ['Subject: Fwd: report', ...report('SECRET')], /^G05 report\.txt/],
  [
    'an answer above a quoted SECRET',
    adopter,
    ['Subject: Re: Op Hawk', 'In-Reply-To: <z@x>', '', 'No.', '', 'On Tue, Hart wrote:', '> SECRET', '>', '> The source.'],
    /^G05 original: SECRET$/,
  ],
  [
    'an HTML answer above a SECRET',
    nonAdopter,
    [
      'Subject: Re: Op Hawk',
      'Content-Type: text/html',
      '',
      '<p>No.</p><div><b>From:</b> Hart<br><b>Sent:</b> Tuesday<br><b>Subject:</b> Op Hawk</div><p>SECRET</p><p>The source.</p>',
    ],
    /^G05 original: SECRET$/,
  ],
]
for (const [what, from, lines, expected] of cases) {
  test(`${what}, from ${from === adopter ? 'an adopter' : 'a non-adopter'}: ${expected.source} (G05, G07)`, async () => {
    assert.match(await sent(from, ...lines), expected)
  })
}

test('an original that Outlook passes on keeps its marking under another subject (G06)', async () => {
  const original = ['From: Raman', 'Sent: 4 March', 'To: Hollis', 'Subject: RESTRICTED - LEGAL: disclosure', '', 'The schedule.']
  assert.equal(
    await sent(nonAdopter, 'Subject: FW: your schedule', '', 'For you.', '', ...original, '', 'Tel. 01632 960001'),
    'accepted',
  )
  const read = (await doors.read(adopter)).find((text) => text.includes('your schedule'))!
  assert.match(read, /^X-Protective-Marking: .*SEC=RESTRICTED/m)
  assert.match(read, /^Subject: \[RESTRICTED - LEGAL\]\s+FW: your schedule/m)
})
