// The rulebook of this version, for the command and for everybody's page: the register stands in docs/, beside the source. T24
import { readFileSync } from 'node:fs'
import type { Options } from '#cli/command.ts'
import { type ClauseShown, type RuleShown, rulebook } from '#policy/rulebook.ts'

const register = new URL('../../docs/clauses.md', import.meta.url)

/** Reads the register and makes the rulebook of it. */
export function readRulebook(): ClauseShown[] {
  return rulebook(readFileSync(register, 'utf8'))
}

/** Prints the rulebook, as text or as JSON. */
export function printRulebook(options: Options, print: (text: string) => void): number {
  const clauses = readRulebook()
  print(options.flags.has('json') ? JSON.stringify(clauses, null, 2) : clauses.map(clauseText).join('\n\n'))
  return 0
}

const kindWords: Readonly<Record<RuleShown['kind'], string>> = {
  refusal: 'refused',
  hold: 'held',
  warning: 'told',
  line: 'a line is added',
}

function clauseText({ id, what, kept, isWhole, rules }: ClauseShown): string {
  const howFar = kept.includes('not yet') || kept.includes('declared') || isWhole ? '' : ', in part'
  const lines = rules.flatMap(({ when, kind, about, remedy }) => [
    `    ${kindWords[kind]} when ${when}:`,
    `      “[${id}] ${about}. ${remedy}”`,
  ])
  return [`${id}  ${what}`, `    ${kept.join(', ')}${howFar}`, ...lines].join('\n')
}
