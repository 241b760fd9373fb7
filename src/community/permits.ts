// Permits for mail that machines send: whose, for what, to whom, how often, until when, and who granted it. T08
import type { Clock } from '#base/clock.ts'
import { type Refused, refused } from '#base/faults.ts'
import { newId } from '#base/ids.ts'
import { type PermitRow, countUse, forgetUses, insertPermit, markRevoked, permitsOf } from '#community/permits.sql.ts'
import type { Evidence } from '#evidence/record.ts'
import type { PermitFacts } from '#policy/automation.ts'
import type { Database, Transaction } from '#store/database.ts'

export type { PermitRow as Permit } from '#community/permits.sql.ts'

export type NewPermit = Pick<
  PermitRow,
  'account' | 'purpose' | 'recipients' | 'organisations' | 'perHour' | 'computer' | 'grantedBy' | 'expiresMs'
>

export interface Permits {
  grant(tx: Transaction, actor: string, permit: NewPermit): Promise<{ kind: 'granted'; id: string } | Refused>
  /** All of them, or those of one account, the oldest first. */
  list(account?: string): Promise<readonly PermitRow[]>
  /** False when there is none, or it was revoked before. */
  revoke(tx: Transaction, actor: string, id: string): Promise<boolean>
  /**
   * What the permits of an account say of a message to these recipients, sent with a device credential, and counts it where one
   * covers it; null where the account has none in force.
   */
  use(account: string, computer: string, recipients: readonly PermitRecipient[]): Promise<PermitFacts | null>
}

export interface PermitRecipient {
  /** The address key. */
  readonly key: string
  readonly organisation: string | null
}

const hourMs = 3_600_000
const maxTextCharacters = 500
const malformed = refused(
  'T08',
  'permit-is-malformed',
  'a permit has a purpose, who granted it, at least one recipient or organisation, a rate of 1 to 100000 an hour, and an end to come',
  'Give all of them.',
)

/** Opens the register of permits. */
export function openPermits({ database, evidence, clock }: { database: Database; evidence: Evidence; clock: Clock }): Permits {
  return {
    async grant(tx, actor, permit) {
      if (!isWhole(permit, clock.now())) return malformed
      const grantedMs = clock.now()
      const id = newId(grantedMs)
      await insertPermit(tx, { ...permit, id, grantedMs })
      await evidence.write(tx, { event: 'PermitGranted', actor, about: permit.account, details: [{ permit: id, ...permit }] })
      return { kind: 'granted', id }
    },
    list: (account) => permitsOf(database, account ?? null),
    async revoke(tx, actor, id) {
      const [revoked] = await markRevoked(tx, id, clock.now())
      if (revoked === undefined) return false
      await evidence.write(tx, { event: 'PermitRevoked', actor, about: revoked.account, details: [{ permit: id }] })
      return true
    },
    async use(account, computer, recipients) {
      const nowMs = clock.now()
      const inForce = (await permitsOf(database, account)).filter((one) => one.revokedMs === null && one.expiresMs > nowMs)
      const named = inForce.filter((one) => recipients.every((recipient) => covers(one, recipient)))
      const covering = named.filter((one) => one.computer === null || one.computer === computer)
      for (const { id, purpose, perHour } of covering) {
        const hour = Math.floor(nowMs / hourMs)
        await forgetUses(database, id, hour - 1)
        if ((await countUse(database, id, hour, perHour)).length > 0) return { id, purpose, short: null }
      }
      const [first] = [...covering, ...named, ...inForce]
      if (first === undefined) return null
      const short = covering.length > 0 ? 'rate' : named.length > 0 ? 'computer' : 'recipients'
      return { id: first.id, purpose: first.purpose, short }
    },
  }
}

const covers = ({ recipients, organisations }: PermitRow, { key, organisation }: PermitRecipient) =>
  recipients.includes(key) || (organisation !== null && organisations.includes(organisation))

function isWhole(permit: NewPermit, nowMs: number): boolean {
  const isText = (text: string) => text.trim() !== '' && text.length <= maxTextCharacters
  const isRate = Number.isInteger(permit.perHour) && permit.perHour >= 1 && permit.perHour <= 100_000
  const isFor = permit.recipients.length + permit.organisations.length > 0
  return isText(permit.purpose) && isText(permit.grantedBy) && isRate && isFor && permit.expiresMs > nowMs
}
