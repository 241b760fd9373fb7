// Files that go with a draft from the message that it passes on: all of them, once, however often the form is sent and wherever an earlier try broke off.
import type { Refused } from '#base/faults.ts'
import type { CarriedFile } from '#mailbox/answer.ts'
import type { Draft } from '#mailbox/drafts.ts'
import type { Reader } from '#mailbox/means.ts'
import type { WritingDoors } from '#web/webmail/compose/writing-doors.ts'

type Means = Pick<WritingDoors, 'drafts' | 'uploads'>

/** Adds what is missing of the files that a draft is to carry over: the draft as it is then, a refusal, or null when there is no such draft. */
export async function carryOver(
  means: Means,
  who: Reader,
  id: string,
  files: readonly CarriedFile[],
): Promise<Draft | Refused | null> {
  for (;;) {
    const draft = await means.drafts.read(who, id)
    // A form for something else, under this draft's id, has not what is missing: the draft stays as it is, and is not sent.
    if (draft === null || draft.origin.toCarry !== files.length) return draft
    const refusal = await addMissing(means, who, draft, files)
    if (refusal !== null) return refusal
  }
}

/** Goes on until another window changes the draft, which may be doing the same. */
async function addMissing(
  { drafts, uploads }: Means,
  who: Reader,
  { id, version: seen }: Draft,
  files: readonly CarriedFile[],
): Promise<Refused | null> {
  const there = new Set((await uploads.list(who, id)).map(({ carried }) => carried))
  let version = seen
  for (const [place, file] of files.entries()) {
    if (there.has(place)) continue
    const added = await uploads.carry(who, id, version, { name: file.name, type: file.type, place }, file.content())
    if (added.kind !== 'added') return added.kind === 'refused' ? added : null
    version = added.version
  }
  const noted = await drafts.carried(who, id, version)
  return noted.kind === 'refused' ? noted : null
}
