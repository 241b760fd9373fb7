// The exchange of webmail in a real browser: a prosecutor writes with a marking and a PDF and sees it delivered; a solicitor sees it arrive, reads, opens, answers.
// With and without JavaScript, by keyboard alone, on a telephone and at a desk. G06, G08, G14; WCAG 2.2 2.1.1, 2.4.7
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { sequence } from '#evidence/sequencer.ts'
import { publicKeysText } from '#evidence/tree.ts'
import { type Receipt, readPublicKeys, verifyReceipt } from '#evidence/verify.ts'
import { needsChromium, newPage, scrollsSideways, sharedBrowser, tabTo, textOf } from '#test/support/browser.ts'
import { testLogKeeper, testOrigin } from '#test/support/log-keeper.ts'
import { testService } from '#test/support/service.ts'

const service = await testService()
const origin = `https://localhost:${service.faces.web.https.port}`
const log = { ...service.domains, ...(await testLogKeeper()), origin: testOrigin }
const prosecutor = service.person('prosecutor')
const browser = sharedBrowser()

/** A PDF that cannot be mistaken for another, however it was encoded on its way. */
const exhibit = Buffer.concat([
  Buffer.from('%PDF-1.7\n'),
  createHash('shake256', { outputLength: 70_000 }).update('exhibit').digest(),
])

/** How a person does things: by mouse, or by the keyboard alone. */
interface Hand {
  readonly page: Page
  fill(selector: string, text: string): Promise<void>
  check(selector: string): Promise<void>
  press(selector: string): Promise<void>
}

const mouse = (page: Page): Hand => ({
  page,
  fill: (selector, text) => page.fill(selector, text),
  check: (selector) => page.check(selector),
  press: (selector) => page.locator(selector).first().click(),
})

const keyboard = (page: Page): Hand => ({
  page,
  async fill(selector, text) {
    await tabTo(page, selector)
    await page.keyboard.press('ControlOrMeta+A')
    await page.keyboard.insertText(text)
  },
  async check(selector) {
    // Of radio buttons the chosen one is reached by Tab, the others from it by the arrows.
    await tabTo(page, `[name="${await page.locator(selector).getAttribute('name')}"]`)
    for (let steps = 0; steps < 20 && !(await page.locator(selector).isChecked()); steps++) await page.keyboard.press('ArrowDown')
  },
  async press(selector) {
    await tabTo(page, selector)
    const isLink = await page.evaluate('document.activeElement.tagName === "A"')
    await page.keyboard.press(isLink ? 'Enter' : 'Space')
  },
})

