// Whether a message may be opened now, given what its sender asked for: asked by every page that shows anything of it, or takes it over. G09
import type { Refused } from '#base/faults.ts'
import { keyOf } from '#community/standing.ts'
import type { CopySummary } from '#mailbox/summaries.ts'
import { stoppedRefusal } from '#policy/ceiling.ts'
import { accessRefusal, keptHandling, passingOnRefusal } from '#policy/handling-asked.ts'

/** What one wants to do with it; what is passed on is read for it. */
export type Wanted = 'reading' | 'download' | 'passing-on'

/** Whether a copy is of what one wrote oneself; `mayUse` are the keys of one's addresses. */
export function isByOneself({ envelope }: Pick<CopySummary, 'envelope'>, mayUse: readonly string[]): boolean {
  return envelope.from.some(({ mailbox, host }) => mayUse.includes(keyOf(`${mailbox}@${host}`) ?? ''))
}

/** Why the message may not be opened for that, or null. */
export function openingRefusal(copy: CopySummary, mayUse: readonly string[], nowMs: number, wants: Wanted): Refused | null {
  if (copy.isSealed === true) return stoppedRefusal('sealed')
  // What was carried from another's message binds also who wrote this one.
  const isSender = copy.askedBy === undefined ? isByOneself(copy, mayUse) : copy.askedBy.some((key) => mayUse.includes(key))
  const asked = keptHandling(copy.handling)
  const ended = accessRefusal(asked, { isSender, nowMs, wants: wants === 'download' ? 'download' : 'reading' })
  return ended ?? (wants === 'passing-on' ? passingOnRefusal(asked, isSender) : null)
}
