// Finds the copies that a search key names: first by what the view knows, then by summaries in one pass, last by content. RFC
// 3501 §6.4.4.
import { unreachable } from '#base/faults.ts'
import { ahead, readRange } from '#imap/fetch/blocks.ts'
import { Facts } from '#imap/search/facts.ts'
import { folded, type Key } from '#imap/search/keys.ts'
import { lowerBound, type SequenceSet, star } from '#imap/sequence-set.ts'
import type { Session } from '#imap/session.ts'
import { Slice } from '#imap/slice.ts'
import type { View } from '#imap/view.ts'
import { fieldsNamed, fieldText, parseHeader } from '#mail/header.ts'
import { decodeWords } from '#mail/words.ts'

type Cost = 'view' | 'summary' | 'content'
type Test = (uid: number, facts: Facts | null) => boolean

const headersAhead = 8
const maxHeaderOctets = 1_048_576

/** Which of `uids` (ascending) the key names, in ascending order. */
export async function evaluate(session: Session, key: Key, uids: number[]): Promise<number[]> {
  const cost = costOf(key)
  if (cost === 'view') return byView(session, testOf(key, session.selected.view), uids)
  if (cost === 'summary') return bySummary(session, testOf(key, session.selected.view), uids)
  if (uids.length === 0) return uids
  switch (key.kind) {
    case 'and':
      return conjunction(session, key.keys, uids)
    case 'or':
      return disjunction(session, key.keys, uids)
    case 'not':
      return without(uids, await evaluate(session, key.key, uids))
    case 'text':
      return [...(await session.doors.searchText(session.who, session.selected.mailboxId, uids, key.search))].sort(
        (a, b) => a - b,
      )
    case 'field':
      return byField(session, key, uids)
    default:
      throw new Error('a key without content costs no content')
  }
}

async function conjunction(session: Session, keys: readonly Key[], uids: number[]): Promise<number[]> {
  const costing = (cost: Cost) => keys.filter((key) => costOf(key) === cost)
  // The cheap keys first, those of one cost together: one pass over the summaries answers all that need them.
  const steps: Key[] = [{ kind: 'and', keys: costing('view') }, { kind: 'and', keys: costing('summary') }, ...costing('content')]
  let left = uids
  for (const step of steps) {
    if (step.kind !== 'and' || step.keys.length > 0) left = await evaluate(session, step, left)
  }
  return left
}

async function disjunction(session: Session, keys: readonly Key[], uids: number[]): Promise<number[]> {
  const named = new Set<number>()
  let left = uids
  for (const key of keys) {
    const found = await evaluate(session, key, left)
    for (const uid of found) named.add(uid)
    left = without(left, found)
  }
  return uids.filter((uid) => named.has(uid))
}

function without(uids: number[], taken: readonly number[]): number[] {
  const gone = new Set(taken)
  return uids.filter((uid) => !gone.has(uid))
}

function costOf(key: Key): Cost {
  switch (key.kind) {
    case 'all':
    case 'set':
    case 'flag':
      return 'view'
    case 'summary':
      return 'summary'
    case 'field':
    case 'text':
      return 'content'
    case 'not':
      return costOf(key.key)
    case 'and':
    case 'or': {
      const costs = key.keys.map(costOf)
      return costs.find((cost) => cost === 'content') ?? costs.find((cost) => cost === 'summary') ?? 'view'
    }
    default:
      return unreachable(key)
  }
}

/** A key that needs no content as a test of one copy. */
function testOf(key: Key, view: View): Test {
  switch (key.kind) {
    case 'all':
      return () => true
    case 'set':
      return setTest(key.set, key.byUid, view)
    case 'flag':
      return (uid) => view.flags(uid).some((flag) => flag.toUpperCase() === key.flag)
    case 'summary':
      return (_, facts) => facts !== null && key.matches(facts)
    case 'not': {
      const test = testOf(key.key, view)
      return (uid, facts) => !test(uid, facts)
    }
    case 'and': {
      const tests = key.keys.map((inner) => testOf(inner, view))
      return (uid, facts) => tests.every((test) => test(uid, facts))
    }
    case 'or': {
      const tests = key.keys.map((inner) => testOf(inner, view))
      return (uid, facts) => tests.some((test) => test(uid, facts))
    }
    default:
      throw new Error('content is not tested copy by copy')
  }
}

function setTest(set: SequenceSet, byUid: boolean, view: View): Test {
  const last = byUid ? (view.uids.at(-1) ?? 0) : view.uids.length
  const ranges = set
    .map((range) => range.map((number) => (number === star ? last : number)))
    .map((range) => ({ from: Math.min(...range), to: Math.max(...range) }))
    .sort((a, b) => a.from - b.from)
  const starts: number[] = []
  const ends: number[] = []
  for (const { from, to } of ranges) {
    if (starts.length > 0 && from <= ends.at(-1)! + 1) ends[ends.length - 1] = Math.max(ends.at(-1)!, to)
    else {
      starts.push(from)
      ends.push(to)
    }
  }
  return (uid) => {
    const number = byUid ? uid : view.sequenceNumber(uid)
    return number >= (starts[lowerBound(ends, number)] ?? Number.POSITIVE_INFINITY)
  }
}

async function byView(session: Session, test: Test, uids: number[]): Promise<number[]> {
  const slice = new Slice(session.limits.sliceMs)
  const found: number[] = []
  for (const uid of uids) {
    if (test(uid, null)) found.push(uid)
    const wait = slice.step()
    if (wait !== null) await wait
  }
  return found
}

async function bySummary(session: Session, test: Test, uids: number[]): Promise<number[]> {
  if (uids.length === 0) return uids
  const slice = new Slice(session.limits.sliceMs)
  const found: number[] = []
  for await (const summary of session.doors.fetchSummaries(session.who, session.selected.mailboxId, uids)) {
    if (test(summary.uid, new Facts(summary))) found.push(summary.uid)
    const wait = slice.step()
    if (wait !== null) await wait
  }
  return found.sort((a, b) => a - b)
}

/** By a field that no summary holds: the headers are read, which is a hand-over like any other. */
async function byField(session: Session, key: Key & { kind: 'field' }, uids: number[]): Promise<number[]> {
  const { who, doors, selected } = session
  const opened = await doors.open(who, selected.mailboxId, uids)
  const start = async ({ uid, structure }: { uid: number; structure: { bodyStart: number } }) => {
    const content = await opened.content(uid)
    if (content === null) return null
    const header = parseHeader(await readRange(content, { from: 0, to: Math.min(structure.bodyStart, maxHeaderOctets) }))
    const holds = fieldsNamed(header, key.fieldName).some((field) => folded(decodeWords(fieldText(field))).includes(key.text))
    return holds ? uid : null
  }
  const found: number[] = []
  for await (const uid of ahead(doors.fetchSummaries(who, selected.mailboxId, uids), headersAhead, start)) {
    if (uid !== null) found.push(uid)
  }
  return found.sort((a, b) => a - b)
}
