// A message that webmail sent in a real instance: its receipt is downloaded and verified with public keys alone, and the whole record stands. G14
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { chromium } from 'playwright-core'
import { startInstance } from '#test/support/instance.ts'

const instance = await startInstance()
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
const folder = await mkdtemp(join(tmpdir(), 'cjsm-receipt-'))
after(() => browser.close())
after(() => rm(folder, { recursive: true, force: true }))

test('the sender of a message downloads a receipt that anybody can verify, and every copy is accounted for (G14)', async () => {
  const [sender, recipient] = [instance.person('prosecutor'), instance.person('solicitor')]
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: false })).newPage()
  const origin = `https://localhost:${instance.ports.https}`
  await page.goto(`${origin}/sign-in`)
  await page.fill('#user-name', sender.userName)
  await page.fill('#password', sender.password)
  await page.click('main button[type=submit]')
  await page.goto(`${origin}/write`)
  await page.fill('#to', recipient.address)
  await page.fill('#subject', 'with a receipt')
  await page.getByRole('button', { name: 'Check and send' }).click()
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByRole('heading', { name: 'Sent message' }).waitFor()
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Download the receipt' }).click()
  const receipt = join(folder, 'receipt.json')
  await (await download).saveAs(receipt)
  const keys = join(folder, 'keys')
  await writeFile(keys, instance.cjsm('public-keys').stdout)
  const verified = instance.cjsm('verify', receipt, '--key', keys)
  assert.equal(verified.status, 0, verified.stdout + verified.stderr)
  assert.match(verified.stdout, new RegExp(recipient.address.replaceAll('.', '\\.')))
  const all = instance.cjsm('verify', '--all')
  assert.equal(all.status, 0, all.stdout + all.stderr)
})
