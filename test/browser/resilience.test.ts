// What goes wrong while one writes, in a real browser: double clicks, two tabs, the back button, a session that ended, an upload that broke off. Nothing is lost, nothing is sent twice, and it is said. G14
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { needsChromium, newPage, sharedBrowser, signIn, textOf } from '#test/support/browser.ts'
import { openTestDoors } from '#test/support/acceptance.ts'
import { startInstance } from '#test/support/instance.ts'
import { testService } from '#test/support/service.ts'

let shiftMs = 0
const clock = { now: () => Date.now() + shiftMs, monotonic: () => performance.now() }
const service = await testService({ clock })
const doors = await openTestDoors(service)
const origin = `https://localhost:${service.faces.web.https.port}`
const [priya, miriam] = [service.person('prosecutor'), service.person('solicitor')]
const browser = sharedBrowser()
const idleMs = 31 * 60_000

const press = (page: Page, name: string) =>
  page.getByRole('main').getByRole('button', { name, exact: true }).first().click({ noWaitAfter: true })
const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name }).first().waitFor()
const says = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor()
/** How many messages with that subject the solicitor has. */
const arrived = async (subject: string) => (await doors.read(miriam)).filter((mail) => mail.includes(subject)).length

async function writer(javaScriptEnabled: boolean, at = origin): Promise<Page> {
  const page = await newPage(await browser(), { javaScriptEnabled })
  await signIn(page, at, priya)
  return page
}

async function write(page: Page, subject: string): Promise<void> {
  await page.goto(new URL('/write', page.url()).href)
  await page.fill('#to', miriam.address)
  await page.fill('#subject', subject)
  await page.fill('#text', `Dear Miriam, about ${subject}`)
}

