// What a message says of handling and of a lower marking; and whatever it is made of, no rule and no stamp throws. G04, G06, G09
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bannerEdits } from '#delivery/banner.ts'
import { carriedFacts, passedOnIn, withNamedReader } from '#delivery/carried-facts.ts'
import { gatherFacts } from '#delivery/gather.ts'
import { inspect, octetsOf } from '#delivery/inspect.ts'
import { stampedHead } from '#delivery/stamp.ts'
import { parseHeader } from '#mail/header.ts'
import { decide, explain } from '#policy/decide.ts'
import { nothingAsked } from '#policy/handling-asked.ts'
import { maxReasonCharacters } from '#policy/limits.ts'
import { shippedSchemes } from '#policy/schemes.ts'

const header = (...lines: string[]) => parseHeader(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`))
const facts = (...lines: string[]) => carriedFacts(header(...lines), [], shippedSchemes)

test('a reason is kept to 300 characters, decoded and whole (G06)', () => {
  const reason = (much: number) => facts(`X-CJSM-Lower-Marking: ${'x'.repeat(much)}`).lowering[0]!.length
  assert.deepEqual([reason(maxReasonCharacters), reason(maxReasonCharacters + 1)], [maxReasonCharacters, maxReasonCharacters])
  assert.deepEqual(facts('X-CJSM-Lower-Marking: =?utf-8?Q?ver=C3=B6ffentlicht?=', 'X-CJSM-Lower-Marking:').lowering, [
    'veröffentlicht',
    '',
  ])
})

test('handling is asked in one field; in two, or in words that are not known, it is not understood (G09)', () => {
  assert.deepEqual(facts().handling, nothingAsked)
  assert.equal(facts('X-CJSM-Handling: no-forwarding').handling?.noForwarding, true)
  assert.equal(facts('X-CJSM-Handling: no-forwarding', 'X-CJSM-Handling: no-download').handling, null)
  assert.equal(facts('X-CJSM-Handling: no-copies').handling, null)
})

test('named readers are compared by address key, and nobody is known not to be one where none was named (G09)', () => {
  const { handling } = facts('X-CJSM-Handling: reader=Jane@FIRM.cjsm.test')
  const reader = (address: string) => withNamedReader({ address, standing: 'member' }, handling).isNamedReader
  assert.deepEqual([reader('jane@firm.cjsm.test'), reader('joe@firm.cjsm.test')], [true, false])
  assert.equal('isNamedReader' in withNamedReader({ address: 'a@b.test', standing: 'member' }, nothingAsked), false)
})

test('an attached message that asks in words that are not known is not passed on (G09)', () => {
  assert.equal(passedOnIn(header('From: a@b.test'), []), null)
  assert.equal(passedOnIn(header('From: a@b.test', 'X-CJSM-Handling: no-copies'), [])?.asked.noForwarding, true)
  assert.deepEqual(passedOnIn(header('X-CJSM-Handling: no-download'), ['x'])?.from, [])
})

test('no message, whatever its octets, makes a rule or a stamp throw (G04)', async () => {
  const word = fc.constantFrom(
    'From: a@b.test',
    'Subject: ',
    'SECRET',
    'RESTRICTED - STAFF',
    'NOT PROTECTIVELY MARKED',
    'X-Protective-Marking: ',
    'SEC=',
    'SIO-Label: ',
    'marking="PROTECT"',
    'X-CJSM-Lower-Marking: why not',
    'X-CJSM-Handling: ',
    'no-forwarding',
    'In-Reply-To: <x@y>',
    '> RESTRICTED',
    '\r\n',
    '\r\n\r\n',
    '--b\r\n',
    '--b--\r\n',
    ': ',
    '=?utf-8?Q?',
    'Content-Type: multipart/mixed; boundary=b',
    'Content-Type: text/html',
    'Content-Transfer-Encoding: base64',
    '<body>',
    'MÜLLER EYES ONLY',
    'Content-Type: message/rfc822',
  )
  const piece = fc.oneof({ weight: 4, arbitrary: word }, { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) })
  const who = {
    kind: 'signed-in',
    account: 'a',
    organisation: 'o',
    computer: 'c',
    name: 'n',
    address: 'a@b.test',
    mayUse: ['a@b.test'],
    maySend: true,
  } as const
  const envelope = {
    reversePath: 'a@b.test',
    recipients: [{ address: 'x@y.test', originalRecipient: null, notify: null }],
    envid: null,
    ret: null,
  }
  const session = { protocol: 'ESMTPSA', helo: 'h', remoteAddress: '', tls: '' }
  const property = fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
    const octets = octetsOf(Buffer.from(pieces.join('')))
    const inspected = await inspect(octets)
    const gathered = gatherFacts(who, null, envelope, new Map(), inspected)
    const decision = decide(gathered)
    explain(gathered)
    const head = stampedHead({ inspected, envelope, session, decision, atMs: 0, hostName: 'mail.cjsm.test' })
    await bannerEdits(octets, inspected, decision.writeMarking, shippedSchemes)
    assert.equal(parseHeader(head).octets, head.length)
  })
  await fc.assert(property, { seed: 31, numRuns: Number(process.env.CJSM_FUZZ_RUNS ?? 1_500) })
})
