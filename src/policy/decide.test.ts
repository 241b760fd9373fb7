// The table: its order, its clauses, and what it says of whole submissions. G01–G09.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decide, messageRules, recipientRules } from '#policy/decide.ts'
import type { SubmissionFacts } from '#policy/facts.ts'
import { nothingAsked } from '#policy/handling-asked.ts'
import { found, ownAddress as own, plainFacts } from '#policy/facts-for-tests.ts'

test('every row cites a clause and is named for its rule', () => {
  for (const rule of [...recipientRules, ...messageRules]) {
    assert.match(rule.clause, /^[GT]\d\d$/)
    assert.equal(rule.name, rule.judge.name)
  }
})

test('the rules are asked in the order of the table, and the first refusal is the answer (G03, G05)', () => {
  const markings = [found('subject', 'SECRET')]
  const { message } = decide({ ...plainFacts, from: ['other@force.cjsm.test'], markings })
  assert.equal(message.kind === 'refused' && message.clause, 'G03')
  const second = decide({ ...plainFacts, markings }).message
  assert.equal(second.kind === 'refused' && second.clause, 'G05')
})

test('each recipient has a verdict of its own, in the order of the envelope (G01, G02)', () => {
  const { message, recipients } = decide({
    ...plainFacts,
    recipients: [
      { address: 'a@firm.cjsm.test', standing: 'member' },
      { address: 'b@firm.cjsm.test', standing: 'removed' },
      { address: 'c@outside.example', standing: 'outside' },
    ],
  })
  assert.equal(message.kind, 'allowed')
  assert.deepEqual(
    recipients.map(({ address, verdict }) => [address, verdict.kind === 'refused' ? verdict.clause : verdict.kind]),
    [
      ['a@firm.cjsm.test', 'allowed'],
      ['b@firm.cjsm.test', 'G02'],
      ['c@outside.example', 'allowed'], // until the message is there
    ],
  )
})

test('a plain message between members is allowed, protected, unmarked and without warnings (G09)', () => {
  const decision = decide({ ...plainFacts, recipients: [{ address: own, standing: 'member' }] })
  assert.deepEqual(decision, {
    message: { kind: 'allowed' },
    recipients: [{ address: own, verdict: { kind: 'allowed' } }],
    asserted: null,
    floor: 'protected',
    warnings: [],
    closing: { notice: null, block: false, statement: null },
    integrity: null,
    lowered: null,
    notLookedInto: null,
    writeMarking: null,
    handling: { asked: nothingAsked, askedBy: null },
    writeHandling: null,
  })
})

