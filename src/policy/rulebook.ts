// The rulebook: each clause of the guidelines and the terms, how it is kept, by which rules, and what a sender sees; made of the table
// (decide.ts) and the register (docs/clauses.md), so that it says what is. T00, T24
import { messageRules, recipientRules, warningRules } from '#policy/decide.ts'
import { needToKnowRules } from '#policy/need-to-know.ts'
import { messageExamples, needToKnowExamples, recipientExamples, ruleWords, volumeExample } from '#policy/rule-examples.ts'
import { addedLines, ruleVariants } from '#policy/rule-variants.ts'
import type { MessageVerdict, Warning } from '#policy/verdict.ts'
import { volumeIsNoSpam } from '#policy/volume.ts'

export type Kept = 'enforced' | 'evidenced' | 'declared' | 'not yet'

export interface RuleShown {
  /** When it refuses or warns, in words. */
  readonly when: string
  /** A refusal stops the message, or one recipient; a hold until a person decides; a warning nothing. A line is added for the readers. */
  readonly kind: 'refusal' | 'hold' | 'warning' | 'line'
  /** The slug that goes with it in records; empty for a line. */
  readonly reason: string
  /** What a sender sees, of an example. */
  readonly about: string
  readonly remedy: string
}

export interface ClauseShown {
  readonly id: string
  readonly what: string
  readonly kept: readonly Kept[]
  /** Whether all of it is kept: as the register's status says. */
  readonly isWhole: boolean
  readonly rules: readonly RuleShown[]
}

/** The clauses of the register's text, in its order; a row that is none is passed over. */
export function rulebook(register: string): ClauseShown[] {
  const rules = rulesShown()
  return [...register.matchAll(/^\| ([GT]\d\d) \| (.*) \| (\w+) \| ?(.*) \|$/gm)].map((match) => {
    const [, id = '', what = '', status = '', where = ''] = match
    const ofClause = rules.get(id) ?? []
    return {
      id,
      what: what.replaceAll(/[*`]/g, ''),
      kept: keptBy(status, where, ofClause.length > 0),
      isWhole: status === 'done',
      rules: ofClause,
    }
  })
}

function keptBy(status: string, where: string, hasRules: boolean): Kept[] {
  const kept: Kept[] = []
  const isKept = status === 'done' || status === 'part'
  const places = [...where.matchAll(/`([a-z]+)\//g)].map((match) => match[1])
  if (hasRules || (isKept && (places.some((folder) => folder !== 'evidence') || places.length === 0))) kept.push('enforced')
  if (isKept && (places.includes('evidence') || /\brecord(?:s|ed)?\b/.test(where))) kept.push('evidenced')
  if (status === 'declared' || (isKept && /\bdeclared\b/.test(where))) kept.push('declared')
  return kept.length > 0 ? kept : ['not yet']
}

/** What each rule says of its example, by clause. */
function rulesShown(): Map<string, RuleShown[]> {
  const shown = new Map<string, RuleShown[]>()
  const add = (clause: string, rule: RuleShown) => shown.set(clause, [...(shown.get(clause) ?? []), rule])
  const refusals = [
    ...recipientRules.map((rule) => ({ rule, said: ofExample(recipientExamples, rule.name, rule.judge) })),
    ...messageRules.map((rule) => ({ rule, said: ofExample(messageExamples, rule.name, rule.judge) })),
  ]
  for (const { rule, said } of refusals) {
    add(rule.clause, ruleShown(whenOf(rule.name), said))
  }
  for (const rule of needToKnowRules) {
    const [when, facts] = needToKnowExamples.get(rule.name) ?? []
    const said = facts === undefined ? null : rule(facts)
    if (when !== undefined && said !== null) add(said.clause, ruleShown(when, said))
  }
  add('T23', ruleShown('an account sends more than its limits', volumeIsNoSpam(...volumeExample)))
  for (const rule of warningRules) {
    const said = ofExample(messageExamples, rule.name, (facts) => rule(facts))
    if (said != null) add(said.clause, ruleShown(whenOf(rule.name), said))
  }
  for (const [when, said] of ruleVariants) add(said === null || said.kind === 'allowed' ? '' : said.clause, ruleShown(when, said))
  for (const [when, line] of addedLines)
    add('G16', {
      when,
      kind: 'line',
      reason: '',
      about: (line ?? '').replace(/\.$/, ''),
      remedy: 'Say so in your own words, and it is not added.',
    })
  return shown
}

const kindOf = { refused: 'refusal', held: 'hold', warning: 'warning' } as const

/** Empty where an example is not what it should be: the rulebook's test fails then. */
function ruleShown(when: string, said: MessageVerdict | Warning | null): RuleShown {
  if (said === null || said.kind === 'allowed') return { when, kind: 'refusal', reason: '', about: '', remedy: '' }
  const { kind, reason, about, remedy } = said
  return { when, kind: kindOf[kind], reason, about, remedy }
}

function ofExample<F, V>(examples: ReadonlyMap<string, F>, name: string, judge: (facts: F) => V): V | null {
  const example = examples.get(name)
  return example === undefined ? null : judge(example)
}

const whenOf = (name: string) => ruleWords.get(name) ?? ''
