// A real browser for tests: Debian's Chromium, shared by a file's tests; what axe and the layout find wrong with a page; the keyboard. WCAG 2.2
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after } from 'node:test'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { DemoPerson } from '#cli/demonstration.ts'
import { needs } from '#test/support/instance.ts'

/** `skip` for tests in a browser. */
export const needsChromium = needs('chromium')

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** Starts Chromium, once, when it is first asked for; it ends with the test file. */
export function sharedBrowser(): () => Promise<Browser> {
  let started: Promise<Browser> | undefined
  after(async () => (await started)?.close())
  return () => (started ??= chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] }))
}

/** A page of a browser of somebody's own, with nothing in its jar; ends with its context. */
export async function newPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 900 }, ...options })
  context.setDefaultTimeout(30_000)
  return context.newPage()
}

/** Signs in by mouse. */
export async function signIn(page: Page, origin: string, person: DemoPerson): Promise<void> {
  await page.goto(`${origin}/sign-in`)
  await page.fill('#user-name', person.userName)
  await page.fill('#password', person.password)
  await page.click('main button[type=submit]')
  await page.waitForURL(/\/mail\//)
}

/** What axe finds against WCAG 2.2 A and AA, each with the element that it is about. */
export async function findingsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return (await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(standards)}, resultTypes: ['violations'] }).then((found) => found.violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.html.slice(0, 200) + ' ' + node.failureSummary).join(' | ')))`,
  )) as string[]
}

/** What stands in the first element that matches, in one line. */
export async function textOf(page: Page, selector = 'main'): Promise<string> {
  return ((await page.locator(selector).first().textContent()) ?? '').replaceAll(/\s+/g, ' ').trim()
}

/** Whether a page can be scrolled sideways. */
export const scrollsSideways = async (page: Page): Promise<boolean> =>
  (await page.evaluate('document.documentElement.scrollWidth > window.innerWidth')) as boolean

/** Presses Tab until an element that matches has the focus, which must show; fails when none is reached. */
export async function tabTo(page: Page, selector: string): Promise<void> {
  const matches = `document.activeElement !== document.body && (document.activeElement?.matches(${JSON.stringify(selector)}) ?? false)`
  for (let presses = 0; presses < 120; presses++) {
    if (await page.evaluate(matches)) {
      assert.ok(await page.evaluate(focusShows), `the focus does not show on ${selector}`)
      return
    }
    await page.keyboard.press('Tab')
  }
  assert.fail(`${selector} cannot be reached by Tab`)
}

/** Whether the element with the focus looks different from itself without it. */
const focusShows = `(() => {
  const at = document.activeElement
  const near = [at, at.nextElementSibling, at.closest('label'), at.parentElement].filter(Boolean)
  const look = () => near.flatMap((one) => [null, '::before', '::after'].map((pseudo) => {
    const style = getComputedStyle(one, pseudo)
    const seen = style.outlineStyle !== 'none' && style.outlineColor !== 'rgba(0, 0, 0, 0)'
    return [seen ? style.outline : '', style.boxShadow, style.backgroundColor, style.borderColor].join()
  })).join('|')
  const focused = look()
  at.blur()
  const plain = look()
  at.focus({ preventScroll: true })
  return focused !== plain
})()`
