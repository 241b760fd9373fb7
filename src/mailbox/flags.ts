// Flags of copies: their form, and STORE. RFC 3501 §2.3.2 and §6.4.6, RFC 7162 §3.1, RFC 5788 (keywords are the same in any case).
import { BadCommand, type Refused, refused } from '#base/faults.ts'
import { copyFlags, writeFlags } from '#mailbox/flags.sql.ts'
import { maxFlagOctets, maxKeywords } from '#mailbox/limits.ts'
import { lockMailboxes } from '#mailbox/mailboxes.sql.ts'
import type { Means, Reader } from '#mailbox/means.ts'

/** A copy's place and flags. */
export interface CopyEntry {
  readonly uid: number
  readonly flags: readonly string[]
  readonly modseq: bigint
}

export interface FlagChange {
  readonly mode: 'add' | 'remove' | 'replace'
  readonly flags: readonly string[]
}

const systemFlags = new Map(
  ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft'].map((flag) => [flag.toLowerCase(), flag]),
)
// An atom of RFC 3501 §9: flags are stored joined by spaces.
const keywordForm = /^[^\x00-\x20\x7f-\u{10ffff}(){%*"\\\]]+$/u

/** Flags as they are stored: system flags in their canonical case, keywords as given, none twice, never \Recent; throws BadCommand. */
export function canonicalFlags(flags: readonly string[]): string[] {
  const canonical = new Map<string, string>()
  for (const flag of flags) {
    const key = flag.toLowerCase()
    if (key === '\\recent' || canonical.has(key)) continue
    if (flag.length > maxFlagOctets) throw new BadCommand(`A flag is at most ${maxFlagOctets} octets long`)
    const known = systemFlags.get(key)
    if (known === undefined && !keywordForm.test(flag)) throw new BadCommand('A flag is neither a system flag nor a keyword')
    canonical.set(key, known ?? flag)
  }
  const kept = [...canonical.values()]
  if (hasTooManyKeywords(kept)) throw new BadCommand(`A message has at most ${maxKeywords} keywords`)
  return kept
}

function hasTooManyKeywords(flags: readonly string[]): boolean {
  return flags.length > maxKeywords && flags.filter((flag) => !flag.startsWith('\\')).length > maxKeywords
}

const tooManyKeywords = refused(
  'G20',
  'too-many-keywords',
  `a message would have more than ${maxKeywords} keywords`,
  'Take away some that are no longer needed.',
)

/** A copy's flags after a change. */
function changed(flags: readonly string[], change: FlagChange): readonly string[] {
  const named = new Set(change.flags.map((flag) => flag.toLowerCase()))
  const kept = flags.filter((flag) => named.has(flag.toLowerCase()) === (change.mode === 'replace') || change.mode === 'add')
  if (change.mode === 'remove') return kept
  const there = new Set(kept.map((flag) => flag.toLowerCase()))
  return [...kept, ...change.flags.filter((flag) => !there.has(flag.toLowerCase()))]
}

/** Splits flags that were read joined by spaces, giving one array for each spelling: most copies of a mailbox share a few. */
export function flagReader(): (joined: string) => readonly string[] {
  const known = new Map<string, readonly string[]>()
  return (joined) => {
    const found = known.get(joined)
    if (found !== undefined) return found
    const flags = joined === '' ? [] : joined.split(' ')
    known.set(joined, flags)
    return flags
  }
}

/**
 * Changes flags, all at one new modseq, and returns every named copy as it is afterwards; one that needed no change keeps its modseq.
 * Refuses, with nothing changed, where a copy would have too many keywords; system flags are never refused.
 */
export async function storeFlags(
  means: Means,
  who: Reader,
  mailbox: string,
  uids: readonly number[],
  change: FlagChange,
): Promise<readonly CopyEntry[] | Refused> {
  const wanted: FlagChange = { mode: change.mode, flags: canonicalFlags(change.flags) }
  const stored = await means.database.transaction(async (tx) => {
    const [place] = await lockMailboxes(tx, who.holder, [mailbox])
    if (place === undefined) return { entries: [], isChanged: false }
    const rows = await copyFlags(tx, place, uids)
    const after = afterChange(rows, wanted)
    if (after === null) return tooManyKeywords
    if (after.size === 0) return { entries: entriesOf(rows, after, 0), isChanged: false }
    const modseq = await writeFlags(tx, place, [...after.keys()], [...after.values()])
    return { entries: entriesOf(rows, after, modseq), isChanged: true }
  })
  if ('kind' in stored) return stored
  if (stored.isChanged) means.watcher.announce([{ holder: who.holder, mailbox }])
  return stored.entries
}

type FlagsRow = { readonly uid: number; readonly modseq: number; readonly flags: string }

/** The new flags, joined, of those copies that the change makes different, or null where one would have too many; each spelling is changed once. */
function afterChange(rows: readonly FlagsRow[], change: FlagChange): Map<number, string> | null {
  const read = flagReader()
  const results = new Map<string, string | null>()
  const after = new Map<number, string>()
  for (const { uid, flags } of rows) {
    let result = results.get(flags)
    if (result === undefined) {
      const before = read(flags)
      const now = changed(before, change)
      if (hasTooManyKeywords(now)) return null
      const same = now.length === before.length && now.every((flag) => before.includes(flag))
      result = same ? null : now.join(' ')
      results.set(flags, result)
    }
    if (result !== null) after.set(uid, result)
  }
  return after
}

function entriesOf(rows: readonly FlagsRow[], after: ReadonlyMap<number, string>, modseq: number): CopyEntry[] {
  const read = flagReader()
  return rows.map((row) => {
    const flags = after.get(row.uid)
    return flags === undefined
      ? { uid: row.uid, flags: read(row.flags), modseq: BigInt(row.modseq) }
      : { uid: row.uid, flags: read(flags), modseq: BigInt(modseq) }
  })
}