test('no facts make a rule throw, and every refusal fits a reply: about 160, remedy 200 characters (G04)', () => {
  const text = fc.string({ unit: 'binary', maxLength: 300 })
  const addresses = fc.option(fc.array(fc.oneof(text, fc.constant(own)), { maxLength: 4 }))
  const marking = fc.record({
    scheme: fc.constantFrom('GPMS', 'GSC', 'own'),
    level: fc.constantFrom('NOT PROTECTIVELY MARKED', 'RESTRICTED', 'CONFIDENTIAL', 'SECRET', null),
    rank: fc.option(fc.nat(50)),
    aboveCeiling: fc.boolean(),
    bare: fc.boolean(),
    descriptors: fc.array(text, { maxLength: 2 }),
    caveats: fc.array(text, { maxLength: 2 }),
    written: text,
  })
  const asked = fc.record({
    noForwarding: fc.boolean(),
    noDownload: fc.boolean(),
    readers: fc.option(fc.array(text, { maxLength: 3 })),
    untilMs: fc.option(fc.integer()),
  })
  const facts = fc.record({
    submitter: fc.record({ address: text, mayUse: fc.array(text), organisation: text, adopter: fc.boolean() }),
    reversePath: fc.option(text),
    from: addresses,
    fromFields: fc.nat(3),
    sender: addresses,
    senderFields: fc.nat(3),
    recipients: fc.array(
      fc.record({ address: text, standing: fc.constantFrom('member', 'unknown', 'removed', 'outside', 'server-organisation') }),
      { maxLength: 3 },
    ),
    markings: fc.array(
      fc.record({
        marking,
        carrier: fc.constantFrom('x-protective-marking', 'sio-label', 'subject', 'banner'),
        origin: fc.constantFrom('originated', 'inherited'),
        line: text,
      }),
      { maxLength: 4 },
    ),
    attached: fc.array(
      fc.record({
        marking,
        carrier: fc.constant('attachment'),
        origin: fc.constantFrom('originated', 'inherited'),
        line: text,
        where: fc.constantFrom('file name', 'header', 'nested message'),
        path: fc.array(text, { maxLength: 4 }),
      }),
      { maxLength: 3 },
    ),
    unread: fc.array(
      fc.record({
        path: fc.array(text, { maxLength: 4 }),
        why: fc.constantFrom('encrypted', 'too large', 'too deep', 'damaged', 'closed'),
      }),
      { maxLength: 2 },
    ),
    unscannable: fc.array(
      fc.record({
        path: fc.array(text, { maxLength: 2 }),
        why: fc.constantFrom('encrypted', 'too large', 'malformed', 'closed'),
      }),
      { maxLength: 2 },
    ),
    protectiveMarkingFields: fc.nat(2),
    labelFields: fc.nat(2),
    quoted: fc.array(
      fc.record({ marking, carrier: fc.constantFrom('quoted', 'original'), origin: fc.constant('inherited'), line: text }),
      {
        maxLength: 2,
      },
    ),
    lowering: fc.array(text, { maxLength: 2 }),
    handling: fc.option(asked),
    passedOn: fc.array(fc.record({ path: fc.array(text, { maxLength: 3 }), from: fc.array(text, { maxLength: 2 }), asked }), {
      maxLength: 2,
    }),
    wording: fc.record({
      statement: fc.option(text),
      statementFor: fc.constantFrom('marked', 'protected'),
      unsigned: fc.constantFrom('warn', 'refuse'),
      unscannable: fc.constantFrom('refuse', 'hold', 'deliver-flagged'),
    }),
    block: fc.constantFrom('present', 'missing', 'cannot-be-added', 'exempt'),
    integrity: fc.option(
      fc.record({
        verdict: fc.constantFrom('verbatim', 'extract', 'modified', 'cannot-tell'),
        original: text,
        isStated: fc.boolean(),
      }),
    ),
    automation: fc.record({ kind: fc.constantFrom('none', 'notification', 'automated'), matched: text }),
    permit: fc.option(fc.record({ id: text, purpose: text, short: fc.constantFrom(null, 'recipients', 'rate') })),
    isReply: fc.boolean(),
    isForward: fc.boolean(),
    release: fc.option(
      fc.record({
        declared: fc.array(
          fc.option(fc.record({ ground: fc.constantFrom('certain-not-sensitive', 'trusted-recipient'), words: text })),
          {
            maxLength: 2,
          },
        ),
        attachments: fc.array(fc.array(text, { maxLength: 3 }), { maxLength: 3 }),
        answers: fc.array(fc.array(text, { maxLength: 3 }), { maxLength: 2 }),
        quotes: fc.boolean(),
        forwardedBy: fc.option(text),
        channels: fc.array(text, { maxLength: 2 }),
      }),
    ),
  })
  const property = fc.property(facts, text, (random, helpdesk) => {
    const decision = decide(random as SubmissionFacts, helpdesk)
    const said = [decision.message, ...decision.recipients.map(({ verdict }) => verdict), ...decision.warnings]
    for (const each of said) {
      if (each.kind === 'allowed') continue
      assert.ok(each.about.length <= 160 && each.remedy.length <= 200)
      assert.doesNotMatch(each.about, /[\r\n\p{Cc}]/u)
    }
  })
  fc.assert(property, { seed: 7, numRuns: Number(process.env.CJSM_FUZZ_RUNS ?? 2_000) })
})
