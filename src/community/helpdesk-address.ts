// The Helpdesk's address, as the contact that every refusal gives names it; what comes for the postmaster goes there, too. T00, RFC 5321 §4.5.1
import { type StandingOf, keyOf } from '#community/standing.ts'

/** The key of the first address in a contact; null where it names none. */
export function helpdeskAddress(contact: string): string | null {
  const word = contact.split(/[\s,;:<>()]+/).find((one) => one.includes('@'))
  return word === undefined ? null : keyOf(word.replace(/\.$/, ''))
}

/** What an operator is to know when nobody here has that address, or null. */
export async function helpdeskWarning(standingOf: StandingOf, contact: string): Promise<string | null> {
  const address = helpdeskAddress(contact)
  const standing = address === null ? undefined : (await standingOf([address])).get(address)
  if (standing?.standing === 'member') return null
  return `Mail for the Helpdesk and for postmaster is refused: the setting helpdesk (${contact}) names no mailbox of a member.`
}
