// Every page of webmail and every state of it, for whoever looks at them all: the tests of accessibility, and the pictures. Each is reached as a person reaches it.
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { openAssets } from '#web/assets.ts'
import type { Page as PageAnswer } from '#web/answers.ts'
import { goOnPage, pageOfThrown, problemPage, refusalPage, waitPage } from '#web/problems.ts'
import { newRender } from '#web/render.ts'
import { urls } from '#web/urls.ts'
import { refused } from '#base/faults.ts'
import type { TestService } from '#test/support/service.ts'
import { helpdeskStates, type OfficerRole } from '#test/support/helpdesk-world.ts'
import { holdStates, letChoose } from '#test/support/holds-world.ts'
import { makeWorld } from '#test/support/webmail-world.ts'

export type Who = 'stranger' | 'prosecutor' | 'clerk' | OfficerRole

export interface State {
  /** As its picture is called. */
  readonly name: string
  readonly who: Who
  /** Leads a page of that person's browser there. */
  open(page: Page): Promise<unknown>
  /** True where scripts are needed to come there. */
  readonly needsScripts?: true
  /** True for a document that is not a page of ours: a message's own HTML. */
  readonly isForeign?: true
}

/** Shows a page that is not come by at will (a fault, a wait) as the face renders it, at its origin. */
function rendered(origin: string, answer: PageAnswer, person: { name: string; address: string } | null) {
  return async (page: Page) => {
    const context = { title: answer.title, errors: answer.errors ?? [], notice: null, csrf: 'x', person }
    const more = { helpdesk: 'helpdesk@cjsm.test', assets: openAssets().base, nowMs: Date.now() }
    const body = newRender()(answer.template, { ...context, ...more }, answer.view)
    await page.route(`${origin}/rendered`, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body }))
    await page.goto(`${origin}/rendered`)
    await page.unroute(`${origin}/rendered`)
  }
}

