import assert from 'node:assert/strict'
import { test } from 'node:test'
import { composeDsn, type DsnInput } from '#mail/dsn.ts'
import { fieldsNamed, fieldText, parseHeader } from '#mail/header.ts'
import { StructureScan } from '#mail/structure.ts'

const original = Buffer.from('From: ann@x.test\r\nSubject: RESTRICTED canary\r\nMessage-ID: <orig@x.test>\r\n\r\nthe body\r\n')
const failed = { finalRecipient: 'bob@y.test', originalRecipient: null, action: 'failed', status: '5.1.1' } as const
const input: DsnInput = {
  messageId: '<dsn@cjsm.test>',
  boundary: 'dsn-0001',
  atMs: Date.UTC(2026, 10, 21, 9),
  reportingMta: 'mx.cjsm.test',
  from: 'postmaster@cjsm.test',
  reversePath: 'ann@x.test',
  envelopeId: null,
  arrivalMs: Date.UTC(2026, 10, 21, 8),
  recipients: [failed],
  original,
  returns: 'headers',
}

function read(octets: Buffer) {
  const scan = new StructureScan()
  scan.push(octets)
  const structure = scan.end()
  const parts = structure.root.parts.map((part) => ({
    type: `${part.type}/${part.subtype}`,
    body: octets.toString('utf8', part.bodyStart, part.bodyEnd),
  }))
  return { structure, parts, header: parseHeader(octets) }
}

test('RFC 3464 §2: a DSN is a multipart/report of three parts, to the reverse-path, and not answered by machines', () => {
  const { structure, parts, header } = read(composeDsn(input))
  const field = (name: string) => fieldsNamed(header, name).map(fieldText).join()
  assert.equal(structure.root.subtype, 'report')
  assert.ok(structure.root.parameters.some(([name, value]) => name === 'report-type' && value === 'delivery-status'))
  assert.deepEqual(
    parts.map((part) => part.type),
    ['text/plain', 'message/delivery-status', 'text/rfc822-headers'],
  )
  assert.deepEqual(
    [field('To'), field('Auto-Submitted'), field('In-Reply-To')],
    ['<ann@x.test>', 'auto-replied', '<orig@x.test>'],
  )
  assert.equal(field('Date'), 'Sat, 21 Nov 2026 09:00:00 +0000')
  assert.ok(!structure.hasBareLf && !structure.hasBareCr && structure.longestLineOctets <= 78)
})

test('RFC 3464 §2.2 and 2.3: the status part has the fields of the message and of each recipient, groups apart', () => {
  const { parts } = read(
    composeDsn({
      ...input,
      envelopeId: 'QQ314159',
      recipients: [
        {
          ...failed,
          originalRecipient: 'rfc822;bob@old.test',
          diagnosticCode: '550 5.1.1 No such mailbox',
          clause: 'G01',
          remedy: 'Ask the Helpdesk',
        },
        {
          ...failed,
          finalRecipient: 'c@y.test',
          action: 'delayed',
          status: '4.4.1',
          remoteMta: 'mx.y.test',
          lastAttemptMs: 0,
          willRetryUntilMs: 1000,
        },
      ],
    }),
  )
  assert.equal(
    parts[1]!.body,
    [
      'Reporting-MTA: dns; mx.cjsm.test',
      'Original-Envelope-Id: QQ314159',
      'Arrival-Date: Sat, 21 Nov 2026 08:00:00 +0000',
      '',
      'Original-Recipient: rfc822;bob@old.test',
      'Final-Recipient: rfc822; bob@y.test',
      'Action: failed',
      'Status: 5.1.1',
      'Diagnostic-Code: smtp; 550 5.1.1 No such mailbox',
      'X-CJSM-Clause: G01',
      'X-CJSM-Remedy: Ask the Helpdesk',
      '',
      'Final-Recipient: rfc822; c@y.test',
      'Action: delayed',
      'Status: 4.4.1',
      'Remote-MTA: dns; mx.y.test',
      'Last-Attempt-Date: Thu, 1 Jan 1970 00:00:00 +0000',
      'Will-Retry-Until: Thu, 1 Jan 1970 00:00:01 +0000',
      '',
    ].join('\r\n'),
  )
})

test('the plain part says what happened, the clause, the reason and what to do', () => {
  const text = read(
    composeDsn({ ...input, recipients: [{ ...failed, clause: 'G01', diagnosticCode: '550 no', remedy: 'Ask the Helpdesk.' }] }),
  ).parts[0]!.body
  for (const line of [
    'Your message was not delivered to bob@y.test.',
    'Clause: G01',
    'Reason: 550 no',
    'What to do: Ask the Helpdesk.',
  ]) {
    assert.ok(text.split('\r\n').includes(line), line)
  }
})

test('RFC 3461 §4.3: the header alone comes back for RET=HDRS, the whole for RET=FULL, octet for octet', () => {
  assert.equal(read(composeDsn(input)).parts[2]!.body, original.toString().replace(/\r\nthe body\r\n$/, ''))
  const full = read(composeDsn({ ...input, returns: 'full' }))
  assert.equal(full.parts[2]!.type, 'message/rfc822')
  assert.equal(full.parts[2]!.body, original.toString())
})

test('RFC 6533: addresses and headers beyond ASCII take the international forms', () => {
  const octets = composeDsn({
    ...input,
    recipients: [{ ...failed, finalRecipient: 'jürgen@y.test' }],
    original: Buffer.from('Subject: é\r\n\r\nx\r\n'),
  })
  const { parts, header } = read(octets)
  assert.deepEqual(
    parts.map((part) => part.type),
    ['text/plain', 'message/global-delivery-status', 'message/global-headers'],
  )
  assert.match(parts[1]!.body, /^Final-Recipient: utf-8; jürgen@y\.test\r$/m)
  assert.equal(fieldText(fieldsNamed(header, 'Content-Transfer-Encoding')[0]!), '8bit')
})

test('the subject of a DSN repeats nothing of the original, whose marking it would assert', () => {
  const { header } = read(composeDsn(input))
  assert.equal(fieldText(fieldsNamed(header, 'Subject')[0]!), 'Not delivered')
})

test('a reply of several lines stays in its field, and a forged Message-ID is left out', () => {
  const forged = Buffer.from('Message-ID: <a@b>\r\n <c@d>\r\n\r\n')
  const { parts, header } = read(
    composeDsn({
      ...input,
      original: forged,
      recipients: [{ ...failed, diagnosticCode: '550-a\r\n550 b\r\nAction: delivered' }],
    }),
  )
  assert.equal(fieldsNamed(header, 'In-Reply-To').length, 0)
  assert.equal(parts[1]!.body.match(/^Action:/gm)?.length, 1)
})

test('a boundary that occurs in the original, or no recipient, is a fault', () => {
  assert.throws(() => composeDsn({ ...input, returns: 'full', original: Buffer.from('A: b\r\n\r\n--dsn-0001\r\n') }))
  assert.throws(() => composeDsn({ ...input, recipients: [] }))
})
