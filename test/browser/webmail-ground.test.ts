// Signing in, folders and lists in a real browser: with and without JavaScript, on a phone and at a desk, by keyboard, and without a finding of axe. WCAG 2.2
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, test } from 'node:test'
import { type Browser, type Page, chromium } from 'playwright-core'
import { openSmtpClient } from '#test/support/smtp-client.ts'
import { testService } from '#test/support/service.ts'

const program = '/usr/bin/chromium'
const skip = existsSync(program) || process.getuid?.() === 0 ? false : 'chromium is not installed, and only root can'
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

const service = await testService()
const base = `https://127.0.0.1:${service.faces.web.https.port}`
const prosecutor = service.person('prosecutor')
const smtp = await openSmtpClient(service.faces.submissions.port, prosecutor)
let browser: Browser | undefined
after(async () => {
  smtp.close()
  await browser?.close()
})

let sent = 0
async function send(to: string, subject: string): Promise<void> {
  sent += 1
  const head = `From: ${prosecutor.name} <${prosecutor.address}>\r\nTo: ${to}\r\nSubject: ${subject}\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <b${sent}@x.example>\r\n`
  const { reply } = await smtp.submit({ from: prosecutor.address, to: [to], octets: Buffer.from(`${head}\r\nHello\r\n`) })
  assert.equal(reply.code, 250, reply.text)
}

/** What axe finds, and whether anything stands beyond the side of the window. */
async function holds(page: Page, what: string, hasScripts: boolean): Promise<void> {
  const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  assert.equal(overflow, 0, `${what} scrolls sideways`)
  if (!hasScripts) return
  await page.evaluate(axe)
  const found = (await page.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(standards)} })`)) as {
    violations: { id: string; nodes: { html: string; failureSummary: string }[] }[]
  }
  const findings = found.violations.map(
    (one) => `${what}: ${one.id} ${one.nodes.map((node) => `${node.html} ${node.failureSummary}`).join(' | ')}`,
  )
  assert.deepEqual(findings, [])
}

for (const { width, hasScripts, role } of [
  { width: 360, hasScripts: true, role: 'solicitor' },
  { width: 1280, hasScripts: true, role: 'barrister' },
  { width: 360, hasScripts: false, role: 'clerk' },
  { width: 640, hasScripts: false, role: 'sole practitioner' },
]) {
  test(`a person signs in, sees, moves, deletes and brings back, at ${width} px ${hasScripts ? 'with' : 'without'} JavaScript`, {
    skip,
  }, async () => {
    browser ??= await chromium.launch({ executablePath: program, args: ['--no-sandbox'] })
    const person = service.person(role)
    const context = await browser.newContext({
      ignoreHTTPSErrors: true,
      viewport: { width, height: 800 },
      javaScriptEnabled: hasScripts,
    })
    context.setDefaultTimeout(15_000)
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text())
    })
    page.on('pageerror', (fault) => complaints.push(fault.message))
    page.on('request', (request) => {
      if (!request.url().startsWith(base)) complaints.push(request.url())
    })
    const look = (what: string) => holds(page, what, hasScripts)
    const press = (name: string) => page.getByRole('main').getByRole('button', { name, exact: true }).first().click()
    const says = (text: string | RegExp) => page.getByText(text).first().waitFor()

    await page.goto(base)
    await look('sign-in')
    await page.getByLabel('User name').fill(person.userName)
    await press('Sign in')
    await says('Enter your password')
    await look('sign-in with an error')
    await page.getByLabel('Password', { exact: true }).fill(person.password)
    await page.keyboard.press('Enter')
    await says('There are no messages. New mail appears here.')
    await look('an empty inbox')

    await send(person.address, 'RESTRICTED - LEGAL: the first, with a subject that is far too long for a line on a telephone')
    if (hasScripts) await says('1 new message')
    else await page.getByRole('link', { name: 'Check for new mail' }).click()
    await send(person.address, 'the second')
    if (!hasScripts) await page.getByRole('link', { name: 'Check for new mail' }).click()
    await says('the second')
    await look('an inbox')

    await press('Delete')
    await says('Select one or more messages')
    await look('a list with an error')
    await page.locator('[data-uid="2"] input').check()
    if (hasScripts) {
      // What is selected and has the focus stays when the list is drawn anew.
      await page.locator('[data-uid="2"] input').focus()
      await send(person.address, 'the third')
      await says('the third')
      assert.ok(await page.locator('[data-uid="2"] input').isChecked())
      assert.equal(await page.evaluate('document.activeElement.id'), 'uid-2')
    }
    await press('Delete')
    await says('1 message moved to Trash')
    await look('a list with a notice')
    await press('Undo')
    await says('1 message moved to Inbox')

    await page.getByRole('link', { name: 'Mail', exact: true }).click()
    await page.locator('#messages input[name="uid"]').first().check()
    await press('Delete')
    await says('1 message moved to Trash')
    if (width < 769) await page.getByText('Folders', { exact: true }).first().click()
    await page.getByRole('link', { name: /^Trash/ }).click()
    await page.locator('#messages input[name="uid"]').first().check()
    await press('Delete for ever')
    await says('Are you sure you want to delete for ever?')
    await look('a confirmation')
    await press('Delete for ever')
    await says('1 message deleted for ever')

    await page.goto(`${base}/folders`)
    await page.getByLabel('Name').fill('Cases/2026')
    await press('Make the folder')
    await says('The folder Cases/2026 was made')
    await look('folders')
    await page.getByRole('link', { name: 'Delete Cases/2026' }).click()
    await press('Delete the folder')
    await says('The folder was deleted')
    for (const url of ['/help', '/help/markings', '/help/accessibility', '/help/cookies', '/nowhere', '/new-browser']) {
      await page.goto(`${base}${url}`)
      await look(url)
    }
    await page.getByRole('button', { name: 'Sign out' }).click()
    await says('If others use this computer, close the browser too.')
    await look('signed out')
    await page.goto(`${base}/new-browser`)
    await look('a new browser')
    assert.deepEqual(complaints, [])
    await context.close()
  })
}

test('the keyboard alone: one signs in, opens the folders, selects and deletes', { skip }, async () => {
  browser ??= await chromium.launch({ executablePath: program, args: ['--no-sandbox'] })
  const person = service.person('paralegal')
  await send(person.address, 'by keyboard')
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const tabTo = async (selector: string) => {
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press('Tab')
      if (await page.evaluate(`document.activeElement?.matches(${JSON.stringify(selector)}) ?? false`)) return
    }
    assert.fail(`${selector} cannot be reached by Tab`)
  }
  await page.goto(base)
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate('document.activeElement.textContent.trim()'), 'Skip to main content')
  await tabTo('#user-name')
  await page.keyboard.type(person.userName)
  await tabTo('#password')
  await page.keyboard.type(person.password)
  await page.keyboard.press('Enter')
  await page.waitForSelector('[data-uid]')
  await tabTo('[data-uid] input')
  await page.keyboard.press('Space')
  await page.evaluate('window.scrollTo(0, 0)')
  await tabTo('button[value="delete"], .govuk-footer__link')
  await page.locator('button[value="delete"]').focus()
  await page.keyboard.press('Enter')
  await page.getByText('1 message moved to Trash').waitFor()
  assert.equal(await page.evaluate('document.activeElement.getAttribute("role")'), 'alert', 'the notice has the focus')
  await context.close()
})
