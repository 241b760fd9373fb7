// Files that are chosen where a message is written, in a real browser: whoever goes on while one uploads, or after one was refused, sends nothing without it unawares. G20
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { openTestDoors } from '#test/support/acceptance.ts'
import { findingsOf, needsChromium, newPage, scrollsSideways, sharedBrowser, signIn, textOf } from '#test/support/browser.ts'
import { testService } from '#test/support/service.ts'

const service = await testService()
const doors = await openTestDoors(service)
const origin = `https://localhost:${service.faces.web.https.port}`
const [priya, miriam] = [service.person('prosecutor'), service.person('solicitor')]
const browser = sharedBrowser()
const pictures = process.env.CJSM_TEST_PICTURES
const exhibit = { name: 'exhibit.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(1_000_000, '%PDF-1.7 ') }
const film = { name: 'film.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(27_000_000) }

const button = (page: Page, name: string | RegExp) => page.getByRole('main').getByRole('button', { name }).first()
const heading = (page: Page, name: string) => page.getByRole('heading', { name }).first().waitFor()
const says = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor()

/** Goes on from the form by the keyboard: the button takes no second click within a second. */
async function checkAgain(page: Page): Promise<void> {
  await page.press('#subject', 'Enter')
  await heading(page, 'Check before you send')
}

/** Somebody who has begun a message of that subject. */
async function writer(subject: string, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await newPage(await browser(), options)
  await signIn(page, origin, priya)
  await page.goto(`${origin}/write`)
  await page.fill('#to', miriam.address)
  await page.fill('#subject', subject)
  await page.fill('#text', 'Dear Miriam')
  return page
}

/** From now on the page sends so many octets a second. Gives what lets it send as many as it can again. */
async function sendsSlowly(page: Page, octetsPerSecond: number): Promise<() => Promise<unknown>> {
  const devTools = await page.context().newCDPSession(page)
  const send = (uploadThroughput: number) =>
    devTools.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput })
  await send(octetsPerSecond)
  return () => send(-1)
}

