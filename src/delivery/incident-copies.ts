// What the ceiling refused is kept sealed, under a key of its own, until an officer decided; then the key is destroyed, which is certified. Nobody reads it here. G05, G20
import type { Clock } from '#base/clock.ts'
import { newId } from '#base/ids.ts'
import type { Incidents } from '#community/incidents.ts'
import {
  copiesDecided,
  copyOf,
  copyStored,
  deleteCopy,
  destructionOf,
  insertCopy,
  insertDestruction,
} from '#delivery/incident-copies.sql.ts'
import { type Inspected, type Octets, slice } from '#delivery/inspect.ts'
import type { Originals } from '#delivery/integrity.ts'
import { maxIncidentCopiesPerDay, maxIncidentOctetsPerDay } from '#delivery/limits.ts'
import { sameContentHash } from '#delivery/same-content.ts'
import { newSealMessage } from '#delivery/seal-message.ts'
import type { Evidence } from '#evidence/record.ts'
import { theService } from '#keys/epoch.ts'
import { type Keys, keysKeptMs } from '#keys/keys.ts'
import { isAboveCeiling, withReleasedOriginal } from '#policy/ceiling.ts'
import type { SubmissionFacts } from '#policy/facts.ts'
import type { MessageVerdict } from '#policy/verdict.ts'
import type { ContentStore } from '#store/content-store.ts'
import type { Database, Runner, Transaction } from '#store/database.ts'

export interface IncidentCopies {
  /** What is the same content, for `standsWith` and `prepare`. */
  hashOf(submitter: string, octets: Octets, inspected: Inspected): Promise<Buffer>
  /** What officers found of the same content of the same submitter: that it is released, within 30 days, or above the ceiling. */
  found(hash: Buffer): Promise<DeskFound>
  /** Seals what was refused, before the transaction, with the `lines` that an officer sees of it and its draft; null where the account's copies of the day are used up. */
  prepare(
    submitter: string,
    lines: readonly string[],
    hash: Buffer,
    octets: Octets,
    inspected: Inspected,
    draft?: string,
  ): Promise<CopyToKeep | null>
  /** Destroys the copy of an incident that was decided, for good; nothing where there is none. */
  destroy(actor: string, incident: string): Promise<void>
  certificate(incident: string): Promise<Certificate | null>
  /** Destroys those whose decision was cut off before that; returns how many. */
  destroyDecided(): Promise<number>
}

/** A fact for the rules; nothing where nothing was decided. */
export type DeskFound = Pick<SubmissionFacts, 'isReleased' | 'isFoundAbove'>

/** A copy that is sealed and not yet kept. */
export interface CopyToKeep {
  /** Keeps it with its incident in the transaction of the refusal; returns the incident, an older one for the same content; null where the day's copies are used up by now. */
  keep(tx: Transaction): Promise<string | null>
  /** Removes what stands outside the database, where it was not kept. */
  abandon(): Promise<void>
}

/** What an officer is told of a copy that is destroyed. */
export interface Certificate {
  readonly octets: number
  /** The evidence record of the destruction. */
  readonly record: string
  readonly destroyedMs: number
  /** From when no process holds the key either. */
  readonly goneMs: number
}

export interface IncidentCopyParts {
  readonly database: Database
  readonly incidents: Incidents
  readonly evidence: Evidence
  readonly keys: Keys
  readonly contentStore: ContentStore
  readonly clock: Clock
}

const dayMs = 24 * 3_600_000
const placeOfKey = (incident: string) => `incident copy/${incident}`
const about = 'a message was refused, since a marking above RESTRICTED was read in it'

