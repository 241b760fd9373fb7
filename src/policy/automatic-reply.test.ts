// What is answered for somebody who is away, and what is not. T08, RFC 3834.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { automationOf } from '#policy/automation.ts'
import { asksForNoReply, type ReplyFacts, replyAgainMs, replyIsDue } from '#policy/automatic-reply.ts'
import { parseHeader } from '#mail/header.ts'
import { StructureScan } from '#mail/structure.ts'

const me = 'jane@firm.cjsm.test'
const due: ReplyFacts = {
  automation: { kind: 'none', matched: '' },
  isUnwanted: false,
  reversePath: 'sergeant@force.cjsm.test',
  isFromMember: true,
  own: [me, 'j.doe@firm.cjsm.test'],
  addressed: ['other@firm.cjsm.test', me],
  arrivedMs: 1_000,
  fromMs: 1_000,
  untilMs: 10 * replyAgainMs,
  repliedMs: null,
  nowMs: replyAgainMs,
}
/** What a header says of who wrote it. */
function automation(...lines: string[]) {
  const octets = Buffer.from(`${lines.join('\r\n')}\r\n\r\nx\r\n`)
  const scan = new StructureScan()
  scan.push(octets)
  return automationOf(parseHeader(octets), scan.end().root)
}

const cases: [name: string, change: Partial<ReplyFacts>, isDue: boolean][] = [
  ['from a member to who is away', {}, true],
  ['to another address of theirs', { addressed: ['j.doe@firm.cjsm.test'] }, true],
  ['in a blind copy', { addressed: ['other@firm.cjsm.test'] }, false],
  ['with an empty reverse-path', { reversePath: null }, false],
  ['from outside', { isFromMember: false }, false],
  ['from themselves', { reversePath: 'j.doe@firm.cjsm.test' }, false],
  ['from a list’s owner', { reversePath: 'owner-users@force.cjsm.test' }, false],
  ['from a list’s requests', { reversePath: 'users-request@force.cjsm.test' }, false],
  ['from a daemon', { reversePath: 'mailer-daemon@force.cjsm.test' }, false],
  ['from somebody called Noreply', { reversePath: 'no-reply@force.cjsm.test' }, false],
  ['from somebody whose name only begins so', { reversePath: 'norepley.smith@force.cjsm.test' }, true],
  ['that arrived before they left', { arrivedMs: 999 }, false],
  ['that is found again a week after it came', { nowMs: 1_000 + replyAgainMs }, false],
  ['looked at after they came back', { nowMs: 10 * replyAgainMs }, false],
  ['from one who was answered less than a week ago', { repliedMs: 1 }, false],
  ['from one who was answered a week ago', { repliedMs: 0 }, true],
  ['whose sender asks for none', { isUnwanted: true }, false],
  ['of a machine', { automation: automation('Auto-Submitted: auto-generated') }, false],
  ['that is an automatic reply', { automation: automation('Auto-Submitted: auto-replied', 'In-Reply-To: <a@b.test>') }, false],
  ['in bulk', { automation: automation('Precedence: bulk') }, false],
  ['of a list', { automation: automation('List-Id: <users.force.cjsm.test>') }, false],
  ['that says no machine wrote it', { automation: automation('Auto-Submitted: no') }, true],
]
for (const [name, change, isDue] of cases) {
  test(`a message ${name} is ${isDue ? '' : 'not '}answered (T08, RFC 3834)`, () => {
    assert.equal(replyIsDue({ ...due, ...change }), isDue)
  })
}

for (const [value, asks] of [
  ['All', true],
  ['OOF', true],
  ['DR, OOF, AutoReply', true],
  ['RN,\r\n AutoReply', true],
  ['DR, RN, NRN', false],
  ['None', false],
  ['overall', false],
] as const) {
  test(`X-Auto-Response-Suppress: ${value.replace('\r\n', '')} asks for ${asks ? 'no' : 'a'} reply of who is away (T08)`, () => {
    assert.equal(asksForNoReply(parseHeader(Buffer.from(`Subject: x\r\nX-Auto-Response-Suppress: ${value}\r\n\r\n`))), asks)
  })
}
test('without that field a reply is not unwanted (T08)', () => {
  assert.equal(asksForNoReply(parseHeader(Buffer.from('Subject: All\r\n\r\n'))), false)
})
