// Hostile mail through the whole service: sent by SMTP, read in webmail by a real browser. Nothing runs, nothing is fetched, and nothing leads the window away.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { sql } from '#store/sql.ts'
import { frameSandbox } from '#web/webmail/message/frame.ts'
import { messageOf, partOf, signed } from '#test/support/mail-parts.ts'
import { testService } from '#test/support/service.ts'
import { openSmtpClient } from '#test/support/smtp-client.ts'
import { hostileHtml, setTraps } from '#test/support/traps.ts'

const traps = await setTraps()
const service = await testService()
const prosecutor = service.person('prosecutor')
const solicitor = service.person('solicitor')
const corpus = hostileHtml()
const origin = `https://localhost:${service.faces.web.https.port}`

const smtp = await openSmtpClient(service.faces.submissions.port, prosecutor)
after(() => smtp.close())
for (const { number, name, html } of corpus) {
  const octets = messageOf(
    { From: prosecutor.address, To: solicitor.address, Subject: `${number} ${name}` },
    signed(partOf({ type: 'text/html; charset=utf-8', body: html })),
  )
  const { reply } = await smtp.submit({ from: prosecutor.address, to: [solicitor.address], octets })
  assert.equal(reply.code, 250, `${number} ${name}: ${reply.text}`)
}
const { holder } = (await service.domains.accounts.holdersAt([solicitor.address])).get(solicitor.address)!
const copies = await service.domains.database.rows<{ mailbox: string; uid: number }>(
  sql`select mailbox, uid from copy where holder = ${holder} order by uid`,
)

const pagesApart = process.env.CJSM_LONG === '1' ? 1 : 10

/** Puts frames in the page, as the page of a message has them, and waits until all are there. */
const framesOf = (urls: readonly string[]) => `Promise.all(${JSON.stringify(urls)}.map((url) => new Promise((resolve) => {
  const frame = document.createElement('iframe')
  frame.sandbox = ${JSON.stringify(frameSandbox)}
  frame.onload = resolve
  frame.src = url
  document.body.append(frame)
})))`

/** A browser of its own in which the solicitor is signed in. */
async function signedIn() {
  const context = await traps.browser.newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  await page.goto(`${origin}/sign-in`)
  await page.fill('#user-name', solicitor.userName)
  await page.fill('#password', solicitor.password)
  await page.click('main button[type=submit]')
  await page.waitForURL(/\/mail\//)
  return { context, page }
}

test('a hundred hostile messages are read in webmail: nothing runs, nothing is requested, nothing moves', async () => {
  assert.equal(copies.length, corpus.length)
  const { context, page } = await signedIn()
  const sprung = traps.watch(context, page)
  const wrong: string[] = []
  const foreign = new Set<string>()
  context.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith('data:image/'))
      foreign.add(request.url().slice(0, 100))
  })
  // Each page by itself takes a quarter of a second: by default some, and the frames of all.
  for (const [index, { mailbox, uid }] of copies.entries()) {
    if (index % pagesApart !== 0) continue
    const url = `${origin}/mail/${mailbox}/${uid}`
    const answer = await page.goto(url)
    const { number, name } = corpus[index]!
    if (answer?.status() !== 200) wrong.push(`${number} ${name}: ${answer?.status()}`)
    // What every message begins with is shown in its frame, so that the frame was shown at all.
    const shown = await page
      .frames()[1]
      ?.evaluate('document.body.innerText')
      .catch((fault: Error) => fault.message)
    if (!String(shown).includes(`Message ${number}`) || page.url() !== url)
      wrong.push(`${number} ${name}: ${String(shown).slice(0, 80)}`)
  }
  const frames = copies.map(({ mailbox, uid }) => `/mail/${mailbox}/${uid}/frame/1`)
  await page.evaluate(framesOf(frames))
  for (const [index, frame] of frames.entries()) {
    const shown = await page.frame({ url: `${origin}${frame}` })?.evaluate('document.body.innerText')
    if (!String(shown).includes(`Message ${corpus[index]!.number}`)) wrong.push(`${corpus[index]!.number} in a frame`)
  }
  await traps.settled()
  assert.deepEqual([wrong, [...sprung.ran], [...sprung.reached], [...sprung.moved], [...foreign]], [[], [], [], [], []])

  const own = await context.newPage()
  const first = copies[0]!
  await own.goto(`${origin}/mail/${first.mailbox}/${first.uid}/frame/1`)
  assert.match(await own.evaluate('document.body.innerText'), /Message 001/)
  assert.equal(await own.evaluate('self.origin'), 'null')
  await context.close()
})

test('a link in HTML mail opens a window of its own, and tells neither where it stood nor who follows it', async () => {
  const { context, page } = await signedIn()
  const index = corpus.findIndex(({ name }) => name === 'ping-cite-and-others')
  const { mailbox, uid } = copies[index]!
  await page.goto(`${origin}/mail/${mailbox}/${uid}`)
  const asked = context.waitForEvent('request', (request) => request.url().startsWith('https://x'))
  const opened = context.waitForEvent('page')
  await page.frameLocator('iframe').getByRole('link', { name: 'a' }).click()
  assert.equal(await (await asked).headerValue('referer'), null)
  assert.notEqual(await opened, page)
  assert.equal(page.url(), `${origin}/mail/${mailbox}/${uid}`)
  await context.close()
})
