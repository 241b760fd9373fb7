// What a person must look at: raised by the service or told by people, decided by the Helpdesk. A row and a record each time. G05, T07, T08, T23
import type { Clock } from '#base/clock.ts'
import { newId } from '#base/ids.ts'
import {
  type IncidentDecision,
  type IncidentRow,
  decidedWith,
  decideIncident,
  incidentById,
  incidentRows,
  incidentsAlike,
  incidentsLifted,
  incidentsShown,
  incidentsSince,
  insertIncident,
  insertIncidentAbout,
  lockForLimit,
  openAboutMessage,
  openIncident,
  openIncidentWith,
} from '#community/incidents.sql.ts'
import type { Evidence } from '#evidence/record.ts'
import type { Accounts } from '#identity/accounts.ts'
import { theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import type { Database, Runner, Transaction } from '#store/database.ts'

export type { IncidentDecision, IncidentRow as Incident } from '#community/incidents.sql.ts'

export interface NewIncident {
  /** `sending-stopped` takes sending from the account; `automated-pattern` takes nothing. */
  readonly kind: 'sending-stopped' | 'automated-pattern'
  readonly clause: string
  readonly account: string
  /** The numbers that raised it; nothing of what was sent. */
  readonly about: string
}

/** An incident about one message. */
export interface NewIncidentAbout {
  /** `above-ceiling` was refused and is kept sealed; the others are what a holder of a message told. */
  readonly kind: 'above-ceiling' | 'reported' | 'told-above'
  readonly clause: string
  readonly account: string
  /** Words of the service's own; nothing of what was sent or told. */
  readonly about: string
  /** Keyed, over what it is about: one is open for the same. */
  readonly hash: Buffer
  /** What an officer sees: the lines that matched, each with its place, or the words of who told. Sealed here. */
  readonly detail: string
  readonly octets: number | null
  readonly message: { readonly month: number; readonly id: string; readonly sender: string | null } | null
  /** The draft that was refused, where webmail wrote it. */
  readonly draft?: string | undefined
}

export type IncidentKind = NewIncident['kind'] | NewIncidentAbout['kind']

/** What may be decided of each kind; a message that was told of may besides be sealed, by two people (helpdesk/seals.ts). */
export const decisionsOf: Readonly<Record<IncidentKind, readonly IncidentDecision[]>> = {
  'sending-stopped': ['lifted', 'confirmed'],
  'automated-pattern': ['lifted', 'confirmed'],
  'above-ceiling': ['released', 'destroyed'],
  reported: ['closed'],
  'told-above': ['closed'],
}

export const incidentKinds = Object.keys(decisionsOf) as IncidentKind[]
/** `sealed` is decided by the two people who seal. */
const kindsFor = (decision: IncidentDecision) =>
  incidentKinds.filter(
    (kind) => decisionsOf[kind].includes(decision) || (decision === 'sealed' && decisionsOf[kind].includes('closed')),
  )

/** A release counts for so long. G05 */
export const releaseMs = 30 * 24 * 3_600_000

export interface Incidents {
  /** Opens one, unless one of its kind is open for that account: false then. */
  open(incident: NewIncident): Promise<boolean>
  /** Opens one about a message in the transaction of the act, under that id; false when one about the same is open. */
  openAbout(tx: Transaction, id: string, incident: NewIncidentAbout): Promise<boolean>
  list(): Promise<readonly IncidentRow[]>
  /** Those of some kinds: those that are named first, then the open ones, then the newest; at most so many. */
  shown(kinds: readonly IncidentKind[], most: number, first: readonly string[]): Promise<readonly IncidentRow[]>
  /** One, with what an officer sees of it; null when there is none. */
  find(id: string): Promise<{ incident: IncidentRow; detail: string | null } | null>
  isOpen(account: string, kind: NewIncident['kind']): Promise<boolean>
  /** How many of that kind were lifted for an account since then. */
  liftedSince(account: string, kind: NewIncident['kind'], sinceMs: number): Promise<number>
  /** The open one about the same thing, or null. */
  openWith(run: Runner, hash: Buffer): Promise<string | null>
  /** What stands decided of the same content: that it is released, or was destroyed as above the ceiling; null for neither. */
  standsWith(hash: Buffer): Promise<'released' | 'destroyed' | null>
  /** Others about the same content, or the same message, the newest first. */
  alike(id: string): Promise<readonly IncidentRow[]>
  /** Those of a kind about a message that are open. */
  openAboutMessage(run: Runner, kind: IncidentKind, month: number, message: string): Promise<readonly string[]>
  /** How many of a kind an account had since a time, and their octets. */
  since(account: string, kind: IncidentKind, sinceMs: number): Promise<{ count: number; octets: number }>
  /** The same, and until the end of the transaction nobody else counts: what comes at once stays within a limit too. */
  sinceLocked(tx: Transaction, account: string, kind: IncidentKind, sinceMs: number): Promise<{ count: number; octets: number }>
  /** Decides one; lifting gives sending back that it had taken. Null when there is none that is open and may be decided so. */
  decide(
    tx: Transaction,
    actor: string,
    id: string,
    decision: IncidentDecision,
    reason: string,
  ): Promise<IncidentRow['account'] | null>
}

const placeOfDetail = (id: string) => `incident/${id}`

/** Opens the register of incidents. */
export function openIncidents(o: {
  database: Database
  evidence: Evidence
  accounts: Accounts
  keys: Keys
  clock: Clock
}): Incidents {
  const { database, evidence, accounts, keys, clock } = o
  return {
    async open({ kind, clause, account, about }) {
      await evidence.introduce([account, theService])
      return database.transaction(async (tx) => {
        const openedMs = clock.now()
        const id = newId(openedMs)
        if ((await insertIncident(tx, { id, kind, clause, account, about, openedMs })) === 0) return false
        if (kind === 'sending-stopped') await stopSending(tx, account, { clause, reason: about })
        await evidence.write(tx, {
          event: 'IncidentOpened',
          actor: theService,
          about: account,
          details: [{ incident: id, kind, clause, about }],
        })
        return true
      })
    },
    async openAbout(tx, id, { detail, message, draft, ...one }) {
      const key = await keys.lasting(theService, 'registers')
      const sealedDetail = keys.seal(key, placeOfDetail(id), Buffer.from(detail))
      const about = { month: message?.month ?? null, message: message?.id ?? null, sender: message?.sender ?? null }
      const row = { ...one, ...about, draft: draft ?? null, id, sealedDetail, openedMs: clock.now() }
      if ((await insertIncidentAbout(tx, row)) === 0) return false
      const { kind, clause, account, octets } = one
      const details = [{ incident: id, kind, clause, about: one.about, octets, message: about.message }]
      await evidence.write(tx, { event: 'IncidentOpened', actor: theService, about: account, details })
      return true
    },
    list: () => incidentRows(database),
    shown: (kinds, most, first) => incidentsShown(database, kinds, most, first),
    async find(id) {
      const [row] = await incidentById(database, id)
      if (row === undefined) return null
      const { sealedDetail, ...incident } = row
      const detail = sealedDetail === null ? null : await keys.unseal(theService, 'registers', placeOfDetail(id), sealedDetail)
      return { incident, detail: detail?.toString() ?? null }
    },
    liftedSince: async (account, kind, sinceMs) => (await incidentsLifted(database, account, kind, sinceMs))[0]!.lifted,
    isOpen: async (account, kind) => (await openIncident(database, account, kind)).length > 0,
    openWith: async (run, hash) => (await openIncidentWith(run, hash))[0]?.id ?? null,
    async standsWith(hash) {
      const [last] = await decidedWith(database, hash)
      if (last?.decision === 'released') return last.expiresMs! > clock.now() ? 'released' : null
      return last?.decision === 'destroyed' ? 'destroyed' : null
    },
    alike: (id) => incidentsAlike(database, id),
    openAboutMessage: async (run, kind, month, message) =>
      (await openAboutMessage(run, kind, month, message)).map(({ id }) => id),
    since: async (account, kind, sinceMs) => (await incidentsSince(database, account, kind, sinceMs))[0]!,
    async sinceLocked(tx, account, kind, sinceMs) {
      await lockForLimit(tx, account)
      return (await incidentsSince(tx, account, kind, sinceMs))[0]!
    },
    async decide(tx, actor, id, decision, reason) {
      const decidedMs = clock.now()
      const [decided] = await decideIncident(tx, {
        id,
        decision,
        reason,
        decidedBy: actor === theService ? null : actor,
        decidedMs,
        expiresMs: decision === 'released' ? decidedMs + releaseMs : null,
        kinds: kindsFor(decision),
      })
      if (decided === undefined) return null
      const { account, kind } = decided
      const isLifted = kind === 'sending-stopped' && decision === 'lifted'
      if (isLifted && (await accounts.keepOwnState(tx, account)) === 'sending-suspended')
        await accounts.setState(tx, actor, account, 'active', { clause: 'T23', reason })
      await evidence.write(tx, { event: 'IncidentDecided', actor, about: account, details: [{ incident: id, decision, reason }] })
      return account
    },
  }

  /** Only who may send by their own state loses it: a suspension by people stays what it is, and their organisation’s ends apart from it. */
  async function stopSending(tx: Transaction, account: string, why: { clause: string; reason: string }): Promise<void> {
    if ((await accounts.keepOwnState(tx, account)) === 'active')
      await accounts.setState(tx, theService, account, 'sending-suspended', why)
  }
}
