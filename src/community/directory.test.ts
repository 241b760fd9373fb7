// The directory: who is found by what, who is not suggested, and that the indexes serve it. G02, G11, T07
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maxFound, openDirectory } from '#community/directory.ts'
import { theService } from '#keys/epoch.ts'
import { sql } from '#store/sql.ts'
import { testService } from '#test/support/service.ts'

const service = await testService()
const { database, accounts } = service.domains
const directory = openDirectory({ database })
const namesFor = async (typed: string) => (await directory.find(typed)).map((entry) => entry.name).sort()

test('people are found by the beginnings of words of name, organisation and address, with their organisation (G11)', async () => {
  assert.deepEqual(await namesFor('orl'), ['Orla Fenwick'])
  assert.deepEqual(await namesFor('FEN orl'), ['Orla Fenwick'])
  assert.deepEqual(await namesFor('hollis'), ['Daniel Penn', 'Miriam Hollis'])
  assert.deepEqual(await namesFor('orla west'), ['Orla Fenwick'])
  assert.deepEqual(await namesFor('miriam.hollis@hol'), ['Miriam Hollis'])
  assert.deepEqual(await directory.find('adeyemi'), [
    {
      address: 'constance.adeyemi@terncourt.cjsm.test',
      name: 'Constance Adeyemi',
      role: 'barrister',
      organisation: 'Tern Court Chambers',
    },
  ])
  assert.ok((await namesFor('westmarch')).length === 4)
})

test('whatever is typed is only looked for', async () => {
  for (const typed of [
    '',
    'o',
    "o' | x",
    'a & b:*',
    '!!',
    '\0\0\0',
    '\ud800\ud800',
    '%%',
    '__',
    'x'.repeat(10_000),
    "');--",
    '<->',
    'a\\',
  ])
    assert.ok(Array.isArray(await directory.find(typed)), typed)
  assert.deepEqual(await namesFor('o'), [])
})

test('who is suspended or removed is not suggested, and is still known by their address (G02, T07)', async () => {
  const gareth = service.people.find((one) => one.userName === 'gareth.pike')!
  const [account] = await accounts.list({ userName: 'gareth.pike' })
  assert.deepEqual(await namesFor('gareth'), ['Gareth Pike'])
  for (const state of ['suspended', 'removed'] as const) {
    await database.transaction((tx) => accounts.setState(tx, theService, account!.id, state, { clause: 'G02', reason: 'a test' }))
    for (const typed of ['gareth', 'gareth.pike@', 'tern court', 'pike tern'])
      assert.ok(!(await namesFor(typed)).includes('Gareth Pike'))
  }
  const known = await directory.at([gareth.address.toUpperCase(), 'nobody@cjsm.test', 'no address'])
  assert.deepEqual(
    [...known].map(([address, entry]) => [address, entry.name]),
    [[gareth.address.toUpperCase(), 'Gareth Pike']],
  )
})

test('at most ten come back, and each search is served by an index', async () => {
  const [organisation] = await database.rows<{ id: string }>(sql`select id from organisation limit 1`)
  await database.run(sql`
    with made as (
      insert into holder (id, kind, organisation, own_state, quota_octets, created_ms)
      select gen_random_uuid(), 'account', ${organisation!.id}, 'active', 1, 0 from generate_series(1, 5000) returning id
    ), numbered as (select id, row_number() over () as n from made), people as (
      insert into account (id, user_name, name, role, password_hash, password_changed_ms)
      select id, 'many' || n, 'Many ' || chr(97 + (n % 26)::int) || 'x' || n, 'r', 'h', 0 from numbered
    )
    insert into address (address, holder, written, is_primary) select 'many' || n || '@x.test', id, 'many' || n || '@x.test', true from numbered`)
  await database.run(sql`analyze account, address, holder, organisation`)
  assert.equal((await directory.find('many')).length, maxFound)
  assert.equal((await directory.find('many1')).length, maxFound)
  const near = await directory.near(['many17@x.test', 'nobody@x.test'], ['many18', 'many1'])
  assert.deepEqual([...near].sort(), ['many17@x.test', 'many18@x.test', 'many1@x.test'])
  const plan = async (text: string) =>
    (
      await database.rows<{ queryPlan?: string; 'QUERY PLAN'?: string }>({
        name: `plan ${text.length}`,
        text: `explain ${text}`,
        values: [],
      })
    )
      .map((row) => JSON.stringify(row))
      .join('\n')
  assert.match(
    await plan(`select from account where to_tsvector('simple', name) @@ to_tsquery('simple', 'cx17:*')`),
    /account_name_words/,
  )
  assert.match(
    await plan(`select from address where address >= 'many17' and address < 'many18' order by address limit 10`),
    /address_pkey/,
  )
})
