// The marking as a line above the text of each alternative that lacks it, where that alters nothing else. G06
import { type Inspected, type Octets, slice } from '#delivery/inspect.ts'
import type { Edit } from '#mail/append-text.ts'
import { linePrepended, ownTextStarts, startNeeded } from '#mail/prepend-text.ts'
import { covers } from '#policy/carriers.ts'
import type { Marking } from '#policy/marking.ts'
import { readBannerMarkings } from '#policy/read-marking.ts'
import type { Scheme } from '#policy/schemes.ts'
import { bannerLine } from '#policy/written-form.ts'

/** The edits that put a marking above the text; none for signed or encrypted messages, or where it stands already. */
export async function bannerEdits(
  octets: Octets,
  { structure, texts, textParts }: Inspected,
  marking: Marking | null,
  schemes: readonly Scheme[],
): Promise<Edit[]> {
  const line = marking === null ? null : bannerLine(marking, schemes)
  // What is signed or encrypted within its text (RFC 9580 §6.2) is not altered either.
  if (marking === null || line === null || texts.some((text) => text.includes('-----BEGIN PGP '))) return []
  const edits: Edit[] = []
  for (const part of ownTextStarts(structure.root)) {
    const text = texts[textParts.indexOf(part)]
    if (text === undefined) continue
    if (readBannerMarkings(text, schemes).some((read) => !read.inherited && covers(read.marking, marking))) continue
    const start = await slice(octets, part.bodyStart, Math.min(part.bodyEnd, part.bodyStart + startNeeded))
    const edit = linePrepended(part, start, line)
    if (edit !== null) edits.push(edit)
  }
  return edits
}
