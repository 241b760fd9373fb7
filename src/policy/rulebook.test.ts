// The rulebook is made of the table and the register, and shows each rule's own words. T00, T24, G04.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { messageRules, recipientRules, warningRules } from '#policy/decide.ts'
import { needToKnowRules } from '#policy/need-to-know.ts'
import { messageExamples, needToKnowExamples, recipientExamples } from '#policy/rule-examples.ts'
import { rulebook } from '#policy/rulebook.ts'
import { addedLines, ruleVariants } from '#policy/rule-variants.ts'

const register = readFileSync(new URL('../../docs/clauses.md', import.meta.url), 'utf8')

test('every rule refuses its example, citing its own clause, and every warning warns of its own (G04)', () => {
  const wrong: string[] = []
  const verdicts = [
    ...recipientRules.map(
      (rule) => [rule, recipientExamples.has(rule.name) ? rule.judge(recipientExamples.get(rule.name)!) : null] as const,
    ),
    ...messageRules.map(
      (rule) => [rule, messageExamples.has(rule.name) ? rule.judge(messageExamples.get(rule.name)!) : null] as const,
    ),
  ]
  for (const [rule, verdict] of verdicts) {
    if (verdict?.kind !== 'refused') wrong.push(`${rule.name} has no example that it refuses`)
    else if (verdict.clause !== rule.clause) wrong.push(`${rule.name} cites ${verdict.clause}, its row ${rule.clause}`)
  }
  for (const rule of warningRules) {
    const example = messageExamples.get(rule.name)
    if (example === undefined || rule(example) === null) wrong.push(`${rule.name} has no example that it warns of`)
  }
  for (const rule of needToKnowRules) {
    const example = needToKnowExamples.get(rule.name)?.[1]
    if (example === undefined || rule(example) === null) wrong.push(`${rule.name} has no example that it warns of`)
  }
  assert.deepEqual(wrong, [])
})

test('the rulebook has every clause of both documents, with how it is kept and by which rules (T24)', () => {
  const clauses = rulebook(register)
  assert.deepEqual([clauses.length, clauses[0]!.id, clauses.at(-1)!.id], [46, 'G01', 'T24'])
  assert.ok(clauses.every(({ kept }) => kept.length > 0))
  const rules = clauses.flatMap((clause) => clause.rules)
  const tables = [recipientRules, messageRules, warningRules, needToKnowRules, ruleVariants, addedLines]
  assert.equal(rules.length, tables.reduce((sum, { length }) => sum + length, 0) + 1)
  assert.deepEqual(
    rules.filter(({ when, about, remedy }) => when === '' || about === '' || remedy === ''),
    [],
  )
  assert.ok(rules.every(({ about }) => !/\b1 [a-z]+s\b/.test(about)))
  assert.ok(clauses.every(({ what }) => !/[*`]/.test(what)))
  const ceiling = clauses.find(({ id }) => id === 'G05')!
  assert.ok(ceiling.kept.includes('enforced'))
  assert.equal(ceiling.rules[0]!.when, 'it is marked above RESTRICTED')
  assert.equal(ceiling.rules[0]!.about, 'subject: SECRET')
  assert.ok(clauses.find(({ id }) => id === 'G14')!.kept.includes('evidenced'))
  assert.deepEqual(clauses.find(({ id }) => id === 'T18')!.kept, ['declared'])
  assert.deepEqual(clauses.find(({ id }) => id === 'T24')!.kept, ['not yet'])
})

test('whatever a rule can say stands in the rulebook: each refusal, hold and warning of policy/, with its own clause (T24)', () => {
  const kinds = { refuse: 'refusal', refused: 'refusal', hold: 'hold', warn: 'warning' } as const
  const rows = new Set(rulebook(register).flatMap(({ id, rules }) => rules.map(({ kind, reason }) => `${id} ${kind} ${reason}`)))
  const missing: string[] = []
  const folder = new URL('.', import.meta.url)
  // verdict.ts makes them, and says nothing of its own.
  for (const name of readdirSync(folder).filter((one) => /(?<!\.test)\.ts$/.test(one) && one !== 'verdict.ts')) {
    for (const [call, made = ''] of readFileSync(new URL(name, folder), 'utf8').matchAll(
      /\b(refuse|refused|hold|warn)\([^)]{0,90}/g,
    )) {
      const said = /^\w+\(\s*'([GT]\d\d)',\s*'([a-z-]+)'/.exec(call)
      const row =
        said === null ? `${call} names no clause and reason` : `${said[1]} ${kinds[made as keyof typeof kinds]} ${said[2]}`
      if (!rows.has(row)) missing.push(`${name}: ${row}`)
    }
  }
  assert.deepEqual(missing, [])
})