/** Opens the keeping of what the ceiling refused. */
export function openIncidentCopies(parts: IncidentCopyParts): IncidentCopies {
  const { database, incidents, evidence, keys, contentStore, clock } = parts
  const sealMessage = newSealMessage({ keys, contentStore, clock })

  async function isWithinLimits(submitter: string, octets: number, tx: Transaction | null = null): Promise<boolean> {
    const of = [submitter, 'above-ceiling', clock.now() - dayMs] as const
    const before = await (tx === null ? incidents.since(...of) : incidents.sinceLocked(tx, ...of))
    return before.count < maxIncidentCopiesPerDay && before.octets + octets <= maxIncidentOctetsPerDay
  }

  async function seal(octets: Octets, { header, structure }: Inspected) {
    const head = await slice(octets, 0, header.octets)
    return sealMessage({ head, header, octets, bodyStart: header.octets, root: structure.root, marking: null })
  }

  async function destroy(actor: string, incident: string): Promise<void> {
    const [row] = await copyOf(database, incident)
    if (row === undefined) return
    // First the key: the record says what is so. Cut off here, the next round finds the row and ends it.
    await keys.destroy(incident, 'held', row.wrappedKey)
    await evidence.introduce([actor, row.account])
    await database.transaction(async (tx) => {
      if ((await deleteCopy(tx, incident)) === 0) return
      const destroyedMs = clock.now()
      const details = [{ incident, octets: row.octets, destroyedMs }]
      const record = await evidence.write(tx, { event: 'IncidentCopyDestroyed', actor, about: row.account, details })
      await insertDestruction(tx, incident, row.octets, record, destroyedMs)
    })
    if (row.stored) await contentStore.remove(row.month, row.id)
  }

  return {
    hashOf: (submitter, octets, inspected) => sameContentHash(keys, submitter, octets, inspected),
    async found(hash) {
      const stands = await incidents.standsWith(hash)
      return stands === null ? {} : stands === 'released' ? { isReleased: true } : { isFoundAbove: true }
    },
    async prepare(submitter, lines, hash, octets, inspected, draft) {
      const known = await incidents.openWith(database, hash)
      if (known !== null) return { keep: async () => known, abandon: async () => {} }
      if (!(await isWithinLimits(submitter, octets.size))) return null
      const incident = newId(clock.now())
      const sealed = await seal(octets, inspected)
      const [epoch] = await keys.currentFor([incident], 'held')
      const wrappedKey = keys.seal(epoch!, placeOfKey(incident), sealed.dataKey.export())
      const { month, id, content } = sealed.message
      const opened = { clause: 'G05', account: submitter, about, hash, detail: lines.join('\n'), octets: octets.size, draft }
      await evidence.introduce([submitter, theService])
      let isKept = false
      return {
        async keep(tx) {
          // Asked again: many may come at once.
          if (!(await isWithinLimits(submitter, octets.size, tx))) return incidents.openWith(tx, hash)
          isKept = await incidents.openAbout(tx, incident, { kind: 'above-ceiling', message: null, ...opened })
          // The same content came twice at once: the other one's copy stands for both.
          if (!isKept) return (await incidents.openWith(tx, hash)) ?? incident
          await insertCopy(tx, incident, sealed.message, wrappedKey)
          return incident
        },
        async abandon() {
          if (!isKept && content === null) await contentStore.remove(month, id)
        },
      }
    },
    destroy,
    async certificate(incident) {
      const [row] = await destructionOf(database, incident)
      return row === undefined ? null : { ...row, goneMs: row.destroyedMs + keysKeptMs }
    },
    async destroyDecided() {
      const decided = await copiesDecided(database)
      const faults: unknown[] = []
      for (const { incident } of decided) await destroy(theService, incident).catch((fault: unknown) => faults.push(fault))
      // One that cannot be destroyed keeps none of the others; the job fails all the same, so that somebody looks.
      if (faults.length > 0) throw faults[0]
      return decided.length
    },
  }
}

/** The facts with what officers found, of the same content or of an original; as they are where the ceiling refuses nothing. */
export async function foundByDesk(
  copies: Pick<IncidentCopies, 'hashOf' | 'found'>,
  submitter: string,
  octets: Octets,
  inspected: Inspected,
  facts: SubmissionFacts,
  originals: Originals | null,
  verdict: MessageVerdict,
): Promise<SubmissionFacts> {
  if (!isAboveCeiling(verdict)) return facts
  return withFound(facts, await copies.found(await copies.hashOf(submitter, octets, inspected)), originals)
}

/** The facts with what officers found of this very content, or else of an original. */
export function withFound(facts: SubmissionFacts, found: DeskFound, originals: Originals | null): SubmissionFacts {
  const released = found.isFoundAbove === true ? undefined : originals?.released
  return { ...(released === undefined ? facts : withReleasedOriginal(facts, released)), ...found }
}

/** True when an object of the content store is an incident's copy. */
export async function isIncidentCopy(run: Runner, month: number, id: string): Promise<boolean> {
  return (await copyStored(run, month, id)).length > 0
}