/** A way to the service that carries so many octets of a connection, and then cuts it, while it is broken. A browser tries again by itself once. */
async function wayThatBreaksAfter(octets: number): Promise<{ port: number; breakOff(is: boolean): void }> {
  let isBroken = false
  const server = createServer((client) => {
    const upstream = connect({ host: '127.0.0.1', port: service.faces.web.https.port })
    let carried = 0
    for (const socket of [client, upstream]) {
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
    upstream.pipe(client)
    client.on('data', (chunk) => {
      carried += chunk.length
      if (isBroken && carried > octets) client.destroy()
      else upstream.write(chunk)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => server.close())
  const { port } = server.address() as AddressInfo
  return {
    port,
    breakOff(is) {
      isBroken = is
    },
  }
}

async function check(page: Page): Promise<void> {
  await press(page, 'Check and send')
  await heading(page, 'Check before you send')
}

for (const hasScripts of [true, false]) {
  const how = hasScripts ? 'with scripts' : 'without scripts'

  test(`two clicks on Send, ${how}: sent once`, needsChromium, async () => {
    const page = await writer(hasScripts)
    const subject = `two clicks ${how}`
    await write(page, subject)
    await check(page)
    await page.getByRole('button', { name: 'Send', exact: true }).dblclick({ noWaitAfter: true })
    await heading(page, 'Sent message')
    assert.equal(await arrived(subject), 1)
    await page.context().close()
  })

  test(`two tabs, ${how}: the second is told that it was sent before, and nothing is sent again`, needsChromium, async () => {
    const page = await writer(hasScripts)
    const subject = `two tabs ${how}`
    await write(page, subject)
    await check(page)
    const other = await page.context().newPage()
    await other.goto(page.url())
    const form = await page.context().newPage()
    await form.goto(page.url().replace('/check', ''))
    await press(page, 'Send')
    await heading(page, 'Sent message')
    await press(other, 'Send')
    await says(other, /This message was sent on .* It was not sent again\./)
    await form.fill('#text', 'something else')
    await press(form, 'Check and send')
    await says(form, 'This message was sent already. It was not sent again.')
    assert.equal(await arrived(subject), 1)
    await page.context().close()
  })

  test(`the back button after sending, ${how}: what one sees is that it was sent`, needsChromium, async () => {
    const page = await writer(hasScripts)
    const subject = `back button ${how}`
    await write(page, subject)
    await check(page)
    await press(page, 'Send')
    await heading(page, 'Sent message')
    // As far back as the empty form: the check, the message, and what was typed are the sent message now.
    for (let steps = 0; steps < 3; steps++) {
      await page.goBack()
      // With scripts the form's own address became the draft's: sent, it leads to the sent message; before it stands the inbox.
      const title = await textOf(page, 'h1')
      if (title === 'Sent message' || title === 'Inbox') continue
      await press(page, title === 'Check before you send' ? 'Send' : 'Check and send')
      await Promise.race([heading(page, 'Sent message'), heading(page, 'Check before you send')])
    }
    assert.equal(await arrived(subject), 1)
    await page.context().close()
  })

  test(
    `a session that ended while one wrote, ${how}: the text is there after signing in, and is sent (T06)`,
    needsChromium,
    async () => {
      const page = await writer(hasScripts)
      const subject = `ended in the middle ${how}`
      await write(page, subject)
      shiftMs += idleMs
      await press(page, 'Check and send')
      await says(page, 'What you were writing is not lost')
      await page.fill('#password', priya.password)
      await press(page, 'Sign in')
      await says(page, 'What you were writing is still here. Nothing was sent.')
      await press(page, 'Go on where I was')
      await heading(page, 'Check before you send')
      assert.match(await textOf(page), new RegExp(`about ${subject}`))
      // And again between the check and the sending.
      shiftMs += idleMs
      await press(page, 'Send')
      await says(page, 'What you were writing is not lost')
      assert.equal(await arrived(subject), 0)
      await page.fill('#password', priya.password)
      await press(page, 'Sign in')
      await press(page, 'Go on where I was')
      await heading(page, 'Sent message')
      assert.equal(await arrived(subject), 1)
      await page.context().close()
      shiftMs = 0
    },
  )
}

test(
  'an upload that breaks off: it is said, the text stays, half a file is not attached, and it can be attached again',
  needsChromium,
  async () => {
    const way = await wayThatBreaksAfter(1_000_000)
    const page = await writer(true, `https://localhost:${way.port}`)
    const subject = 'an upload that broke off'
    await write(page, subject)
    await page.locator('#subject').focus()
    await says(page, 'Draft saved.')
    const file = { name: 'exhibit.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(2_000_000, '%PDF-1.7 ') }
    way.breakOff(true)
    await page.setInputFiles('#attach', file)
    await says(page, 'exhibit.pdf could not be attached. Try again.')
    assert.equal(await page.inputValue('#text'), `Dear Miriam, about ${subject}`)
    way.breakOff(false)
    const other = await page.context().newPage()
    await other.goto(`${page.url()}/files`)
    await says(other, 'No files are attached.')
    await page.setInputFiles('#attach', file)
    await says(page, 'exhibit.pdf was attached.')
    await check(page)
    assert.equal((await textOf(page)).match(/exhibit\.pdf \(2(?:\.0)? MB\)/g)?.length, 1)
    await press(page, 'Send')
    await heading(page, 'Sent message')
    assert.equal(await arrived(subject), 1)
    await page.context().close()
  },
)

test(
  'the service is stopped between check and Send: nothing was sent, and after its start the same page sends once',
  needsChromium,
  async () => {
    const instance = await startInstance()
    const [from, to] = [instance.person('prosecutor'), instance.person('solicitor')]
    const site = `https://localhost:${instance.ports.https}`
    const page = await newPage(await browser())
    await signIn(page, site, from)
    await page.goto(`${site}/write`)
    await page.fill('#to', to.address)
    await page.fill('#subject', 'over a restart')
    await page.fill('#text', 'Dear Miriam')
    await check(page)
    assert.equal((await instance.cjsmBeside('down')).status, 0)
    await press(page, 'Send')
    await page.getByText('ERR_CONNECTION_REFUSED').waitFor()
    const up = await instance.cjsmBeside(...instance.up)
    assert.equal(up.status, 0, up.said)
    await page.goBack()
    await heading(page, 'Check before you send')
    await press(page, 'Send')
    await heading(page, 'Sent message')
    const reader = await newPage(await browser())
    await signIn(reader, site, to)
    assert.equal(await reader.locator('.cjsm-list__subject', { hasText: 'over a restart' }).count(), 1)
    await Promise.all([page.context().close(), reader.context().close()])
  },
)
