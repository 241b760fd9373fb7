// Pictures of every page of webmail and every state of it, at the width of a telephone and of a desk: `node docs/pictures/make.ts [NAME...]`, by hand. They show the demonstration's people only.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BrowserContext } from 'playwright-core'
import { newPage, sharedBrowser, signIn } from '#test/support/browser.ts'
import { testService } from '#test/support/service.ts'
import { type Who, webmailStates } from '#test/support/webmail-states.ts'
import { shrink } from './shrink.ts'

const folder = fileURLToPath(new URL('webmail/', import.meta.url))
const chosen = new Set(process.argv.slice(2))
const longestPixels = 1500

const service = await testService()
const origin = `https://localhost:${service.faces.web.https.port}`
const states = await webmailStates(service)
const browser = await sharedBrowser()()
if (chosen.size === 0) rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })

for (const width of [1280, 360]) {
  const contexts = new Map<Who, Promise<BrowserContext>>()
  const contextOf = async (who: Who) => {
    const page = await newPage(browser, { viewport: { width, height: 800 } })
    if (who !== 'stranger') await signIn(page, origin, service.person(who))
    await page.close()
    return page.context()
  }
  for (const { name, who, open } of states) {
    if (chosen.size > 0 && !chosen.has(name)) continue
    const context = contexts.get(who) ?? contextOf(who)
    contexts.set(who, context)
    const page = await (await context).newPage()
    await open(page)
    const height = Number(await page.evaluate('document.documentElement.scrollHeight'))
    const clip = { x: 0, y: 0, width, height: Math.min(Math.max(height, 500), longestPixels) }
    const picture = await page.screenshot({ fullPage: true, clip })
    writeFileSync(join(folder, `${name}-${width}.png`), shrink(picture))
    await page.close()
  }
}
await browser.close()
await service.close()
process.exit() // the PostgreSQL of the tests, which ends with us, would keep us alive
