// Writing a message in a real browser: with scripts it saves itself, suggests people by keyboard and attaches in place; without them the same is done by pages. WCAG 2.2 A and AA by axe.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type BrowserContextOptions, type Page, chromium } from 'playwright-core'
import { sql } from '#store/sql.ts'
import { openTestDoors } from '#test/support/acceptance.ts'
import { testService } from '#test/support/service.ts'

const service = await testService()
const doors = await openTestDoors(service)
const [priya, miriam] = [service.person('prosecutor'), service.person('solicitor')]
const origin = `https://localhost:${service.faces.web.https.port}`
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
after(() => browser.close())
const axe = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
const pictures = process.env.CJSM_TEST_PICTURES

async function open(options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  await page.goto(`${origin}/sign-in`)
  await page.fill('#user-name', priya.userName)
  await page.fill('#password', priya.password)
  await page.click('main button[type=submit]')
  await page.waitForURL(/\/mail\//)
  return page
}

/** No finding of WCAG 2.2 A or AA, and no sideways scrolling; a picture where they are asked for. */
async function look(page: Page, name: string): Promise<void> {
  const { width } = page.viewportSize()!
  if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}-${width}.png`), fullPage: true })
  const scrolls = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')
  assert.equal(scrolls, false, `${name} scrolls sideways at ${width}`)
  await page.evaluate(axe)
  const found = (await page.evaluate(
    `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then((result) => result.violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.html).join(' | ').slice(0, 300)))`,
  )) as string[]
  assert.deepEqual(found, [], `${name} at ${width}`)
}

const holder = (await service.domains.accounts.holdersAt([priya.address])).get(priya.address)!.holder
const draftRows = () =>
  service.domains.database.rows<{ version: number }>(sql`select version from draft where holder = ${holder}`)

for (const width of [360, 1280]) {
  test(`with scripts, at ${width} pixels: it saves itself, suggests people by keyboard, attaches in place, and is sent`, async () => {
    const page = await open({ viewport: { width, height: 900 } })
    await page.goto(`${origin}/write`)
    await look(page, 'write')
    await page.locator('#to').pressSequentially('mir', { delay: 20 })
    await page.locator('[role=option]').first().waitFor()
    await look(page, 'write-suggestions')
    await page.keyboard.press('ArrowDown')
    assert.ok(await page.locator('#to').getAttribute('aria-activedescendant'))
    await page.keyboard.press('Enter')
    assert.match(await page.inputValue('#to'), /^Miriam Hollis <miriam\.hollis@hollis-penn\.cjsm\.test>, $/)
    await page.fill('#subject', `exhibit ${width}`)
    await page.fill('#text', 'Dear Miriam')
    await page.locator('#marking').focus()
    await page.getByText('Draft saved.').waitFor()
    assert.match(page.url(), /\/write\/[0-9a-f-]{36}$/)
    assert.equal((await draftRows()).length, 1)
    await page.setInputFiles('#attach', {
      name: 'exhibit.pdf',
      mimeType: 'application/pdf',
      buffer: Buffer.alloc(300_000, '%PDF-1.7 '),
    })
    await page.getByText('exhibit.pdf was attached.').waitFor()
    await page.getByLabel('RESTRICTED', { exact: true }).check()
    await look(page, 'write-filled')
    await page.reload()
    assert.equal(await page.inputValue('#subject'), `exhibit ${width}`)
    await page.getByLabel('RESTRICTED', { exact: true }).check()
    await page.getByRole('button', { name: 'Check and send' }).click()
    await page.getByRole('heading', { name: 'Check before you send' }).waitFor()
    assert.match((await page.locator('main').textContent()) ?? '', /exhibit\.pdf \(300 KB\)/)
    await look(page, 'check')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByRole('heading', { name: 'Sent message' }).waitFor()
    await look(page, 'sent')
    assert.equal((await draftRows()).length, 0)
    assert.equal((await doors.read(miriam)).filter((mail) => mail.includes(`exhibit ${width}`)).length, 1)
    await page.context().close()
  })
}

test('with scripts, two windows: the one that is behind says so, and shows both', async () => {
  const one = await open({ viewport: { width: 1280, height: 900 } })
  await one.goto(`${origin}/write`)
  await one.fill('#text', 'first')
  await one.locator('#subject').focus()
  await one.getByText('Draft saved.').waitFor()
  const two = await one.context().newPage()
  await two.goto(one.url())
  await two.fill('#text', 'from the second window')
  await two.locator('#subject').focus()
  await two.getByText('Draft saved.').waitFor()
  await one.fill('#text', 'from the first window')
  await one.locator('#subject').focus()
  await one.getByText('changed in another window').waitFor()
  await one.getByRole('button', { name: 'Save draft' }).click()
  await one.getByRole('heading', { name: 'changed in another window' }).waitFor()
  await look(one, 'conflict')
  const main = (await one.locator('main').textContent()) ?? ''
  assert.ok(main.includes('from the second window') && main.includes('from the first window'))
  await one.getByRole('link', { name: 'Go on with what was saved' }).click()
  await one.getByRole('link', { name: 'Delete draft' }).click()
  await look(one, 'delete')
  await one.getByRole('button', { name: 'Delete draft' }).click()
  await one.getByText('You have begun no message.').waitFor()
  await one.context().close()
})

test('without scripts, at 360 pixels: people are found, files attached, and refusals mended, by pages alone', async () => {
  const page = await open({ viewport: { width: 360, height: 740 }, javaScriptEnabled: false })
  const goOn = (name: string) => page.getByRole('button', { name, exact: true }).click()
  await page.goto(`${origin}/write`)
  await page.fill('#subject', 'without scripts')
  await page.fill('#text', 'Dear Miriam')
  await page.getByRole('button', { name: 'Find people for To' }).click()
  await page.fill('#q', 'hollis penn mir')
  await goOn('Find')
  await page.getByLabel('Miriam Hollis').check()
  await goOn('Add to To')
  await page.fill('#to', `${await page.inputValue('#to')}, someone@elsewhere.example`)
  await goOn('Attach or remove files')
  await page.setInputFiles('#file', { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('notes') })
  await goOn('Attach')
  await page.getByText('The file was attached.').waitFor()
  await page.getByRole('button', { name: 'Go on writing' }).click()
  await goOn('Check and send')
  assert.match((await page.locator('main').textContent()) ?? '', /Rule G15/)
  await goOn('Remove the person who cannot get it')
  await goOn('Send')
  await page.getByRole('heading', { name: 'Sent message' }).waitFor()
  assert.equal((await doors.read(miriam)).filter((mail) => mail.includes('without scripts')).length, 1)
  await page.context().close()
})

test('every page of writing that a person comes by is looked at by axe, at both widths', async () => {
  for (const width of [360, 1280]) {
    const page = await open({ viewport: { width, height: 900 } })
    await page.goto(`${origin}/write`)
    await page.fill('#to', 'someone@elsewhere.example, not an address')
    await page.fill('#subject', 'x'.repeat(300))
    await page.getByRole('button', { name: 'Check and send' }).click()
    await page.getByRole('heading', { name: 'Check before you send' }).waitFor()
    await look(page, 'check-problems')
    const draft = page.url().replace('/check', '')
    await page.goto(`${draft}/files`)
    await look(page, 'files')
    await page.goto(`${draft}/people?field=to&q=west`)
    await look(page, 'people')
    await page.goto(`${origin}/drafts`)
    await look(page, 'drafts')
    await page.context().close()
  }
})
