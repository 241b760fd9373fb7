// A message that webmail sent in a real instance: its receipt is downloaded and verified with public keys alone, and the whole record stands. G14
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Page, chromium } from 'playwright-core'
import { randomOctets } from '#base/ids.ts'
import { newSigner } from '#keys/note.ts'
import { startInstance } from '#test/support/instance.ts'

const instance = await startInstance()
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
const folder = await mkdtemp(join(tmpdir(), 'cjsm-receipt-'))
after(() => browser.close())
after(() => rm(folder, { recursive: true, force: true }))

/** Signs the prosecutor in, and sends a message to the solicitor; the page says what became of it. */
async function sent(subject: string): Promise<Page> {
  const [sender, recipient] = [instance.person('prosecutor'), instance.person('solicitor')]
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: false })).newPage()
  const origin = `https://localhost:${instance.ports.https}`
  await page.goto(`${origin}/sign-in`)
  await page.fill('#user-name', sender.userName)
  await page.fill('#password', sender.password)
  await page.click('main button[type=submit]')
  await page.goto(`${origin}/write`)
  await page.fill('#to', recipient.address)
  await page.fill('#subject', subject)
  await page.getByRole('button', { name: 'Check and send' }).click()
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByRole('heading', { name: 'Sent message' }).waitFor()
  return page
}

/** Follows a link to a file; returns where it is. */
async function downloaded(page: Page, link: string): Promise<string> {
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: link }).click()
  const receipt = join(folder, 'receipt.json')
  await (await download).saveAs(receipt)
  return receipt
}

test('the sender of a message downloads a receipt that anybody can verify, and every copy is accounted for (G14)', async () => {
  const receipt = await downloaded(await sent('with a receipt'), 'Download the receipt')
  const keys = join(folder, 'keys')
  await writeFile(keys, instance.cjsm('public-keys').stdout)
  const verified = instance.cjsm('verify', receipt, '--key', keys)
  assert.equal(verified.status, 0, verified.stdout + verified.stderr)
  assert.match(verified.stdout, new RegExp(instance.person('solicitor').address.replaceAll('.', '\\.')))
  const all = instance.cjsm('verify', '--all')
  assert.equal(all.status, 0, all.stdout + all.stderr)
})

test('while no witness answers, the browser shows a page that says so, from which the receipt is downloaded as it is (G14)', async () => {
  const settings = join(folder, 'witnessed.json')
  const away = `http://127.0.0.1:1 ${newSigner('tern', 'witness', randomOctets(32)).verifier}`
  await writeFile(settings, JSON.stringify({ witnesses: [away] }))
  assert.equal(instance.cjsm('down').status, 0)
  const up = instance.cjsm(...instance.up, '--config', settings)
  assert.equal(up.status, 0, up.stdout + up.stderr)
  const page = await sent('without a witness')
  await page.getByRole('link', { name: 'Download the receipt' }).click()
  await page.getByText('No witness has cosigned it yet').waitFor()
  const receipt = await downloaded(page, 'Download it as it is')
  const verified = instance.cjsm('verify', receipt, '--key', join(folder, 'keys'), '--witnesses', '0')
  assert.equal(verified.status, 0, verified.stdout + verified.stderr)
})
