// What a rule answers: allowed, or a refusal with its clause, the fact that matched and the remedy. G01–G07.
import { type Refused, refused } from '#base/faults.ts'
import { maxAboutCharacters, maxContactCharacters } from '#policy/limits.ts'

export type Verdict = Allowed | Refused
/** What a rule about the whole message may say besides. */
export type MessageVerdict = Verdict | Held

/** Nobody gets the message until a person of the Helpdesk has decided. */
export type Held = Omit<Refused, 'kind'> & { readonly kind: 'held' }

export interface Allowed {
  readonly kind: 'allowed'
}

export const allowed: Allowed = { kind: 'allowed' }

export interface RecipientVerdict {
  readonly address: string
  readonly verdict: Verdict
}

/** Something that the sender is told and that stops nothing. */
export interface Warning {
  readonly kind: 'warning'
  readonly clause: string
  readonly reason: string
  readonly about: string
  readonly remedy: string
}

/** A refusal whose `about` is safe to show: one line of at most 160 characters. */
export function refuse(clause: string, reason: string, about: string, remedy: string): Refused {
  return refused(clause, reason, shown(about), remedy)
}

/** A hold whose `about` is safe to show: one line of at most 160 characters. */
export function hold(clause: string, reason: string, about: string, remedy: string): Held {
  return { kind: 'held', clause, reason, about: shown(about), remedy }
}

/** A warning whose `about` is safe to show: one line of at most 160 characters. */
export function warn(clause: string, reason: string, about: string, remedy: string): Warning {
  return { kind: 'warning', clause, reason, about: shown(about), remedy }
}

/** The verdict with the Helpdesk's contact at the end of its remedy; as it was where it is allowed or there is no contact. */
export function withContact<V extends MessageVerdict>(verdict: V, helpdesk: string | undefined): V {
  if (verdict.kind === 'allowed' || helpdesk === undefined || helpdesk === '') return verdict
  return { ...verdict, remedy: `${verdict.remedy} Helpdesk: ${cut(helpdesk, maxContactCharacters)}` }
}

/**
 * A stranger's text as one short line: control, bidirectional and line characters become spaces, so that it cannot break a reply
 * or a page.
 */
function shown(text: string): string {
  const plain = text.slice(0, maxAboutCharacters * 2).replace(/[\p{C}\p{Zl}\p{Zp}\p{Zs}]/gu, ' ')
  return cut(plain.trim(), maxAboutCharacters)
}

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1).toWellFormed()}…`
}
