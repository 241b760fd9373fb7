// A browser among traps: whatever the hostile HTML of testdata/html runs or asks for is noticed, by its number.
import { readdirSync, readFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { after } from 'node:test'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

/** One hostile message: it logs `ran-NNN` when a script of it runs, and asks `xNNN.evil.test` when anything of it is fetched. */
export interface HostileHtml {
  readonly number: string
  readonly name: string
  readonly html: string
}

const folder = new URL('../../testdata/html/', import.meta.url)

/** All messages of the corpus, in their order. */
export function hostileHtml(): HostileHtml[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.html'))
    .sort()
    .map((file) => ({
      number: file.slice(0, 3),
      name: file.slice(4, -'.html'.length),
      html: readFileSync(new URL(file, folder), 'utf8'),
    }))
}

/** What sprang: the numbers of messages. */
export interface Sprung {
  /** A script of these ran. */
  readonly ran: ReadonlySet<string>
  /** These made the browser connect to the network. */
  readonly reached: ReadonlySet<string>
  /** These opened a window or a dialog; `top` where they led the window itself away. */
  readonly moved: ReadonlySet<string>
}

export interface Traps {
  readonly browser: Browser
  /** Watches a page and all that it opens, from now on; what springs is in the answer as it happens. */
  watch(context: BrowserContext, page: Page): Sprung
  /** Resolves when a script that waits a while has run and connected in a page of its own: what was to spring had time for it. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** A process for each sandboxed frame costs a minute; what the frame forbids is the same in one. */
const fewProcesses = process.env.CJSM_LONG === '1' ? [] : ['--disable-features=IsolateSandboxedIframes']

/** Starts Chromium so that every name below evil.test leads to a listener that knows who was asked for. */
export async function setTraps(): Promise<Traps> {
  const connected = new Set<string>()
  /** Numbers from 900 on are those of controls, whose browser may ask twice. */
  const controlled = new Set<string>()
  const sink = createServer((socket) => {
    socket.on('error', () => {})
    // The first octets name the host: in the clear for HTTP, in the TLS hello for HTTPS.
    socket.once('data', (octets) => {
      const number = /x(\d{3})\.evil\.test/.exec(octets.toString('latin1'))?.[1] ?? 'unknown'
      ;(number.startsWith('9') ? controlled : connected).add(number)
      socket.destroy()
    })
    socket.setTimeout(5_000, () => socket.destroy())
  })
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve))
  const to = `127.0.0.1:${(sink.address() as AddressInfo).port}`
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', ...fewProcesses, `--host-resolver-rules=MAP *.evil.test:443 ${to},MAP *.evil.test:80 ${to}`],
  })
  let controls = 0
  const close = async () => {
    await browser.close()
    await new Promise((resolve) => sink.close(resolve))
  }
  after(close)
  return {
    browser,
    watch(context, page) {
      const ran = new Set<string>()
      const moved = new Set<string>()
      connected.clear()
      context.on('console', (message) => {
        const number = /ran-(\d{3})/.exec(message.text())?.[1]
        // What a policy refused is told as an error, and may quote a script that did not run.
        if (number !== undefined && message.type() === 'log') ran.add(number)
      })
      context.on('dialog', (dialog) => {
        moved.add(`dialog ${dialog.message()}`)
        void dialog.dismiss()
      })
      context.on('page', (opened) => {
        if (opened !== page) moved.add(`window ${opened.url()}`)
      })
      return { ran, reached: connected, moved }
    },
    async settled() {
      // A page of another context, so that it is not among what is watched.
      const context = await browser.newContext()
      const page = await context.newPage()
      const number = `9${String(controls++).padStart(2, '0')}`
      await page.setContent(`<script>setTimeout(() => { fetch('https://x${number}.evil.test/').catch(() => {}) }, 700)</script>`)
      const until = Date.now() + 30_000
      while (!controlled.has(number)) {
        if (Date.now() > until) throw new Error('the trap of the control never sprang')
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      await context.close()
    },
    close,
  }
}

export interface Site {
  readonly origin: string
  /** Numbers of messages that asked this site for something else than their own document. */
  readonly asked: Set<string>
}

/** Serves one document at `/<kind>/<number>/` and whatever page at `/`; notes every other request by its number. */
export async function siteOf(
  documentOf: (kind: string, number: string) => { header: Record<string, string>; body: string } | null,
  index: (query: URLSearchParams) => string,
): Promise<Site> {
  const asked = new Set<string>()
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const [, kind = '', number = '', rest] = url.pathname.split('/')
    const found =
      url.pathname === '/' ? { header: {}, body: index(url.searchParams) } : rest === '' ? documentOf(kind, number) : null
    if (found === null && url.pathname !== '/favicon.ico') asked.add(/^\d{3}$/.test(number) ? number : url.pathname)
    response.writeHead(found === null ? 404 : 200, { 'content-type': 'text/html; charset=utf-8', ...found?.header })
    response.end(found?.body ?? '')
  }
  const server = createHttpServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin: `http://localhost:${(server.address() as AddressInfo).port}`, asked }
}
