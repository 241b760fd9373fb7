// Which parts of a message are its writer's own text, where something may be added at the end; what was signed or encrypted has none. G12, RFC 2046 §5.1
import type { Part } from '#mail/part.ts'
import { decodeParameters } from '#mail/words.ts'

/**
 * The parts that end the writer's own text, one for each alternative; empty where there is none that may be altered: in what is
 * signed or encrypted (RFC 1847, RFC 8551), in reports, and in mail of attachments only.
 */
export function ownTextEnds(root: Part): Part[] {
  if (root.type === 'text') return isOwnText(root) ? [root] : []
  if (root.type !== 'multipart') return []
  switch (root.subtype) {
    case 'alternative':
      return root.parts.flatMap(ownTextEnds)
    case 'related':
      return root.parts.slice(0, 1).flatMap(ownTextEnds)
    case 'signed':
    case 'encrypted':
    case 'report':
      return []
    default:
      return lastOwnText(root.parts)
  }
}

/** Some programs write texts between pictures: the last of them ends the message. */
function lastOwnText(parts: readonly Part[]): Part[] {
  for (let at = parts.length - 1; at >= 0; at--) {
    const ends = ownTextEnds(parts[at]!)
    if (ends.length > 0) return ends
  }
  return []
}

function isOwnText(part: Part): boolean {
  if (part.subtype !== 'plain' && part.subtype !== 'html') return false
  if (part.md5 !== null || part.disposition?.type.toLowerCase() === 'attachment') return false
  return !hasFileName(part)
}

/** Whether a part's header gives its file a name, by Content-Disposition or Content-Type. */
export function hasFileName({ parameters, disposition }: Part): boolean {
  return [...parameters, ...(disposition?.parameters ?? [])].some(([name]) => /^(?:file)?name\b/i.test(name))
}

/** The charset that a part declares, or null. */
export function charsetOf(part: Part): string | null {
  return decodeParameters(part.parameters).find(([name]) => name === 'charset')?.[1] ?? null
}
