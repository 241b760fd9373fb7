// The sequencer: gives records their places in the tree, and signs a checkpoint over them, within a second. One at a time. docs/flow.md, Evidence; RFC 6962 §2.1
import type { Clock } from '#base/clock.ts'
import { faultPoint } from '#base/fault-point.ts'
import { type Log, describeFault } from '#base/log.ts'
import { anchorEveryMs, checkpointKeptMs, forgetEveryMs, maxSequencedAtOnce, sequenceEveryMs } from '#evidence/limits.ts'
import { whyUnlikeAnchor } from '#evidence/extends-anchor.ts'
import { leafHash } from '#evidence/merkle.ts'
import type { Standing } from '#evidence/standing.ts'
import { TreeIsDamaged, appendLeaves, rootOfEdge } from '#evidence/tiles.ts'
import { readEdge, treeOf } from '#evidence/tree.ts'
import {
  forgetCheckpoints,
  insertCheckpoint,
  isSequencer,
  noteLogKey,
  numberRecords,
  putTiles,
  unsequenced,
} from '#evidence/tree.sql.ts'
import { checkpointText } from '#keys/checkpoint.ts'
import { emptyRoot } from '#keys/consistency.ts'
import type { LogKeeper } from '#keys/log-keys.ts'
import { readNote, readVerifier, signedAt } from '#keys/note.ts'
import type { Database } from '#store/database.ts'

export interface SequencerParts {
  readonly database: Database
  readonly logKeeper: LogKeeper
  readonly origin: string
  readonly clock: Clock
}

/** The stored tree does not extend the anchor; the message is the sentence that says why. */
class UnlikeAnchor extends Error {
  override name = 'UnlikeAnchor'
}

/**
 * Takes records that have no place yet, in the order of their ids, never "above the last": a transaction that began earlier may commit later.
 * Indexes, tiles and checkpoint are one transaction. Returns how many it took; throws TreeIsDamaged when the tree is not the one last signed,
 * UnlikeAnchor when the key process would sign nothing over it.
 */
export async function sequence(parts: SequencerParts): Promise<number> {
  const { database, logKeeper, origin, clock } = parts
  return database.transaction(async (tx) => {
    if (!(await isSequencer(tx))) return 0
    const records = await unsequenced(tx, maxSequencedAtOnce)
    if (records.length === 0) return 0
    const latest = await treeOf(tx).latest()
    const before = latest?.size ?? 0
    const edge = await readEdge(tx, before, latest?.root ?? emptyRoot)
    const appended = appendLeaves(
      edge,
      before,
      records.map((record) => leafHash(record.leaf)),
    )
    const numbered = await numberRecords(
      tx,
      records.map((record) => record.id),
      before,
    )
    if (numbered !== records.length) throw new Error('records were given places by somebody else')
    const written = await putTiles(tx, appended.changed)
    if (written !== appended.changed.length) throw new TreeIsDamaged('there are tiles beyond the end of the tree')
    const size = before + records.length
    const root = rootOfEdge(appended.edge)
    const anchor = await logKeeper.anchor()
    const unlike = await whyUnlikeAnchor(treeOf(tx), before, anchor)
    if (unlike !== null) throw new UnlikeAnchor(unlike)
    const proof = await treeOf(tx).consistency(anchor.size, size)
    const note = await logKeeper.sign(checkpointText({ origin, size, root }), proof)
    faultPoint('checkpoint-signed')
    const madeMs = clock.now()
    await insertCheckpoint(tx, { size, root, note, madeMs })
    await noteLogKey(tx, await signerOf(logKeeper, note), size)
    if (isFirstOfMinute(madeMs, latest?.madeMs ?? 0)) await forgetCheckpoints(tx, madeMs - checkpointKeptMs, size)
    return records.length
  })
}

/** True when a checkpoint is the first of its minute. */
const isFirstOfMinute = (madeMs: number, beforeMs: number): boolean =>
  Math.floor(madeMs / forgetEveryMs) !== Math.floor(beforeMs / forgetEveryMs)

async function signerOf(logKeeper: LogKeeper, note: string): Promise<string> {
  const read = readNote(note)
  const signer = (await logKeeper.verifiers()).find((text) => read !== null && signedAt(read, readVerifier(text)!) !== null)
  if (signer === undefined) throw new Error('a checkpoint that no key of the log signed')
  return signer
}

/** Keeps the latest checkpoint as the anchor; returns its size. It must be committed: an anchor ahead of the tree would look like a roll-back. */
export async function keepAnchor({ database, logKeeper }: SequencerParts, anchored: number): Promise<number> {
  const tree = treeOf(database)
  const latest = await tree.latest()
  if (latest === null || latest.size <= anchored) return anchored
  const { size } = await logKeeper.anchor()
  await logKeeper.keepAnchor(latest.note, await tree.consistency(size, latest.size))
  return latest.size
}

/** Sequences until stopped, four times a second; holds the mail when the tree is damaged, or does not extend the anchor. `stop` ends with a last pass and the anchor. */
export function startSequencer(parts: SequencerParts & { standing: Standing; log: Log }): { stop(): Promise<void> } {
  const { standing, log, clock } = parts
  let stopped = false
  let anchored = 0
  let anchoredAt = Number.NEGATIVE_INFINITY
  let wake = () => {}

  async function pass(last: boolean): Promise<void> {
    if ((await standing.why()) !== null) return
    while ((await sequence(parts)) === maxSequencedAtOnce);
    if (!last && clock.monotonic() - anchoredAt < anchorEveryMs) return
    anchoredAt = clock.monotonic()
    anchored = await keepAnchor(parts, anchored)
  }
  async function passOrHold(last: boolean): Promise<void> {
    try {
      await pass(last)
    } catch (fault) {
      log.error({ fault: describeFault(fault) }, 'the sequencer failed; it tries again')
      const why =
        fault instanceof TreeIsDamaged
          ? `The tree of the record is damaged: ${fault.message}`
          : fault instanceof UnlikeAnchor
            ? fault.message
            : null
      if (why !== null) await standing.hold(why).catch(() => {})
    }
  }
  const running = (async () => {
    while (!stopped) {
      await passOrHold(false)
      if (stopped) break
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, sequenceEveryMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    await passOrHold(true)
  })()
  return {
    async stop() {
      stopped = true
      wake()
      await running
    },
  }
}
