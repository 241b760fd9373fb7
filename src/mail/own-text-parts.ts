// Which parts of a message are what its writer wrote: what the rules read. G04, G05
import { hasFileName } from '#mail/own-text.ts'
import type { Part } from '#mail/part.ts'

export const textsRead = 4

/**
 * The parts that are the message's own text: not attachments, not in a nested message; the first of each kind in the first few. A
 * text with a file's name is an attachment, whatever its disposition, but for an alternative of the text and for the first text.
 */
export function ownTextParts(root: Part): Part[] {
  const found: Part[] = []
  const walk = (part: Part, isAlternative: boolean): void => {
    if (found.length === textsRead) return
    if (part.type === 'multipart') {
      const areAlternatives = part.subtype === 'alternative' || (isAlternative && part.subtype === 'related')
      for (const child of part.parts) walk(child, areAlternatives)
    }
    if (part.type === 'text' && part.disposition?.type.toLowerCase() !== 'attachment') {
      if (found.length === 0 || isAlternative || !hasFileName(part)) found.push(part)
    }
  }
  walk(root, false)
  return found
}
