// Flowed text. RFC 3676.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unflow } from '#mail/display-flowed.ts'

const table: [name: string, flowed: string, delSp: boolean, text: string][] = [
  ['soft breaks are joined (§4.2)', 'a paragraph \nof three \nlines\nnext', false, 'a paragraph of three lines\nnext'],
  ['the space of a soft break goes with DelSp (§4)', 'zusammen \nge\nx', true, 'zusammenge\nx'],
  ['space-stuffing is undone (§4.4)', ' From here\n >not a quote', false, 'From here\n>not a quote'],
  ['quotes are joined at their depth only (§4.5)', '> a \n> b\n>> c \n> d', false, '> ab\n>> c \n> d'.replace('ab', 'a b')],
  ['a signature’s separator is never flowed (§4.3)', 'text\n-- \nPat', false, 'text\n-- \nPat'],
  ['a last soft line stays', 'open \n', false, 'open '],
]

for (const [name, flowed, delSp, text] of table) test(name, () => assert.equal(unflow(flowed, delSp), text))
