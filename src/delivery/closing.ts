// What ends a message when it is delivered: the sender's signature block and their organisation's statement, in each alternative that lacks them, and what was changed of what it quotes. G12, G13, G16
import type { Wordings } from '#community/wordings.ts'
import { type Edited, applied, withEdits } from '#delivery/edited.ts'
import { type Inspected, type Octets, slice } from '#delivery/inspect.ts'
import { type Edit, endNeeded, linesAppended, takesLines } from '#mail/append-text.ts'
import { fieldText, fieldsNamed, type Header } from '#mail/header.ts'
import { ownTextEnds } from '#mail/own-text.ts'
import type { Part } from '#mail/part.ts'
import type { Automation } from '#policy/automation.ts'
import type { Decision } from '#policy/decide.ts'
import { isReply } from '#policy/find-markings.ts'
import { type BlockStanding, bearsBlock, bearsStatement } from '#policy/signature-block.ts'

/** RFC 3676 §4.3: what follows is a signature; programs leave it out when they quote. */
const delimiter = '-- '

/** Whether a signature block ends the message, and if not, whether it can be added. */
export function blockStanding(inspected: Inspected, mayUse: readonly string[], automation: Automation): BlockStanding {
  if (automation.kind === 'notification') return 'exempt'
  const { header, structure, texts } = inspected
  const isAnswer = answers(header)
  const ends = ownTextEnds(structure.root)
  const bears = (text: string) => bearsBlock(text, mayUse, isAnswer)
  if (ends.length === 0) return texts.some(bears) ? 'present' : 'cannot-be-added'
  const lacking = ends.filter((part) => !bears(textOf(inspected, part) ?? ''))
  if (lacking.length === 0) return 'present'
  return lacking.every((part) => takesLines(part) && textOf(inspected, part) !== null) && !isArmoured(texts)
    ? 'missing'
    : 'cannot-be-added'
}

/** The message with what is to stand at its end, and the edits `above`; the octets and structure themselves where nothing is. */
export async function withClosing(
  wordings: Wordings,
  who: { account: string; mayUse: readonly string[] },
  octets: Octets,
  inspected: Inspected,
  decision: Decision,
  above: readonly Edit[],
): Promise<Edited> {
  const { notice, block, statement } = decision.closing
  const { root } = inspected.structure
  if (notice === null && !block && statement === null) return withEdits(octets, inspected.structure, above)
  const isAnswer = answers(inspected.header)
  let edits = above
  for (const part of ownTextEnds(root)) {
    const text = textOf(inspected, part)
    if (text === null || !takesLines(part)) continue
    const lines: string[] = notice === null ? [] : [notice]
    if (block && !bearsBlock(text, who.mayUse, isAnswer)) lines.push(delimiter, ...(await wordings.blockOf(who.account)))
    if (statement !== null && !bearsStatement(text, statement)) lines.push('', ...statement.split('\n'))
    if (lines.length === 0) continue
    const from = endNeeded(part)
    const body = await slice(octets, from, part.bodyEnd)
    // Base64 is written anew, with what was put above the text in it.
    const within = part.encoding === 'BASE64' ? edits.filter(({ at }) => at >= part.bodyStart && at <= part.bodyEnd) : []
    const edit = linesAppended(part, applied(body, from, within), from, lines)
    if (edit === null) continue
    edits = [...edits.filter((one) => !within.includes(one)), edit]
  }
  return withEdits(octets, inspected.structure, edits)
}

const answers = (header: Header) =>
  isReply(header) ||
  fieldsNamed(header, 'Subject').some((field) => /^\s*(?:re|fwd?|aw|wg)\s*:/i.test(fieldText(field).slice(0, 40)))

function textOf({ textParts, quotingTexts }: Inspected, part: Part): string | null {
  return quotingTexts[textParts.indexOf(part)] ?? null
}

/** Signed or encrypted within its text (RFC 9580 §6.2). */
const isArmoured = (texts: readonly string[]) => texts.some((text) => text.includes('-----BEGIN PGP '))
