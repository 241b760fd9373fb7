// Messages that are held, for the tests about them: an organisation that holds what cannot be looked into, one that flags it and one that refuses it. T19
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Refused } from '#base/faults.ts'
import type { DemoPerson } from '#cli/demonstration.ts'
import type { Accepted, EnvelopeRecipient } from '#delivery/envelope.ts'
import type { Hold } from '#delivery/shown-hold.ts'
import type { UnscannableChoice } from '#policy/looked-into.ts'
import { allRecords, messageOf, openTestDoors } from '#test/support/acceptance.ts'
import { zipOf } from '#test/support/archives.ts'
import { testService } from '#test/support/service.ts'

export const notified = (address: string, ...notify: ('NEVER' | 'SUCCESS' | 'FAILURE' | 'DELAY')[]): EnvelopeRecipient => ({
  address,
  originalRecipient: null,
  notify,
})

export function accepted(reply: Accepted | Refused): Accepted {
  assert.equal(reply.kind, 'accepted', JSON.stringify(reply))
  return reply as Accepted
}

export function isHold(decided: Hold | Refused): Hold {
  assert.ok(!('about' in decided), JSON.stringify(decided))
  return decided
}

/** A service, a door for each choice, a sender (Miriam) and who she writes to. */
export async function openHolding() {
  const service = await testService()
  const { domains } = service
  const choosing = (unscannable: UnscannableChoice) => ({
    ...domains.organisations,
    find: async (id: string) => {
      const found = await domains.organisations.find(id)
      return found === null ? null : { ...found, wording: { ...found.wording, unscannable } }
    },
  })
  const holding = await openTestDoors(service, { organisations: choosing('hold') })
  const flagging = await openTestDoors(service, { organisations: choosing('deliver-flagged') })
  const refusing = await openTestDoors(service)
  const { holds } = holding
  const [miriam, priya, gareth, orla] = ['solicitor', 'prosecutor', 'clerk', 'detective sergeant'].map(service.person) as [
    DemoPerson,
    DemoPerson,
    DemoPerson,
    DemoPerson,
  ]
  const both = [priya.address, gareth.address]

  /** A message with an encrypted archive in it. */
  function locked(word = randomBytes(6).toString('hex'), more = ''): string {
    return messageOf(
      `From: ${miriam.address}`,
      `To: ${priya.address}`,
      `Subject: papers ${word}`,
      `Message-ID: <${word}@client.example>`,
      'MIME-Version: 1.0',
      'X-CJSM-Not-Looked-Into: written by a stranger',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      `Please see attached.${more}`,
      'Telephone 020 7946 0018',
      '--b',
      'Content-Type: application/zip; name="accounts.zip"',
      'Content-Transfer-Encoding: base64',
      '',
      zipOf('a.txt', Buffer.from('x'), 1).toString('base64'),
      '--b--',
    )
  }
  const send = (raw: string, to: readonly (string | EnvelopeRecipient)[] = both, doors = holding) => doors.submit(miriam, to, raw)
  const inbox = (person: DemoPerson) => holding.read(person)
  const ofReceipt = async (receipt: string): Promise<Hold> => (await holds.ofReceipt(receipt))!.hold
  return {
    service,
    holding,
    flagging,
    refusing,
    holds,
    miriam,
    priya,
    gareth,
    orla,
    both,
    locked,
    send,
    inbox,
    ofReceipt,
    /** How many messages are in the INBOX of Miriam, Priya and Gareth. */
    counts: async () => Promise.all([miriam, priya, gareth].map(async (one) => (await inbox(one)).length)),
    recordsOf: async (event: string) => (await allRecords(service)).filter(({ leaf }) => leaf.event === event),
    heldNow: async (raw: string, to: readonly (string | EnvelopeRecipient)[] = both) =>
      ofReceipt(accepted(await send(raw, to)).receipt),
    accountOf: async (person: DemoPerson) => (await holding.signIn(person)).account,
  }
}
