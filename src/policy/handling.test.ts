// What a reader is told to do with a message, by its marking. G08, G09.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handlingOf } from '#policy/handling.ts'
import { shippedSchemes } from '#policy/schemes.ts'

const table: [written: string | null, title: string | null, floor: 'open' | 'protected', says: RegExp][] = [
  [null, null, 'protected', /Treat it as RESTRICTED/],
  ['RESTRICTED', 'RESTRICTED', 'protected', /do not send it outside the community/],
  ['RESTRICTED - MEDICAL', 'RESTRICTED - MEDICAL', 'protected', /medical facts/],
  ['NOT PROTECTIVELY MARKED', 'NOT PROTECTIVELY MARKED', 'open', /needs no special care/],
  ['NPM', 'NOT PROTECTIVELY MARKED', 'open', /needs no special care/],
  ['PRIVATE', 'PRIVATE', 'protected', /meant for you alone/],
  ['UK EYES ONLY', 'UK EYES ONLY', 'protected', /UK nationals/],
  ['RESTRICTED - J SMITH EYES ONLY', 'RESTRICTED, J SMITH EYES ONLY', 'protected', /people it names/],
  ['OFFICIAL-SENSITIVE', 'OFFICIAL-SENSITIVE', 'protected', /allowed to have it/],
  ['VER=2018.4, NS=cjsm.test, SEC=RESTRICTED, ACCESS=LEGAL', 'RESTRICTED - LEGAL', 'protected', /privileged/],
  ['CONFIDENTIAL', 'CONFIDENTIAL', 'protected', /tell the Helpdesk/],
  ['Chambers sensitive', 'Chambers sensitive', 'protected', /words of their own/],
]

for (const [written, title, floor, says] of table) {
  test(`${written ?? 'no marking'} is shown with what its reader must do (G08)`, () => {
    const handling = handlingOf(written)
    assert.deepEqual([handling.title, handling.floor], [title, floor])
    assert.match(handling.sentences.join(' '), says)
  })
}

test('what an officer released, or a writer means as words of their own, is not told to be above the ceiling (G05, G07, G08)', () => {
  const told = (takenAs: 'own' | 'released' | null) =>
    handlingOf('CONFIDENTIAL - LEGAL', shippedSchemes, takenAs).sentences.join()
  assert.match(told(null), /Stop reading/)
  assert.match(told('released'), /officer of the Helpdesk looked at .* released it as not above RESTRICTED/)
  assert.match(told('own'), /words of their own/)
  assert.match(handlingOf('RESTRICTED', shippedSchemes, 'released').sentences.join(), /outside the community/)
})

test('every level that is carried has a handling requirement, in each scheme (G08)', () => {
  for (const scheme of shippedSchemes) {
    const silent = scheme.levels.filter((level) => !level.aboveCeiling && !scheme.handling.has(level.name))
    assert.deepEqual(silent, [])
  }
})
