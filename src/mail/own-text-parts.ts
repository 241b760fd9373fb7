// Which parts of a message are what its writer wrote: what the rules read. G04, G05
import type { Part } from '#mail/part.ts'

export const textsRead = 4

/** The parts that are the message's own text: not attachments, not in a nested message; the first of each kind in the first few. */
export function ownTextParts(root: Part): Part[] {
  const found: Part[] = []
  const walk = (part: Part): void => {
    if (found.length === textsRead) return
    if (part.type === 'multipart') for (const child of part.parts) walk(child)
    else if (part.type === 'text' && part.disposition?.type.toLowerCase() !== 'attachment') found.push(part)
  }
  walk(root)
  return found
}