/** Nothing is wrong with the page as it stands, at either width; a picture where they are asked for. */
async function look(page: Page, name: string): Promise<void> {
  const viewport = page.viewportSize()!
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 800 })
    assert.equal(await scrollsSideways(page), false, `${name} scrolls sideways at ${width}`)
    assert.deepEqual(await findingsOf(page), [], `${name} at ${width}`)
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}-${width}.png`), fullPage: true })
  }
  await page.setViewportSize(viewport)
}

const arrived = async (subject: string) => (await doors.read(miriam)).filter((mail) => mail.includes(subject))

test(
  '“Check and send” while a file uploads waits for it, says so, and sends the message with it (G20)',
  needsChromium,
  async () => {
    const page = await writer('waits for its file')
    await sendsSlowly(page, 250_000)
    await page.setInputFiles('#attach', exhibit)
    await button(page, 'Check and send').click({ noWaitAfter: true })
    await page.locator('#attaching[role=status]').getByText('Waiting until exhibit.pdf is attached.').waitFor()
    await look(page, 'attaching-waiting')
    await heading(page, 'Check before you send')
    assert.match(await textOf(page), /exhibit\.pdf \(1 MB\)/)
    await button(page, /^Send$/).click()
    await heading(page, 'Sent message')
    const [mail] = await arrived('waits for its file')
    assert.match(mail ?? '', /filename="?exhibit\.pdf/)
    await page.context().close()
  },
)

test(
  'a file that is stopped while one waits: the page stays, and goes on without it when told so again',
  needsChromium,
  async () => {
    const page = await writer('goes without its file')
    const sendsFast = await sendsSlowly(page, 100_000)
    await page.setInputFiles('#attach', [exhibit, film])
    await button(page, 'Check and send').click({ noWaitAfter: true })
    await says(page, 'Waiting until exhibit.pdf, film.mp4 are attached.')
    await button(page, 'Stop: film.mp4').click()
    await says(page, 'film.mp4 was not attached: you stopped it.')
    await button(page, 'Stop: exhibit.pdf').click()
    await says(page, 'exhibit.pdf was not attached: you stopped it.')
    await sendsFast()
    await page.getByText('No files are attached.').waitFor()
    assert.equal(await page.evaluate('document.activeElement.id'), 'attach')
    await checkAgain(page)
    assert.match(await textOf(page), /Files None/)
    await page.context().close()
  },
)

test(
  'one that is stopped takes no other with it: what was attached before stays, also under the same name',
  needsChromium,
  async () => {
    const page = await writer('keeps its first file')
    await page.setInputFiles('#attach', exhibit)
    await says(page, 'exhibit.pdf was attached.')
    await page.reload()
    await sendsSlowly(page, 100_000)
    await page.setInputFiles('#attach', exhibit)
    await button(page, 'Stop: exhibit.pdf').click()
    await says(page, 'exhibit.pdf was not attached: you stopped it.')
    await checkAgain(page)
    assert.equal((await textOf(page)).match(/exhibit\.pdf \(1 MB\)/g)?.length, 1)
    await page.context().close()
  },
)

test(
  'a file that is refused while one waits keeps the page, says which and why, and takes the focus (G20, WCAG 3.3.1)',
  needsChromium,
  async () => {
    const page = await writer('a file too large')
    await page.setInputFiles('#attach', [film, exhibit])
    await button(page, 'Check and send').click({ noWaitAfter: true })
    const summary = page.locator('.govuk-error-summary')
    const why = /film\.mp4 was not attached\. The files of a message hold 26\.2 MB together at most\./
    await summary.getByText(why).waitFor()
    assert.equal(await page.evaluate('document.activeElement.className'), 'govuk-error-summary')
    assert.match(await page.title(), /^Error: Write a message/)
    await look(page, 'attaching-refused')
    for (const name of ['Attach or remove files', 'Save draft', 'Find people for To']) {
      await page.locator('#subject').focus()
      await button(page, name).click()
      await page.locator('.govuk-error-summary:focus').waitFor()
    }
    await summary.getByRole('link', { name: why }).click()
    assert.equal(await page.evaluate('document.activeElement.getAttribute("aria-label")'), 'Try again: film.mp4')
    await button(page, 'Try again: film.mp4').click()
    await summary.waitFor({ state: 'detached' })
    await page.getByRole('alert').getByText(why).waitFor()
    await button(page, 'Remove: film.mp4').click()
    assert.match(await page.title(), /^Write a message/)
    await checkAgain(page)
    const main = await textOf(page)
    assert.ok(main.includes('exhibit.pdf (1 MB)') && !main.includes('film.mp4'), main)
    await page.context().close()
  },
)

test('leaving by a link while a file uploads asks first', needsChromium, async () => {
  const page = await writer('asks before one leaves')
  const sendsFast = await sendsSlowly(page, 100_000)
  await page.setInputFiles('#attach', exhibit)
  await page.locator('#files progress').waitFor()
  const asked = page.waitForEvent('dialog')
  const clicked = page.getByRole('link', { name: 'Back to your inbox' }).click({ noWaitAfter: true })
  const dialog = await asked
  assert.equal(dialog.type(), 'beforeunload')
  await dialog.dismiss()
  await clicked
  await sendsFast()
  await says(page, 'exhibit.pdf was attached.')
  await page.getByRole('link', { name: 'Back to your inbox' }).click()
  await page.waitForURL(/\/mail\//)
  await page.context().close()
})

test('without scripts a file that is refused gives a page that says so, and the same limit (G20)', needsChromium, async () => {
  const page = await writer('too large without scripts', { javaScriptEnabled: false })
  await button(page, 'Attach or remove files').click()
  await says(page, /At most 100 files of 26\.2 MB together\./)
  await page.setInputFiles('#file', film)
  await button(page, /^Attach$/).click()
  await page.locator('.govuk-error-summary').getByText('The files of a message hold 26.2 MB together at most.').waitFor()
  await says(page, 'No files are attached.')
  await page.context().close()
})
