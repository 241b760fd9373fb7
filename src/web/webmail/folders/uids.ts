// UIDs in forms and in what undoes them: "3,5-9". Strangers write these too: what is no such list is empty.
import { maxUidsInAct } from '#web/limits.ts'

const largestUid = 0xffff_ffff

/** A single UID as a URL or a form gives it, or null. */
export function uidOf(given: string | null | undefined): number | null {
  const uid = /^[1-9]\d{0,9}$/.test(given ?? '') ? Number(given) : 0
  return uid > 0 && uid <= largestUid ? uid : null
}

/** UIDs, ascending and without repeats, of the fields `uid` and `uids`; no more than maxUidsInAct. */
export function uidsIn(form: URLSearchParams): number[] {
  const found = new Set<number>()
  for (const given of form.getAll('uid')) add(found, uidOf(given))
  for (const piece of (form.get('uids') ?? '').split(',').slice(0, maxUidsInAct)) {
    const [first, last] = piece.split('-')
    const from = uidOf(first)
    const to = last === undefined ? from : uidOf(last)
    if (from === null || to === null) continue
    for (let uid = from; uid <= to && found.size < maxUidsInAct; uid++) found.add(uid)
  }
  return [...found].sort((one, other) => one - other)
}

function add(found: Set<number>, uid: number | null): void {
  if (uid !== null && found.size < maxUidsInAct) found.add(uid)
}

/** Ascending UIDs as `uids` takes them. */
export function uidsText(uids: readonly number[]): string {
  const ranges: string[] = []
  for (let at = 0; at < uids.length; ) {
    let end = at
    while (uids[end + 1] === uids[end]! + 1) end += 1
    ranges.push(end === at ? `${uids[at]}` : `${uids[at]}-${uids[end]}`)
    at = end + 1
  }
  return ranges.join(',')
}
