// A signature block with enough to reach the sender ends every message of a person, and their organisation's statement where its marking calls for it. G12, G13
import { originalStart } from '#policy/banner-lines.ts'
import type { SubmissionFacts } from '#policy/facts.ts'
import type { UnscannableChoice } from '#policy/looked-into.ts'
import { closingLines, closingWindowCharacters, maxContactLineCharacters, maxContactWords } from '#policy/limits.ts'
import { assertedMarking, floorOf } from '#policy/protection.ts'
import { allowed, refuse, type Verdict, type Warning, warn } from '#policy/verdict.ts'

/** `cannot-be-added` where the block is missing and nothing may be altered: signed, encrypted, or without a text of its own. */
export type BlockStanding = 'present' | 'missing' | 'cannot-be-added' | 'exempt'

/** What an organisation words and chooses for itself. */
export interface Wording {
  /** Its confidentiality statement, one line a paragraph; null where it has none. */
  readonly statement: string | null
  /** Whether the statement goes with whatever bears a marking, or with all that is not NOT PROTECTIVELY MARKED. */
  readonly statementFor: 'marked' | 'protected'
  /** What becomes of mail without a block that must not be altered. */
  readonly unsigned: 'warn' | 'refuse'
  /** What becomes of a message of theirs that cannot be looked into whole (T19). */
  readonly unscannable: UnscannableChoice
}

/** Of an organisation that chose nothing. */
export const noWording: Wording = { statement: null, statementFor: 'marked', unsigned: 'warn', unscannable: 'refuse' }

const between = String.raw`[\s.)\p{Pd}]{0,3}\(?`
const label = String.raw`(?:tel|telephone|phone|ph|mob|mobile|landline|switchboard|ddi|direct(?: dial| line)?|[tmpd](?=[.:]))[.:\s]{0,4}`
const date = String.raw`\d\d?[.\p{Pd}]\d\d?[.\p{Pd}]\d{4}(?!\d)`
/**
 * Numbers as people write them: from abroad, in the British form of 10 or 11 digits whose code stands together, or behind a label;
 * and an extension behind its switchboard's. None has a slash in it, as dates and references have.
 */
const telephones = [
  String.raw`(?:(?<!\d)\+[1-9]|(?<![\p{L}\d])0044)(?:${between}\d){7,14}(?!\d)`,
  String.raw`(?<![\p{L}\d/]|\d[.\p{Pd}])0[1-9]\d(?:${between}\d){7,8}(?!\d)`,
  String.raw`(?<!\p{L})${label}(?!${date})\(?\d(?:${between}\d){4,14}(?![\d/]|\.\d)`,
  String.raw`(?<![\p{L}\d/])\d{3,6},?\s{0,3}ext(?:ension|n)?[.:]?\s{0,3}\d{2,8}(?![\d/])`,
].map((form) => new RegExp(form, 'iu'))
const email = /[^\s@<>()"',;:]{1,64}@[a-z0-9.-]{3,253}/i

/**
 * Whether the writer's own closing lines give a telephone number or an e-mail address. `own` are the address keys of the sender,
 * which count also below an original: that is where the service puts a block.
 */
export function bearsBlock(text: string, own: readonly string[], isAnswer: boolean): boolean {
  const last = text.slice(-closingWindowCharacters)
  if (!/[@\d]/.test(last) && !isAnswer) return false
  const closing = linesOf(last)
  if (closing.some((line) => isOwnAddress(line, own))) return true
  return (isAnswer ? linesOf(text.slice(0, originalStart(text))) : closing).some(isContact)
}

/** The last lines that are neither blank nor quoted, nor say whose words are. */
function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('>') && !line.endsWith('wrote:'))
    .slice(-closingLines)
}

/** Alone in its line: beside a name it may be a field of the original. */
function isOwnAddress(line: string, own: readonly string[]): boolean {
  return line.includes('@') && line.length <= maxContactLineCharacters && own.includes(line.toLowerCase())
}

/** A line of contact details, and no sentence that mentions somebody's number. */
function isContact(line: string): boolean {
  if (line.length > maxContactLineCharacters || !/[@\d]/.test(line)) return false
  const found = [...telephones, email].map((form) => form.exec(line)?.[0]).find((match) => match !== undefined)
  if (found === undefined) return false
  const rest = line.replace(found, ' ').match(/\p{L}[\p{L}'’-]*/gu) ?? []
  return rest.length <= maxContactWords
}

/** Whether a text holds an organisation's statement already, however it is wrapped. */
export function bearsStatement(text: string, statement: string): boolean {
  return flat(text).includes(flat(statement))
}

const flat = (text: string) =>
  text
    .replace(/[\s>]+/g, ' ')
    .trim()
    .toLowerCase()

/** G12: what must not be altered bears its sender's block, where their organisation asks for that. */
export function unalterableMailBearsItsBlock({ block, wording }: SubmissionFacts): Verdict {
  if (block !== 'cannot-be-added' || wording.unsigned !== 'refuse') return allowed
  return refuse('G12', 'signature-block-is-missing', missing, remedy)
}

/** G12: tells a sender whose message went without a block, since it must not be altered. */
export function blockCouldNotBeAdded({ block, wording }: SubmissionFacts): Warning | null {
  if (block !== 'cannot-be-added' || wording.unsigned !== 'warn') return null
  return warn('G12', 'signature-block-is-missing', missing, remedy)
}

const missing = 'the message does not end with a telephone number or e-mail address of its sender, and cannot be given one'
const remedy = 'Let your mail program add your signature block before it signs or encrypts.'

/** G13: the statement that goes with the message, or null: its marking does not call for one, or the organisation has none. */
export function statementToAdd(facts: SubmissionFacts): string | null {
  const { statement, statementFor } = facts.wording
  if (statement === null || facts.block === 'exempt' || facts.block === 'cannot-be-added') return null
  if (floorOf(facts) === 'not-protectively-marked') return null
  return statementFor === 'protected' || assertedMarking(facts) !== null ? statement : null
}
