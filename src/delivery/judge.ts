// What would happen to a message, and why: the facts, every rule's verdict, the stamps; nothing is scanned, stored or recorded. G01–G16
import type { Refused } from '#base/faults.ts'
import type { Organisations } from '#community/organisations.ts'
import type { Permits } from '#community/permits.ts'
import { type StandingOf, keyOf } from '#community/standing.ts'
import { bannerEdits } from '#delivery/banner.ts'
import { withOriginals } from '#delivery/carried-facts.ts'
import type { LookInside } from '#delivery/documents.ts'
import type { Envelope, SubmissionSession } from '#delivery/envelope.ts'
import { formRefusal } from '#delivery/form.ts'
import type { CountExpansion } from '#delivery/expansion.ts'
import { gatherFacts } from '#delivery/gather.ts'
import { type IncidentCopies, foundByDesk } from '#delivery/incident-copies.ts'
import { type Inspected, type Octets, inspect } from '#delivery/inspect.ts'
import type { FindIntegrity } from '#delivery/integrity.ts'
import { lookInto } from '#delivery/look-into.ts'
import { stampedHead } from '#delivery/stamp.ts'
import type { SignedIn } from '#identity/sign-in.ts'
import { parseHeader } from '#mail/header.ts'
import { readerOf } from '#mailbox/means.ts'
import { automationOf } from '#policy/automation.ts'
import { type Decision, decide, type Explained, explain } from '#policy/decide.ts'
import type { SubmissionFacts } from '#policy/facts.ts'
import type { MarkingSet } from '#policy/marking-set.ts'
import type { Scheme } from '#policy/schemes.ts'
import type { Held } from '#policy/verdict.ts'

export interface JudgeParts {
  readonly organisations: Organisations
  readonly standingOf: StandingOf
  readonly permits: Pick<Permits, 'list'>
  readonly lookInside: LookInside
  readonly countExpansion: CountExpansion
  readonly findIntegrity: FindIntegrity
  readonly markings: MarkingSet
  /** Domains outside to which a channel with a verified certificate is agreed; none when left out. G15 */
  readonly channels?: readonly string[]
  readonly incidentCopies: Pick<IncidentCopies, 'hashOf' | 'found'>
  readonly hostName: string
  readonly nowMs: () => number
}

export interface Judgement {
  /** The message's refusal; null where it would be taken for those recipients whom no rule refuses. */
  readonly refusal: Refused | null
  /** Why it would be held for a person; null where it would not. T19 */
  readonly held: Held | null
  readonly decision: Decision
  readonly facts: SubmissionFacts
  readonly rules: readonly Explained[]
  readonly stamps: Stamps
}

/** What acceptance would alter, apart from the trace fields. */
export interface Stamps {
  /** Fields as they would be written, one line each. */
  readonly added: readonly string[]
  /** Names of fields that would be taken out or changed. */
  readonly removed: readonly string[]
  /** Lines that would be put above the text, one an alternative. */
  readonly above: readonly string[]
  /** What is said below the text of what it quotes or passes on; null for nothing (G16). */
  readonly notice: string | null
  readonly addsBlock: boolean
  readonly addsStatement: boolean
}

const session: SubmissionSession = { protocol: 'ESMTPSA', helo: 'judge', remoteAddress: '', tls: '' }

/** Judges a message as acceptance would, but for the scan. */
export async function judgeMessage(parts: JudgeParts, who: SignedIn, envelope: Envelope, octets: Octets): Promise<Judgement> {
  const inspected = await inspect(octets)
  const organisation = await parts.organisations.find(who.organisation)
  const standings = await parts.standingOf([...new Set(envelope.recipients.map((one) => keyOf(one.address) ?? ''))])
  const over = formRefusal(inspected)
  const attached = await lookInto(parts, octets, inspected, parts.markings.readingFor(organisation?.name ?? ''))
  const automation = automationOf(inspected.header, inspected.structure.root, envelope.recipients.length)
  const permit = automation.kind === 'automated' ? await permitOf(parts, who, envelope, standings) : null
  const schemes = parts.markings.schemesFor(organisation?.name ?? '')
  const originals = over === null ? await parts.findIntegrity(readerOf(who), octets, inspected) : null
  const { markings, channels } = parts
  const gathered = withOriginals(
    gatherFacts(who, organisation, envelope, standings, inspected, attached, permit, markings, channels),
    originals,
    parts.nowMs(),
  )
  const first = decide(gathered)
  const facts = await foundByDesk(parts.incidentCopies, who.account, octets, inspected, gathered, originals, first.message)
  const decision = facts === gathered ? first : decide(facts)
  const refusal = over ?? (decision.message.kind === 'refused' ? decision.message : null)
  return {
    refusal,
    held: over === null && decision.message.kind === 'held' ? decision.message : null,
    decision,
    facts,
    rules: explain(facts),
    stamps: await stampsOf(parts, schemes, envelope, octets, inspected, decision),
  }
}

/** As the register of permits would say, without counting a use. */
async function permitOf(parts: JudgeParts, who: SignedIn, envelope: Envelope, standings: Awaited<ReturnType<StandingOf>>) {
  const inForce = (await parts.permits.list(who.account)).filter((one) => one.revokedMs === null && one.expiresMs > parts.nowMs())
  const covers = (one: (typeof inForce)[number]) =>
    envelope.recipients.every(({ address }) => {
      const standing = standings.get(keyOf(address) ?? '')
      const organisation = standing !== undefined && 'organisation' in standing ? standing.organisation : null
      return (
        one.recipients.includes(keyOf(address) ?? address) || (organisation !== null && one.organisations.includes(organisation))
      )
    })
  const found = inForce.find(covers) ?? inForce[0]
  if (found === undefined) return null
  return { id: found.id, purpose: found.purpose, short: covers(found) ? null : ('recipients' as const) }
}

async function stampsOf(
  parts: JudgeParts,
  schemes: readonly Scheme[],
  envelope: Envelope,
  octets: Octets,
  inspected: Inspected,
  decision: Decision,
): Promise<Stamps> {
  const head = stampedHead({
    inspected,
    envelope,
    session,
    decision,
    schemes,
    map: parts.markings.map,
    atMs: parts.nowMs(),
    hostName: parts.hostName,
  })
  const before = inspected.header.fields
  const after = parseHeader(head).fields.slice(2) // Return-Path and Received stand in front
  const has = (list: typeof before, raw: Buffer) => list.some((field) => field.raw.equals(raw))
  const above = await bannerEdits(octets, inspected, decision.writeMarking, schemes)
  return {
    added: after.filter(({ raw }) => !has(before, raw)).map(({ fieldName, body }) => `${fieldName}: ${body.toString()}`),
    removed: before.filter(({ raw }) => !has(after, raw)).map(({ fieldName }) => fieldName),
    above: above.map(({ inserted }) => inserted.toString().trim()),
    notice: decision.closing.notice,
    addsBlock: decision.closing.block,
    addsStatement: decision.closing.statement !== null,
  }
}
