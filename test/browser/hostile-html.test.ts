// Hostile HTML in a real browser: the sanitiser holds without the frame, the frame holds without the sanitiser, and without either the corpus is hostile indeed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sanitiseHtml } from '#mail/sanitise.ts'
import { frameDocument, framePolicy, frameSandbox } from '#web/webmail/message/frame.ts'
import type { Frame } from 'playwright-core'
import { hostileHtml, setTraps, siteOf, type Sprung } from '#test/support/traps.ts'

const corpus = hostileHtml()
const framesAtOnce = 130
/** The policy alone is tried on some messages by default: what it lacks beside the frame is the attribute, which says the same. */
const tabsApart = process.env.CJSM_LONG === '1' ? 1 : 3
const traps = await setTraps()
const raw = new Map(corpus.map(({ number, html }) => [number, html]))
const clean = new Map<string, string>()
for (const { number, html } of corpus) clean.set(number, (await sanitiseHtml(html, () => null))?.html ?? '')

interface Kind {
  readonly header: Record<string, string>
  readonly documentOf: (number: string) => string | null
  readonly sandbox: string | null
}

/** How a kind of document is served and framed. */
const kinds = new Map<string, Kind>([
  ['bare', { header: {}, documentOf: (number: string) => raw.get(number) ?? null, sandbox: null }],
  ['sanitised', { header: {}, documentOf: (number: string) => clean.get(number) ?? null, sandbox: null }],
  [
    'framed',
    {
      header: { 'content-security-policy': framePolicy, 'x-dns-prefetch-control': 'off' },
      documentOf: (number: string) => frameDocument([], raw.get(number) ?? ''),
      sandbox: frameSandbox,
    },
  ],
  // As in a tab of its own: the header alone.
  [
    'tabbed',
    {
      header: { 'content-security-policy': framePolicy, 'x-dns-prefetch-control': 'off' },
      documentOf: (number: string) => frameDocument([], raw.get(number) ?? ''),
      sandbox: null,
    },
  ],
])
const site = await siteOf(
  (kind, number) => {
    const body = kinds.get(kind)?.documentOf(number) ?? null
    return body === null ? null : { header: kinds.get(kind)!.header, body }
  },
  (query) => {
    const { sandbox } = kinds.get(query.get('kind')!)!
    const attribute = sandbox === null ? '' : ` sandbox="${sandbox}"`
    const frames = query
      .get('numbers')!
      .split(' ')
      .map((number) => `<iframe${attribute} src="/${query.get('kind')}/${number}/"></iframe>`)
    return `<!doctype html><title>frames</title>${frames.join('')}`
  },
)

/** Shows messages a few at a time in frames of one page, and tells what sprang. */
async function show(kind: string, { isInspected = false, messages = corpus } = {}): Promise<Sprung> {
  site.asked.clear()
  const context = await traps.browser.newContext()
  const page = await context.newPage()
  const sprung = traps.watch(context, page)
  const moved = new Set<string>()
  for (let at = 0; at < messages.length; at += framesAtOnce) {
    const numbers = messages.slice(at, at + framesAtOnce).map(({ number }) => number)
    const url = `${site.origin}/?kind=${kind}&numbers=${numbers.join('+')}`
    await page.goto(url, { timeout: 60_000 }).catch(() => moved.add(`top of ${numbers[0]}`))
    await traps.settled()
    if (page.url() !== url) moved.add(`top of ${numbers[0]}`)
    for (const frame of isInspected ? page.frames().slice(1) : []) await inspect(frame)
  }
  const reached = new Set([...sprung.reached, ...site.asked])
  await context.close()
  return { ran: sprung.ran, reached, moved: new Set([...sprung.moved, ...moved]) }
}

/** Elements and attributes as the browser made them of sanitised HTML: only what is known to be harmless. */
async function inspect(frame: Frame): Promise<void> {
  const found = (await frame.evaluate(
    `[...document.body.querySelectorAll('*')].map((one) => [one.localName, ...[...one.attributes].map(({ name, value }) => name + '=' + value)])`,
  )) as [string, ...string[]][]
  for (const [element, ...attributes] of found) {
    assert.match(element, harmlessElement, frame.url())
    for (const attribute of attributes) assert.match(attribute, harmlessAttribute, frame.url())
  }
}

const harmlessElement =
  /^(?:a|abbr|acronym|address|article|aside|b|bdi|big|blockquote|br|caption|center|cite|code|col|colgroup|dd|del|dfn|div|dl|dt|em|figcaption|figure|font|footer|h[1-6]|header|hr|i|img|ins|kbd|li|main|mark|ol|p|pre|q|s|samp|section|small|span|strike|strong|sub|sup|table|tbody|td|tfoot|th|thead|time|tr|tt|u|ul|var|wbr)$/
const harmlessAttribute =
  /^(?:href=(?:https?:\/\/|mailto:)|src=data:image\/(?:png|jpeg|gif|webp);base64,|style=(?!.*(?:url|\\|fixed|expression|image|attr|var))|(?:align|valign|scope|nowrap|type|width|height|border|cellpadding|cellspacing|hspace|vspace|bgcolor|color|colspan|rowspan|span|start|size|face|dir|lang|title|alt|datetime|target|rel|data-leads-to)=)/

const named = (numbers: ReadonlySet<string>) =>
  [...numbers].map((number) => `${number} ${corpus.find((one) => one.number === number)?.name ?? ''}`).sort()

test('there are a hundred hostile messages, and in a browser without protection most of them run or fetch something', async () => {
  assert.ok(corpus.length >= 100)
  const sprung = await show('bare')
  assert.ok(sprung.ran.size >= 40, `${sprung.ran.size} ran: ${named(sprung.ran).join(', ')}`)
  assert.ok(sprung.reached.size >= 50, `${sprung.reached.size} fetched: ${named(sprung.reached).join(', ')}`)
})

test('the sanitiser alone: nothing runs and nothing is requested in a page without a policy', async () => {
  const { ran, reached, moved } = await show('sanitised', { isInspected: true })
  assert.deepEqual([named(ran), named(reached), [...moved]], [[], [], []])
})

test('the frame alone: nothing runs, nothing is requested and nothing leads the window away, whatever stands in it', async () => {
  const { ran, reached, moved } = await show('framed')
  assert.deepEqual([named(ran), named(reached), [...moved]], [[], [], []])
})

test('the frame’s policy alone, as in a tab of its own: nothing runs and nothing is requested', async () => {
  const { ran, reached, moved } = await show('tabbed', { messages: corpus.filter((_, index) => index % tabsApart === 0) })
  assert.deepEqual([named(ran), named(reached), [...moved]], [[], [], []])
})
