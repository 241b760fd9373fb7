// Guidance on classification: what the page says of every level of the schemes that are shipped, and of an operator's own. G05
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readScheme, shippedSchemes } from '#policy/schemes.ts'
import { schemeShown } from '#web/help/markings.ts'
import { testService } from '#test/support/service.ts'
import { webVisitor } from '#test/support/web.ts'

test('every level has its guidance, in the order of the scheme, and what is above the ceiling says no more than that (G05)', () => {
  for (const scheme of shippedSchemes) {
    const { levels } = schemeShown(scheme)
    assert.deepEqual(
      levels.filter(({ when }) => when === null),
      [],
      scheme.id,
    )
    assert.equal(new Set(levels.map(({ name }) => name)).size, levels.length)
    for (const { name, isAbove, handling } of levels) {
      assert.equal(isAbove, scheme.levels.find((one) => one.name === name)?.aboveCeiling ?? false, name)
      assert.equal(handling === null, isAbove, name)
    }
  }
  assert.deepEqual(
    schemeShown(shippedSchemes[0]!).levels.map(({ name }) => name),
    ['NOT PROTECTIVELY MARKED', 'PROTECT', 'RESTRICTED', 'PRIVATE', 'CONFIDENTIAL', 'SECRET', 'TOP SECRET'],
  )
})

test('a scheme without guidance is shown with what it has, and nobody is told how to handle what is never sent (G05, G07)', () => {
  const own = readScheme({
    id: 'CO',
    title: 'Co',
    levels: [
      { name: 'BLACK', rank: 40, aboveCeiling: true },
      { name: 'RED', rank: 10 },
    ],
    handling: [
      { name: 'RED', sentence: 'Keep it.' },
      { name: 'BLACK', sentence: 'Burn it.' },
    ],
  })
  assert.deepEqual(schemeShown(own), {
    title: 'Co',
    levels: [
      { name: 'RED', when: null, handling: 'Keep it.', isAbove: false },
      { name: 'BLACK', when: null, handling: null, isAbove: true },
    ],
    descriptors: [],
    caveats: [],
  })
})

test('everybody can read which marking to choose, and the form for writing leads there (G05)', async () => {
  const service = await testService()
  const page = await service.faces.web.app.inject({
    method: 'GET',
    url: '/help/markings',
    headers: { host: 'webmail.cjsm.test' },
  })
  assert.equal(page.statusCode, 200)
  for (const { guidance } of shippedSchemes)
    for (const sentence of guidance.values()) assert.ok(page.body.includes(sentence.replaceAll("'", '&#39;')), sentence)
  assert.equal(page.body.match(/Never sent here/g)?.length, 5)
  const writer = webVisitor(service.faces.web.app)
  await writer.signIn(service.person('solicitor'))
  assert.match((await writer.get('/write')).body, /href="\/help\/markings"/)
})
