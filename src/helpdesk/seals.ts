// Sealing a message that was delivered, in every mailbox, and opening it again: one officer proposes with a reason, another confirms. G05, T07
import type { Clock } from '#base/clock.ts'
import { type Refused, refused } from '#base/faults.ts'
import { newId } from '#base/ids.ts'
import { type Log, describeFault } from '#base/log.ts'
import type { Incidents } from '#community/incidents.ts'
import type { Evidence } from '#evidence/record.ts'
import { notOnesOwn } from '#helpdesk/decisions.ts'
import { maxReasonCharacters } from '#helpdesk/limits.ts'
import {
  type ProposalRow,
  decideProposal,
  insertProposal,
  lockProposal,
  proposalOf,
  proposalsOf,
  proposalsWaiting,
} from '#helpdesk/seals.sql.ts'
import {
  letPass,
  messageIsSealed,
  type MessagePlace,
  openMessages,
  sealedWith,
  sealMessages,
  type Spread,
  spreadOf,
} from '#mailbox/seals.ts'
import type { Database, Transaction } from '#store/database.ts'

export type { ProposalRow as Proposal } from '#helpdesk/seals.sql.ts'

export interface Seals {
  /** All that were ever made about a message, whichever incident they were made from; the oldest first. */
  proposals(month: number, message: string): Promise<readonly ProposalRow[]>
  /** Those that wait for a second officer. */
  waiting(): Promise<readonly Pick<ProposalRow, 'incident' | 'message'>[]>
  /** Who has a message now, and since when. */
  spread(month: number, message: string, sender: string | null): Promise<Spread>
  isSealed(month: number, message: string): Promise<boolean>
  /** How many copies that mail programs filed apart were sealed with a message. */
  sealedWith(month: number, message: string): Promise<number>
  /** Proposes it about the message of an incident; null when that is done. */
  propose(officer: string, incident: string, act: 'seal' | 'unseal', reason: string): Promise<Refused | null>
  /** Confirms or declines a proposal; only another officer than who proposed it confirms. Null when that is done. */
  decide(officer: string, proposal: string, decision: 'confirmed' | 'declined'): Promise<Refused | null>
}

export interface SealParts {
  readonly database: Database
  readonly evidence: Evidence
  readonly incidents: Incidents
  readonly clock: Clock
  readonly log: Log
  /** Messages of their own that are copies of a message, as its sender's mail program filed one. */
  readonly alike: (message: MessagePlace) => Promise<readonly MessagePlace[]>
  /** Gives every copy a new UID after the commit, so that programs let go of what they have. */
  readonly renewCopies: (message: MessagePlace) => Promise<unknown>
}

const nothingToPropose = refused(
  'G05',
  'nothing-to-propose',
  'there is no such incident, it is about no message, or the message is that already',
  'Look at the incident again.',
)
const proposedAlready = refused(
  'G05',
  'proposed-already',
  'the same was proposed before and waits for another officer',
  'Ask another officer to confirm or decline it.',
)
const nothingToDecide = refused(
  'G05',
  'nothing-to-decide',
  'there is no such proposal, or it was decided before',
  'Look at the incident again.',
)
const twoPeople = refused(
  'G05',
  'two-people-seal',
  'who proposes it cannot confirm it',
  'Ask another officer: two people seal a message, and open it again.',
)

export function openSeals({ database, evidence, incidents, clock, log, alike, renewCopies }: SealParts): Seals {
  const detailOf = ({ id, incident, message, month, reason }: ProposalRow) => ({ proposal: id, incident, message, month, reason })

  /** What a confirmation changes: the message, and those alike. */
  async function takeEffect(
    tx: Transaction,
    officer: string,
    proposal: ProposalRow,
    others: readonly MessagePlace[],
  ): Promise<readonly MessagePlace[]> {
    const isSeal = proposal.act === 'seal'
    const changed = isSeal ? await sealMessages(tx, proposal, others, clock.now()) : await openMessages(tx, proposal)
    // Whoever else told of it is answered with this: nobody is told afterwards that it may be passed on.
    const told = isSeal ? await incidents.openAboutMessage(tx, 'told-above', proposal.month, proposal.message) : []
    const answered = [...new Set([proposal.incident, ...told])]
    for (const id of answered) await letPass(tx, id)
    const alike = changed.map(({ message }) => message).filter((message) => message !== proposal.message)
    const by = { proposedBy: proposal.proposedBy, confirmedBy: officer }
    await evidence.write(tx, {
      event: isSeal ? 'MessageSealed' : 'MessageUnsealed',
      actor: officer,
      about: proposal.proposedBy,
      details: [{ ...detailOf(proposal), ...by, ...(alike.length === 0 ? {} : { alike }) }],
    })
    if (isSeal) for (const id of answered) await incidents.decide(tx, officer, id, 'sealed', proposal.reason)
    return changed
  }

  /** Those alike, looked for before anything is locked. What hinders the search does not hinder the seal. */
  async function alikeOf(id: string): Promise<readonly MessagePlace[]> {
    const [proposal] = await proposalOf(database, id)
    if (proposal === undefined || proposal.act !== 'seal') return []
    return alike(proposal).catch((fault: unknown) => {
      log.warn({ fault: describeFault(fault), message: proposal.message }, 'copies filed apart were not looked for')
      return []
    })
  }

  return {
    proposals: (month, message) => proposalsOf(database, month, message),
    waiting: () => proposalsWaiting(database),
    spread: (month, message, sender) => spreadOf(database, { month, message }, sender),
    isSealed: (month, message) => messageIsSealed(database, month, message),
    sealedWith: (month, message) => sealedWith(database, { month, message }),
    async propose(officer, id, act, reason) {
      const found = await incidents.find(id)
      const { month = null, message = null } = found?.incident ?? {}
      if (month === null || message === null) return nothingToPropose
      if (found?.incident.sender === officer) return notOnesOwn
      if ((await messageIsSealed(database, month, message)) === (act === 'seal')) return nothingToPropose
      const proposedMs = clock.now()
      const proposal = { id: newId(proposedMs), act, incident: id, month, message, proposedBy: officer, proposedMs }
      const row = { ...proposal, reason: reason.slice(0, maxReasonCharacters), decidedBy: null, decision: null, decidedMs: null }
      return database.transaction(async (tx) => {
        if ((await insertProposal(tx, row)) === 0) return proposedAlready
        await evidence.write(tx, { event: 'SealProposed', actor: officer, about: officer, details: [{ ...detailOf(row), act }] })
        return null
      })
    },
    async decide(officer, id, decision) {
      const isConfirmed = decision === 'confirmed'
      const others = isConfirmed ? await alikeOf(id) : []
      const done = await database.transaction(async (tx): Promise<Refused | readonly MessagePlace[]> => {
        const [proposal] = await lockProposal(tx, id)
        if (proposal === undefined || proposal.decision !== null) return nothingToDecide
        if (proposal.sender === officer) return notOnesOwn
        if (isConfirmed && proposal.proposedBy === officer) return twoPeople
        await decideProposal(tx, id, decision, officer, clock.now())
        if (isConfirmed) return takeEffect(tx, officer, proposal, others)
        await evidence.write(tx, { event: 'SealDeclined', actor: officer, about: officer, details: [detailOf(proposal)] })
        return []
      })
      if ('kind' in done) return done
      // It holds already: what fails here only leaves programs with what they fetched before.
      for (const one of done)
        await renewCopies(one).catch((fault: unknown) =>
          log.warn({ fault: describeFault(fault), message: one.message }, 'copies of a sealed message kept their UIDs'),
        )
      return null
    },
  }
}
