// The worked example of docs/decisions/0003-the-leaf.md, worked again: a form that is written down must be the form that is stored.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { canonical } from '#evidence/canonical.ts'
import { type Leaf, commitmentCount, commitmentOf, leafOctets, opens } from '#evidence/leaf.ts'

const page = readFileSync(new URL('../../docs/decisions/0003-the-leaf.md', import.meta.url), 'utf8')
const [detailText, salt, leafText] = [...page.matchAll(/^```\w+\n(.*)\n```$/gm)].map((block) => block[1]!) as [
  string,
  string,
  string,
]

test('RFC 8785 the example’s detail and leaf are canonical as they stand on the page', () => {
  assert.equal(canonical(JSON.parse(detailText)), detailText)
  assert.equal(leafOctets(JSON.parse(leafText)).toString(), leafText)
})

test('the example’s salt and detail open the commitment of its leaf, and a changed one does not', () => {
  const leaf = JSON.parse(leafText) as Leaf
  const detail = JSON.parse(detailText)
  assert.ok(leaf.commitments.includes(commitmentOf(Buffer.from(salt, 'base64'), detail)))
  assert.equal(leaf.commitments.length, commitmentCount(leaf.event, 1))
  assert.deepEqual(leaf.commitments, leaf.commitments.toSorted())
  assert.ok(opens(leaf, { salt, detail }))
  assert.ok(!opens(leaf, { salt, detail: { ...detail, outcome: 'refused' } }))
})
