// Every page and state of webmail held to WCAG 2.2 A and AA by axe, at the width of a telephone and of a desk, without sideways scrolling at either and at 200 % (1.4.4, 1.4.10). A new page without an entry fails.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { routesOf } from '#web/app.ts'
import type { WebDoors } from '#web/doors.ts'
import { findingsOf, needsChromium, newPage, scrollsSideways, sharedBrowser, signIn } from '#test/support/browser.ts'
import { testService } from '#test/support/service.ts'
import { type State, type Who, webmailStates } from '#test/support/webmail-states.ts'

/** GET routes that show no page: why. */
const noPages: Readonly<Record<string, string>> = {
  '/': 'leads to the inbox',
  '/mail/:mailbox/acts': 'leads to the list',
  '/mail/:mailbox/events': 'events for a script',
  '/mail/:mailbox/:uid/file/:part': 'a download',
  '/mail/:mailbox/:uid/original': 'a download',
  '/people': 'suggestions for a script',
}

const service = await testService()
const origin = `https://localhost:${service.faces.web.https.port}`
const states = await webmailStates(service)
const browser = sharedBrowser()
const contexts = new Map<Who, Promise<BrowserContext>>()

/** A browser for each person; a page in it for each state. */
async function pageOf(who: Who): Promise<Page> {
  const made = contexts.get(who) ?? newContext(who)
  contexts.set(who, made)
  return (await made).newPage()
}

async function newContext(who: Who): Promise<BrowserContext> {
  const page = await newPage(await browser())
  if (who !== 'stranger') await signIn(page, origin, service.person(who))
  await page.close()
  return page.context()
}

/** What is wrong with a page as it stands, in words. */
async function wrongWith(page: Page, { isForeign }: State): Promise<string[]> {
  const wrong: string[] = []
  for (const width of [1280, 640, 360]) {
    await page.setViewportSize({ width, height: 800 })
    if (await scrollsSideways(page)) wrong.push(`scrolls sideways at ${width} px`)
    // A message’s own HTML is where no script runs: axe’s neither.
    if (width !== 640 && isForeign !== true) wrong.push(...(await findingsOf(page)).map((found) => `${width} px: ${found}`))
  }
  const frame = (await page.evaluate(`({
    lang: document.documentElement.lang, title: document.title.trim(),
    headings: [...document.querySelectorAll('h1')].map((one) => one.innerText.trim()),
    skip: document.querySelector('a')?.getAttribute('href'), target: document.querySelector('#main-content')?.tagName,
  })`)) as { lang: string; title: string; headings: string[]; skip: string; target: string }
  if (frame.title === '') wrong.push('has no title')
  if (isForeign) return wrong
  if (frame.lang !== 'en') wrong.push(`is in “${frame.lang}”`)
  if (frame.headings.length !== 1 || frame.headings[0] === '') wrong.push(`has ${frame.headings.length} main headings`)
  if (frame.skip !== '#main-content' || frame.target !== 'MAIN') wrong.push('has no skip link')
  return wrong
}

const patternOf = (url: string): string | undefined => {
  const path = new URL(url).pathname
  const patterns = routesOf({} as WebDoors).map((one) => one.url)
  return (
    patterns.find((one) => one === path) ?? patterns.find((one) => new RegExp(`^${one.replaceAll(/:\w+/g, '[^/]+')}$`).test(path))
  )
}

const visited = new Set<string | undefined>()

for (const state of states) {
  test(`${state.name}: no finding at any width (WCAG 2.2 A, AA)`, needsChromium, async () => {
    const page = await pageOf(state.who)
    try {
      await state.open(page)
      visited.add(patternOf(page.url()))
      assert.deepEqual(await wrongWith(page, state), [])
    } finally {
      await page.close()
    }
  })
}

test('every route that shows a page was looked at', needsChromium, () => {
  const shown = routesOf({} as WebDoors)
    .filter(({ method, url }) => method === 'GET' && noPages[url] === undefined)
    .map(({ url }) => url)
  assert.deepEqual(
    [...new Set(shown)].filter((url) => !visited.has(url)),
    [],
  )
})

test('what is wrong is found: colours, names of fields, language, headings, width', needsChromium, async () => {
  const page = await pageOf('stranger')
  await page.setContent(
    '<title>x</title><main id="main-content"><input><p style="color:#ccc;background:#fff">A sentence that is too pale.</p><div style="width:2000px">x</div></main>',
  )
  const wrong = (await wrongWith(page, { name: 'wrong', who: 'stranger', open: async () => {} })).join('\n')
  for (const sign of ['color-contrast', 'label', 'html-has-lang', 'main headings', 'skip link', 'sideways at 1280'])
    assert.ok(wrong.includes(sign), `${sign}: ${wrong}`)
})
