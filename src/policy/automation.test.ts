// Which header says that a machine sends, and what a permit makes of it. T08, RFC 3834
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseHeader } from '#mail/header.ts'
import { StructureScan } from '#mail/structure.ts'
import { automationOf, type PermitFacts } from '#policy/automation.ts'
import { decide } from '#policy/decide.ts'
import { maxNotified } from '#policy/limits.ts'
import { plainFacts } from '#policy/facts-for-tests.ts'

function of(...lines: string[]) {
  const raw = Buffer.from(`${lines.join('\r\n')}\r\n`)
  const scan = new StructureScan()
  scan.push(raw)
  return automationOf(parseHeader(raw), scan.end().root)
}
const report = (type: string) => [
  'Content-Type: multipart/report; boundary=b',
  '',
  '--b',
  '',
  'x',
  '--b',
  `Content-Type: message/${type}`,
  '',
  'x: y',
  '--b--',
]

const cases: [kind: 'none' | 'notification' | 'automated', why: string, ...lines: string[]][] = [
  ['none', 'a person’s message', 'Subject: x', '', 'x'],
  ['none', 'Auto-Submitted: no', 'Auto-Submitted: no', '', 'x'],
  ['none', 'Precedence: first-class', 'Precedence: first-class', '', 'x'],
  ['none', 'X-Auto-Response-Suppress', 'X-Auto-Response-Suppress: All', '', 'x'],
  ['none', 'a text about automated mail', '', 'Auto-Submitted: auto-generated'],
  ['automated', 'Auto-Submitted: auto-generated', 'Auto-Submitted: auto-generated (cron)', '', 'x'],
  [
    'automated',
    'Auto-Submitted in another case, after a harmless one',
    'auto-submitted: no',
    'AUTO-SUBMITTED: Auto-Notified',
    '',
    'x',
  ],
  ['automated', 'Auto-Submitted behind a comment', 'Auto-Submitted: (rota) (v2)auto-generated', '', 'x'],
  ['automated', 'Precedence: bulk', 'Precedence: bulk', '', 'x'],
  ['automated', 'a mailing list’s', 'List-Id: <x.example>', '', 'x'],
  ['automated', 'List-Unsubscribe', 'List-Unsubscribe: <mailto:x@y.example>', '', 'x'],
  ['automated', 'an automatic reply to nothing', 'Auto-Submitted: auto-replied', '', 'x'],
  ['automated', 'a report of another kind', 'Auto-Submitted: auto-generated', ...report('feedback-report')],
  ['notification', 'an automatic reply', 'Auto-Submitted: auto-replied', 'In-Reply-To: <a@b.example>', '', 'x'],
  ['notification', 'a DSN', 'Auto-Submitted: auto-generated', ...report('delivery-status')],
  ['notification', 'an MDN', ...report('disposition-notification')],
  ['notification', 'a calendar reply', 'Precedence: bulk', 'Content-Type: text/calendar; method=reply', '', 'x'],
]
for (const [kind, why, ...lines] of cases) {
  test(`${why} is ${kind === 'none' ? 'no automated mail' : kind} (T08)`, () => assert.equal(of(...lines).kind, kind))
}

test('a notification goes to those whom it answers: to more than three it is automated mail (T08)', () => {
  const header = parseHeader(Buffer.from('Auto-Submitted: auto-replied\r\nIn-Reply-To: <a@b.example>\r\n\r\n'))
  const { root } = new StructureScan().end()
  assert.equal(automationOf(header, root, maxNotified).kind, 'notification')
  assert.deepEqual(automationOf(header, root, maxNotified + 1), {
    kind: 'automated',
    matched: 'Auto-Submitted: auto-replied, to 4 recipients',
  })
})

test('automated mail needs a permit that covers it; a person’s and a notification need none (T08)', () => {
  const automated = { kind: 'automated', matched: 'Precedence: bulk' } as const
  const permit = (short: PermitFacts['short']): PermitFacts => ({ id: 'p', purpose: 'listings', short })
  const answer = (automation: typeof plainFacts.automation, found: PermitFacts | null) => {
    const { message } = decide({ ...plainFacts, automation, permit: found })
    return message.kind === 'allowed' ? 'allowed' : `${message.clause} ${message.reason}`
  }
  assert.equal(answer(automated, null), 'T08 automated-mail-without-permit')
  assert.equal(answer(automated, permit('recipients')), 'T08 automated-mail-beyond-its-permit')
  assert.equal(answer(automated, permit('rate')), 'T08 automated-mail-over-its-rate')
  assert.equal(answer(automated, permit('computer')), 'T08 automated-mail-from-another-computer')
  assert.equal(answer(automated, permit(null)), 'allowed')
  assert.equal(answer({ kind: 'notification', matched: 'x' }, null), 'allowed')
  assert.equal(answer({ kind: 'none', matched: '' }, null), 'allowed')
})