/** Fills a service with what a week brings, and lists every state of its pages. */
export async function webmailStates(service: TestService): Promise<State[]> {
  await letChoose(service)
  const world = await makeWorld(service)
  const origin = `https://localhost:${service.faces.web.https.port}`
  const at = (path: string) => (page: Page) => page.goto(`${origin}${path}`)
  const press = async (page: Page, name: string) => {
    const loaded = page.waitForEvent('load')
    await page.getByRole('main').getByRole('button', { name, exact: true }).first().click({ noWaitAfter: true })
    await loaded
  }
  const stranger = (name: string, open: State['open']): State => ({ name, who: 'stranger', open })
  const own = (name: string, open: State['open'], more: Partial<State> = {}): State => ({
    name,
    who: 'prosecutor',
    open,
    ...more,
  })
  const person = { name: service.person('prosecutor').name, address: service.person('prosecutor').address }
  const shown = (name: string, answer: PageAnswer, of: typeof person | null = person) => own(name, rendered(origin, answer, of))
  const { inbox, uids, drafts, sent, copy } = world
  const folder = (name: string) => world.folders.get(name) ?? assert.fail(`no folder ${name} among ${[...world.folders.keys()]}`)
  const special = (name: string) => async (page: Page) => {
    await at(urls.mailbox(inbox))(page)
    await page.goto(`${origin}${await page.locator('.cjsm-folders__link', { hasText: name }).getAttribute('href')}`)
  }
  return [
    stranger('sign-in', at('/sign-in')),
    stranger('sign-in-errors', async (page) => {
      await at('/sign-in')(page)
      await press(page, 'Sign in')
    }),
    stranger('new-browser', at('/new-browser')),
    stranger('new-browser-errors', async (page) => {
      await at('/new-browser')(page)
      await press(page, 'Set up and sign in')
    }),
    stranger('signed-out', at('/signed-out')),
    stranger('help', at('/help')),
    stranger('markings', at('/help/markings')),
    stranger('accessibility', at('/help/accessibility')),
    stranger('rules', at('/rules')),
    stranger('cookies', at('/help/cookies')),
    shown(
      'sign-in-again',
      {
        kind: 'page',
        template: 'sign-in/page.njk',
        title: 'Sign in again',
        view: { userName: 'priya.raman', next: '/', kept: 'sealed' },
      },
      null,
    ),
    shown('continue', {
      kind: 'page',
      template: 'sign-in/continue.njk',
      title: 'You are signed in again',
      view: { form: { action: '/write', fields: [['text', 'Dear Miriam']] } },
    }),
    shown(
      'needs-code',
      {
        kind: 'page',
        template: 'sign-in/needs-code.njk',
        title: 'This browser is not one of your computers',
        view: { next: '/', remedy: 'Ask your organisation’s administrator for a code.' },
      },
      null,
    ),
    shown('go-on', goOnPage('/'), null),
    shown('fault', pageOfThrown(new Error('a fault'), '1f2e3d4c5b6a7988').page),
    shown('unavailable', problemPage(503)),
    shown('wait', waitPage(240), null),
    shown(
      'refused',
      refusalPage(
        refused('T21', 'country-is-not-let-in', 'this connection comes from elsewhere', 'Ask the Helpdesk before you travel.'),
      ),
      null,
    ),
    own('not-found', at('/nowhere')),
    own('wrong-method', at(urls.signOut())),
    own('forged', async (page) => {
      await at('/folders')(page)
      await page.locator('main input[name="csrf"]').first().evaluate('(field) => { field.value = "wrong" }')
      await press(page, 'Make the folder')
    }),
    own('help-signed-in', at('/help')),

    own('inbox', at(urls.mailbox(inbox))),
    own('inbox-older', async (page) => {
      await at(urls.mailbox(inbox))(page)
      await page.getByRole('link', { name: 'Older messages' }).click()
      await page.getByRole('link', { name: 'Newer messages' }).waitFor()
    }),
    { name: 'inbox-empty', who: 'clerk', open: at(urls.mailbox(world.emptyInbox)) },
    own('list-error', async (page) => {
      await at(urls.mailbox(inbox))(page)
      await press(page, 'Delete')
    }),
    own('trash-empty', special('Trash')),
    own('list-notice', async (page) => {
      await at(urls.mailbox(inbox))(page)
      await page.locator('#messages input[name="uid"]').last().check()
      await press(page, 'Delete')
    }),
    own('trash-confirm', async (page) => {
      await special('Trash')(page)
      await page.locator('#messages input[name="uid"]').first().check()
      await press(page, 'Delete for ever')
    }),
    own('folder-drafts', special('Drafts')),
    own('folder-sent', special('Sent')),
    own('folders', at(urls.folders())),
    own('folders-error', async (page) => {
      await at(urls.folders())(page)
      await press(page, 'Make the folder')
    }),
    own('folder-rename', at(urls.folderRename(folder('Training')))),
    own('folder-rename-error', async (page) => {
      await at(urls.folderRename(folder('Training')))(page)
      await page.fill('#name', 'Cases')
      await press(page, 'Rename')
    }),
    own('folder-delete', at(urls.folderDelete(folder('Training')))),
    own('folder-delete-error', async (page) => {
      await at(urls.folderDelete(folder('Cases')))(page)
      await press(page, 'Delete the folder')
    }),

    own('message', at(urls.message(inbox, uids.marked))),
    own('message-html', at(urls.message(inbox, uids.html))),
    own('message-as-text', at(urls.message(inbox, uids.html, { as: 'text' }))),
    own('message-frame', at(urls.messageFrame(inbox, uids.html, '2')), { isForeign: true }),
    own('message-attachments', at(urls.message(inbox, uids.files))),
    own('message-within', at(urls.messageWithin(inbox, uids.files, '5'))),
    own('message-sent', at(urls.message(copy.mailbox, copy.uid))),

    own('write', at(urls.write())),
    own(
      'write-suggestions',
      async (page) => {
        await at(urls.write())(page)
        await page.locator('#to').pressSequentially('mir')
        await page.locator('[role=option]').first().waitFor()
      },
      { needsScripts: true },
    ),
    own('write-draft', at(urls.writeDraft(drafts.whole))),
    own('reply', at(urls.answer(inbox, uids.marked, 'reply'))),
    own('forward', at(urls.answer(inbox, uids.files, 'forward'))),
    own('conflict', async (page) => {
      await at(urls.writeDraft(drafts.whole))(page)
      await page.locator('[name="version"]').evaluate('(field) => { field.value = "0" }')
      await page.fill('#text', 'Dear Miriam\n\nAnother text, from another window.')
      await press(page, 'Save draft')
    }),
    own('files', at(urls.writeFiles(drafts.whole))),
    own('files-none', at(urls.writeFiles(drafts.blank))),
    own('files-error', async (page) => {
      await at(urls.writeFiles(drafts.blank))(page)
      await press(page, 'Attach')
    }),
    own('people', at(`/write/${drafts.whole}/people?field=to`)),
    own('people-found', at(`/write/${drafts.whole}/people?field=to&q=westmarch`)),
    own('people-none', at(`/write/${drafts.whole}/people?field=to&q=nobody-of-that-name`)),
    own('check', at(urls.writeCheck(drafts.whole))),
    own('check-refused', at(urls.writeCheck(drafts.partly))),
    own('check-declared-error', async (page) => {
      await at(urls.writeCheck(drafts.partly))(page)
      await page.locator('#ground').check()
      await press(page, 'Declare this')
    }),
    own('away', at(urls.away())),
    own('away-error', async (page) => {
      await at(urls.away())(page)
      await page.fill('#from', 'next week')
      await press(page, 'Save')
    }),
    own('away-on', async (page) => {
      await at(urls.away())(page)
      await page.fill('#from', new Date().toISOString().slice(0, 10))
      await page.fill('#until', new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10))
      await page.fill('#text', 'I am back on Monday. Urgent matters: the clerks, 020 7946 0000.')
      await press(page, 'Save')
      await page.getByRole('button', { name: 'I am back' }).waitFor()
    }),
    own('check-problems', at(urls.writeCheck(drafts.wrong))),
    own('check-nobody', at(urls.writeCheck(drafts.blank))),
    own('drafts', at(urls.drafts())),
    { name: 'drafts-none', who: 'clerk', open: at(urls.drafts()) },
    own('draft-delete', at(urls.writeDelete(drafts.whole))),
    own('sent', at(urls.writeSent(sent))),
    own('no-receipt', at(urls.writeReceipt(sent, service.person('solicitor').address))),
    own('nothing-known', at(urls.sentOf(inbox, uids.marked))),

    ...(await helpdeskStates(service, inbox, at)),
    ...(await holdStates(service, inbox, at)),
  ]
}