async function enter({ page, fill, press }: Hand, person: typeof prosecutor): Promise<void> {
  await page.goto(origin)
  await fill('#user-name', person.userName)
  await fill('#password', person.password)
  await press('main button[type="submit"]:not([data-module~="govuk-password-input"]):not(.govuk-password-input__toggle)')
  await page.waitForURL(/\/mail\//)
}

/** Writes and sends, to where the outcome is shown; `hasScripts` says that files are attached in place. */
async function writeAndSend(hand: Hand, to: string, subject: string, hasScripts: boolean): Promise<void> {
  const { page } = hand
  await hand.press('.cjsm-header__link[href="/write"]')
  await page.waitForURL(/\/write/)
  await hand.fill('#to', to)
  await hand.fill('#subject', subject)
  await hand.fill('#text', 'Dear Miriam\n\nPlease find the exhibit attached.')
  await hand.check('input[name="marking"][value="GPMS/RESTRICTED"]')
  const file = { name: 'Exhibit 1.pdf', mimeType: 'application/pdf', buffer: exhibit }
  // The system’s own dialog for files is outside the page; what leads to it is reached as everything is.
  if (hasScripts) {
    await page.setInputFiles('#attach', file)
    await page.getByText('Exhibit 1.pdf was attached.').waitFor()
  } else {
    await hand.press('button[value="files"]')
    await page.waitForURL(/\/files$/)
    await page.setInputFiles('#file', file)
    await hand.press('form[enctype] button[type="submit"]')
    await page.getByText('The file was attached.').waitFor()
    await hand.press('main a.govuk-button[href^="/write/"]')
    await page.waitForURL(/\/write\/[^/]+$/)
  }
  await hand.press('button[value="check"]:not(.cjsm-enter)')
  await page.getByRole('heading', { name: 'Check before you send' }).waitFor()
  assert.match(await textOf(page), /Can get it.*RESTRICTED.*Who receives it is told.*Exhibit 1\.pdf \(70 KB\)/)
  assert.equal(await scrollsSideways(page), false)
  await hand.press('form[action$="/send"] button')
  await page.getByRole('heading', { name: 'Sent message' }).waitFor()
  assert.match(await textOf(page), /The message was sent\..*What became of it.*Delivered Not opened yet\./)
}

async function takeReceipt(hand: Hand, recipient: string): Promise<void> {
  await sequence(log)
  const download = hand.page.waitForEvent('download')
  await hand.press('a[href*="/sent/receipt"]')
  const receipt = JSON.parse(readFileSync(await (await download).path(), 'utf8')) as Receipt
  const keys = readPublicKeys(await publicKeysText(log.database, await log.logKeeper.verifiers(), []))
  const verified = verifyReceipt(receipt, keys)
  assert.ok(verified.good, 'the receipt verifies')
  assert.ok(JSON.stringify(verified.detail).includes(recipient))
}

async function readAndAnswer(hand: Hand, subject: string): Promise<void> {
  const { page } = hand
  await hand.press('.cjsm-list__link')
  await page.getByRole('heading', { name: subject }).waitFor()
  const shown = await textOf(page)
  assert.match(shown, /RESTRICTED/)
  assert.match(await textOf(page, '.cjsm-marking'), /RESTRICTED.*(lock|need|disclos|protect|handle|dispos)/i)
  assert.match(shown, /Priya Raman.*Please find the exhibit attached.*1 attachment.*Exhibit 1\.pdf PDF document, 70 KB/)
  assert.equal(await scrollsSideways(page), false)
  const download = page.waitForEvent('download')
  await hand.press('.cjsm-attachments a[href*="/file/"]')
  const file = await download
  assert.equal(file.suggestedFilename(), 'Exhibit 1.pdf')
  assert.ok(readFileSync(await file.path()).equals(exhibit), 'the attachment is what was attached, octet for octet')
  await hand.press('a[href$="/answer/reply"].govuk-button')
  await page.getByRole('heading', { name: 'Reply' }).waitFor()
  await hand.fill('#text', 'Thank you. Received.')
  await hand.press('button[value="check"]:not(.cjsm-enter)')
  await page.getByRole('heading', { name: 'Check before you send' }).waitFor()
  await hand.press('form[action$="/send"] button')
  await page.getByRole('heading', { name: 'Sent message' }).waitFor()
}

const variants = [
  { name: 'at 1280 px, with JavaScript', width: 1280, hasScripts: true, handOf: mouse, solicitor: 'miriam.hollis' },
  { name: 'at 360 px, without JavaScript', width: 360, hasScripts: false, handOf: mouse, solicitor: 'daniel.penn' },
  { name: 'at 1280 px, by keyboard alone', width: 1280, hasScripts: true, handOf: keyboard, solicitor: 'constance.adeyemi' },
  {
    name: 'at 360 px, by keyboard alone, without JavaScript',
    width: 360,
    hasScripts: false,
    handOf: keyboard,
    solicitor: 'gareth.pike',
  },
  { name: 'at 360 px, with JavaScript', width: 360, hasScripts: true, handOf: mouse, solicitor: 'ada.marlowe' },
  { name: 'at 1280 px, without JavaScript', width: 1280, hasScripts: false, handOf: mouse, solicitor: 'tobias.lund' },
] as const

for (const { name, width, hasScripts, handOf, solicitor } of variants) {
  test(`the exchange ${name} (G06, G08, G14)`, needsChromium, async () => {
    const options = { viewport: { width, height: 800 }, javaScriptEnabled: hasScripts }
    const [writer, reader] = [handOf(await newPage(await browser(), options)), handOf(await newPage(await browser(), options))]
    const person = service.people.find((one) => one.userName === solicitor)!
    const subject = `R v Smith, ${name}`
    await enter(reader, person)
    await enter(writer, prosecutor)
    const inbox = reader.page.url()
    await writeAndSend(writer, person.address, subject, hasScripts)
    // It appears by itself where scripts run; elsewhere one looks.
    if (!hasScripts) await reader.press('.cjsm-list-page__check')
    await reader.page.locator('.cjsm-list__subject', { hasText: subject }).waitFor()
    assert.match(await textOf(reader.page, '.cjsm-list__item'), /Priya Raman.*RESTRICTED.*Attachment/)
    assert.equal(reader.page.url().split('?')[0], inbox)
    await takeReceipt(writer, person.address)
    await readAndAnswer(reader, subject)

    await writer.page.reload()
    assert.match(await textOf(writer.page), /Opened/)
    await writer.press('.cjsm-header__link[href="/"]')
    await writer.page.locator('.cjsm-list__subject', { hasText: 'Re: ' }).first().waitFor()
    assert.match(await textOf(writer.page, '.cjsm-list'), new RegExp(name))
    for (const hand of [writer, reader]) await hand.page.context().close()
  })
}
