// What a holder of a message tells the Helpdesk of it: that it is spam, offensive, misdirected; or that it is said to be above RESTRICTED, after which they pass it on to nobody. G01, T07
import { type Refused, refused } from '#base/faults.ts'
import { newId } from '#base/ids.ts'
import type { Incidents } from '#community/incidents.ts'
import { keyOf } from '#community/standing.ts'
import { maxReportCharacters, maxReportsPerDay } from '#helpdesk/limits.ts'
import type { Accounts } from '#identity/accounts.ts'
import { theService } from '#keys/epoch.ts'
import type { Means, Reader } from '#mailbox/means.ts'
import { placeOfCopy, stopPassing } from '#mailbox/seals.ts'
import { fetchSummaries } from '#mailbox/summaries.ts'

/** Why a message is reported. */
export const reportReasons = ['spam', 'offensive', 'misdirected', 'other'] as const
export type ReportReason = (typeof reportReasons)[number] | 'told-above'

const aboutOf: Readonly<Record<ReportReason, string>> = {
  spam: 'a message was reported as spam or advertising',
  offensive: 'a message was reported as offensive without a reason that lies in the case',
  misdirected: 'a message was reported as sent to the wrong person',
  other: 'a message was reported',
  'told-above': 'the holder of a message was told that it is above RESTRICTED',
}

export interface Reports {
  /** Opens an incident about a copy; null when that is done or was done before, and `gone` where there is no such copy. */
  report(
    who: Reader,
    copy: { mailbox: string; uid: number },
    reason: ReportReason,
    words: string,
  ): Promise<Refused | 'gone' | null>
}

const tooMany = refused(
  'G01',
  'too-many-reports',
  `more than ${maxReportsPerDay} messages were reported from this account within 24 hours`,
  'Telephone the Helpdesk if more are to be reported today.',
)
export interface ReportParts extends Means {
  readonly accounts: Accounts
  readonly incidents: Incidents
}

const dayMs = 24 * 3_600_000

/** Whose message a copy is of: From was held to be its submitter's (G03). Null for one who has no account here. */
async function senderOf(o: ReportParts, who: Reader, mailbox: string, uid: number): Promise<string | null> {
  const [copy] = await Array.fromAsync(fetchSummaries(o, who, mailbox, [uid]))
  const keys = (copy?.envelope.from ?? []).map((one) => keyOf(`${one.mailbox}@${one.host}`)).filter((key) => key !== null)
  const found = await o.accounts.holdersAt(keys)
  return found.values().next().value?.holder ?? null
}

export function openReports(o: ReportParts): Reports {
  const { database, evidence, incidents, keys, clock } = o
  return {
    async report(who, { mailbox, uid }, reason, words) {
      const place = await placeOfCopy(database, who.holder, mailbox, uid)
      if (place === null) return 'gone'
      const kind = reason === 'told-above' ? 'told-above' : 'reported'
      const hash = (await keys.hashFor(theService, 'incident'))(`${kind}/${who.holder}/${place.message}`)
      const id = newId(clock.now())
      const incident = {
        kind,
        clause: kind === 'reported' ? 'G01' : 'T07',
        account: who.holder,
        about: aboutOf[reason],
        hash,
        detail: words.trim().slice(0, maxReportCharacters).toWellFormed(),
        octets: null,
        message: { month: place.month, id: place.message, sender: await senderOf(o, who, mailbox, uid) },
      } as const
      await evidence.introduce([who.holder, theService])
      return database.transaction(async (tx) => {
        const { count } = await incidents.sinceLocked(tx, who.holder, kind, clock.now() - dayMs)
        if (count >= maxReportsPerDay && (await incidents.openWith(tx, hash)) === null) return tooMany
        if (!(await incidents.openAbout(tx, id, incident))) return null
        if (kind === 'told-above') await stopPassing(tx, who.holder, place, id)
        const details = [{ incident: id, kind, reason, message: place.message, computer: who.computer }]
        await evidence.write(tx, { event: 'MessageReported', actor: who.holder, about: who.holder, details })
        return null
      })
    },
  }
}
