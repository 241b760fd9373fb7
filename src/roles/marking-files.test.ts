// The operator's data files of marking schemes: read from a folder, and what is wrong with one told in a sentence. G06, G07
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { SettingError } from '#config.ts'
import { shippedSet } from '#policy/marking-set.ts'
import { markingSetIn } from '#roles/marking-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'cjsm-markings-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const write = (name: string, text: string) => writeFileSync(join(folder, name), text)

test('a folder’s JSON files are schemes and the mapping table; without a folder there is what is shipped (G06, G07)', () => {
  assert.equal(markingSetIn(''), shippedSet)
  write(
    'chambers.json',
    JSON.stringify({ id: 'CH', title: 'Ours', levels: [{ name: 'PUPILS', rank: 15 }], organisations: ['Ours'] }),
  )
  write('mapping.json', '[{ "from": "CH/PUPILS", "to": "GPMS/PROTECT" }]')
  write('notes.txt', 'nothing')
  const set = markingSetIn(folder)
  assert.deepEqual(
    set.schemesFor('Ours').map(({ id }) => id),
    ['GPMS', 'GSC', 'CH'],
  )
  assert.deepEqual([...set.map.keys()], ['CH/PUPILS'])
})

test('what is wrong with a file is a sentence with its name, and a folder that is not there is one too (G06)', () => {
  write('broken.json', '{')
  assert.throws(
    () => markingSetIn(folder),
    (fault) => fault instanceof SettingError && /^markingsFolder: .*broken\.json is not a file of JSON/.test(fault.message),
  )
  assert.throws(() => markingSetIn(join(folder, 'none')), SettingError)
})
