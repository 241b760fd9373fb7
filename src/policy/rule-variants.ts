// What the rules say in other cases than their examples, and what is said beside the tables: to readers, of viruses, and to who reads a quotation. T24
import { automatedMailHasItsPermit } from '#policy/automation.ts'
import { markingIsWithinTheCeiling, stoppedRefusal } from '#policy/ceiling.ts'
import { found, plainFacts } from '#policy/example-facts.ts'
import type { SubmissionFacts } from '#policy/facts.ts'
import { accessRefusal, nothingAsked } from '#policy/handling-asked.ts'
import { type Integrity, noticeToAdd } from '#policy/integrity.ts'
import { contentCanBeLookedInto, contentIsMalicious } from '#policy/looked-into.ts'
import { outsideIsJudgedLater, type RecipientRelease, releaseIsDeclared } from '#policy/release.ts'
import type { MessageVerdict, Warning } from '#policy/verdict.ts'

const client = 'client@outside.example'
const permit = (short: NonNullable<NonNullable<SubmissionFacts['permit']>['short']>) =>
  automatedMailHasItsPermit({
    ...plainFacts,
    automation: { kind: 'automated', matched: 'Precedence: bulk' },
    permit: { id: '', purpose: 'listings', short },
  })
const outside = (release: Partial<RecipientRelease>) =>
  releaseIsDeclared({
    address: client,
    standing: 'outside',
    release: { protectedPart: 'its text', declared: [], marking: null, forwardedBy: null, isVerifiedChannel: false, ...release },
  })
const reading = { isSender: false, nowMs: Date.UTC(2026, 11, 1) } as const

/** When it is said, in words that stand behind "Refused when", "Held when" or "You are told when"; and what is. */
export const ruleVariants: readonly (readonly [when: string, said: MessageVerdict | Warning | null])[] = [
  [
    'it is marked above RESTRICTED, and an officer found before that the same content is',
    markingIsWithinTheCeiling({ ...plainFacts, markings: [found('subject', 'SECRET')], isFoundAbove: true }),
  ],
  ['it is a message that the Helpdesk sealed, and you open it or pass it on', stoppedRefusal('sealed')],
  [
    'you open it later than its sender asked',
    accessRefusal({ ...nothingAsked, untilMs: Date.UTC(2026, 10, 30) }, { ...reading, wants: 'reading' }),
  ],
  [
    'you download it, and its sender asked that it is not',
    accessRefusal({ ...nothingAsked, noDownload: true }, { ...reading, wants: 'download' }),
  ],
  ['a recipient is not a member, and what is in the message is not known yet', outsideIsJudgedLater(client)],
  ['it goes outside the community, and why it may cannot be read', outside({ declared: [null] })],
  [
    'it goes outside the community as certainly not sensitive, and its marking says that it is',
    outside({ declared: [{ ground: 'certain-not-sensitive', words: 'a public form' }], marking: 'PROTECT' }),
  ],
  [
    'it goes to somebody outside whom you trust, and no verified channel leads there',
    outside({ declared: [{ ground: 'trusted-recipient', words: 'our expert' }] }),
  ],
  ['a machine sends it to people whom its permit does not name', permit('recipients')],
  ['a machine sends it with another device password than its permit is for', permit('computer')],
  ['a machine sends more than its permit allows within an hour', permit('rate')],
  [
    'something attached cannot be looked into, and your organisation has a person decide',
    contentCanBeLookedInto({
      unread: [{ path: ['accounts.xlsx'], why: 'encrypted' }],
      unscannable: [],
      wording: { ...plainFacts.wording, unscannable: 'hold' },
    }),
  ],
  ['the virus scanner finds malicious content in it', contentIsMalicious],
]

const line = (verdict: Integrity) =>
  noticeToAdd({ ...plainFacts, integrity: { verdict, original: '<1@force.cjsm.test>', isStated: false } })

/** The lines that are added for the readers, where the sender does not say it; of G16. */
export const addedLines: readonly (readonly [when: string, line: string | null])[] = [
  ['you leave out a part of what you quote', line('extract')],
  ['you change what you quote or pass on', line('modified')],
]
