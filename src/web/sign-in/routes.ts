// Sign in with user name and password, make a browser one's computer by a code, and sign out. T06, G17, T03
import { maxCredentials } from '#identity/computers.ts'
import type { WebSignedIn } from '#identity/web-sessions.ts'
import { networkOf } from '#net/remote-address.ts'
import type { Answer, FieldError, Page } from '#web/answers.ts'
import { cookieNames } from '#web/cookies.ts'
import type { WebDoors } from '#web/doors.ts'
import { openKeptForm } from '#web/kept-form.ts'
import { computerCookieMs, maxSignInFormOctets, smallFormOctets } from '#web/limits.ts'
import { refusalPage, waitPage } from '#web/problems.ts'
import { type Route, type Visit, route } from '#web/route.ts'
import { browserNameOf } from '#web/sign-in/browser-name.ts'
import { isOwnPath, patterns, urls } from '#web/urls.ts'

const journey = 'sign-in'

interface FormView {
  readonly userName: string
  /** Where one wanted to go. */
  readonly next: string
  /** A form that was cut off, sealed; empty when there is none. */
  readonly kept: string
}

interface Asked extends FormView {
  readonly template: string
  readonly title: string
  /** Null on the sign-in page, which asks for none. */
  readonly code: string | null
}

const formPage = (asked: Asked, errors: readonly FieldError[] = []): Page => {
  const { template, title, userName, next, kept } = asked
  return { kind: 'page', template, title, view: { userName, next, kept } satisfies FormView, errors }
}

/** What makes the browser a computer: of each person who signs in there, so that two who share one do not lose it to each other. */
const credentialsOf = (visit: Visit): string[] =>
  (visit.cookie(cookieNames.computer) ?? '').split('.').filter((one) => /^[\w-]{1,100}$/.test(one))

const nextOf = (given: string | null): string => (given !== null && isOwnPath(given) ? given : urls.home())

function missing({ userName, code }: Asked, password: string): FieldError[] {
  const wrong: (FieldError | false)[] = [
    userName === '' && { field: 'user-name', text: 'Enter your user name' },
    password === '' && { field: 'password', text: 'Enter your password' },
    code === '' && { field: 'code', text: 'Enter the code for this browser' },
  ]
  return wrong.filter((error) => error !== false)
}

async function signIn(doors: WebDoors, visit: Visit, template: string, title: string, code: string | null): Promise<Answer> {
  const text = (name: string) => visit.form.get(name) ?? ''
  const asked: Asked = {
    template,
    title,
    code,
    userName: text('user-name').trim(),
    next: nextOf(visit.form.get('next')),
    kept: text('kept'),
  }
  const errors = missing(asked, text('password'))
  if (errors.length > 0) return formPage(asked, errors)
  const answer = await doors.sessions.signIn({
    userName: asked.userName,
    password: text('password'),
    browser: { credentials: credentialsOf(visit), code, name: browserNameOf(visit.header('user-agent') ?? '') },
    remoteAddress: visit.remoteAddress,
    network: networkOf(visit.remoteAddress),
  })
  if (answer.kind === 'wait') {
    const seconds = Math.max(1, Math.ceil((answer.untilMs - doors.now()) / 1000))
    visit.setHeader('retry-after', `${seconds}`)
    return waitPage(seconds)
  }
  if (answer.kind === 'signed-in') return enter(doors, visit, asked, answer)
  if (answer.reason === 'sign-in-failed')
    return formPage(asked, [{ field: 'user-name', text: 'The user name or the password is not right' }])
  if (answer.reason === 'enrolment-code-is-wrong')
    return formPage(asked, [{ field: 'code', text: 'The code is not right, was used before, or is older than 24 hours' }])
  if (answer.reason === 'browser-is-not-enrolled') return newBrowserNeeded(asked, answer.remedy)
  return refusalPage(answer)
}

const newBrowserNeeded = ({ next }: Asked, remedy: string): Page => ({
  kind: 'page',
  template: 'sign-in/needs-code.njk',
  title: 'This browser is not one of your computers',
  status: 403,
  view: { next, remedy },
})

/** Hands the browser its cookies and leads on: to where one wanted to go, or to the form that was cut off. */
async function enter(doors: WebDoors, visit: Visit, asked: Asked, answer: WebSignedIn): Promise<Answer> {
  const { session } = answer
  const { found } = visit.presence
  if (found?.kind === 'open') await doors.sessions.signOut(found.session, visit.remoteAddress)
  visit.setCookie(cookieNames.session, answer.token)
  visit.setCookie(cookieNames.visit, null)
  const credentials = answer.credential === null ? credentialsOf(visit) : [answer.credential, ...credentialsOf(visit)]
  visit.setCookie(cookieNames.computer, credentials.slice(0, maxCredentials).join('.'), { maxAgeMs: computerCookieMs })
  visit.presence.adopt({ kind: 'open', session })
  if (asked.kept === '') return { kind: 'redirect', to: asked.next }
  const form = await openKeptForm(doors, session, asked.kept)
  if (form === null) {
    return {
      kind: 'redirect',
      to: urls.home(),
      notice: { text: 'What was being written was somebody else’s, and was not taken over.' },
    }
  }
  return { kind: 'page', template: 'sign-in/continue.njk', title: 'You are signed in again', view: { form } }
}

/** Ends the session, also one that has expired; without one there is nothing to do. */
async function signOut(doors: WebDoors, visit: Visit): Promise<Answer> {
  const { found } = visit.presence
  if (found?.kind === 'open' || found?.kind === 'expired') await doors.sessions.signOut(found.session, visit.remoteAddress)
  visit.setCookie(cookieNames.session, null)
  visit.setCookie(cookieNames.notice, null)
  return { kind: 'redirect', to: urls.signedOut() }
}

export function signInRoutes(doors: WebDoors): Route[] {
  const form = (template: string, title: string, code: string | null) => async (visit: Visit) => {
    const next = nextOf(visit.query.get('next'))
    if (visit.presence.session !== null) return { kind: 'redirect', to: next } as const
    return formPage({ template, title, code, userName: '', next, kept: '' })
  }
  const none = { none: 'shows a form' }
  const journeyOf = { journey, who: 'anyone' } as const
  const title = 'Sign in'
  const newTitle = 'Set up this browser'
  return [
    route({
      ...journeyOf,
      method: 'GET',
      url: patterns.signIn,
      evidence: none,
      run: form('sign-in/page.njk', title, null),
    }),
    route({
      ...journeyOf,
      method: 'POST',
      url: patterns.signIn,
      evidence: ['SignIn', 'SignInFailure', 'DeviceCredentialIssued'],
      maxOctets: maxSignInFormOctets,
      run: (visit) => signIn(doors, visit, 'sign-in/page.njk', title, null),
    }),
    route({
      ...journeyOf,
      method: 'GET',
      url: patterns.newBrowser,
      evidence: none,
      run: form('sign-in/new-browser.njk', newTitle, ''),
    }),
    route({
      ...journeyOf,
      method: 'POST',
      url: patterns.newBrowser,
      evidence: ['SignIn', 'SignInFailure', 'DeviceCredentialIssued'],
      maxOctets: smallFormOctets,
      run: (visit) => signIn(doors, visit, 'sign-in/new-browser.njk', newTitle, (visit.form.get('code') ?? '').trim()),
    }),
    route({
      ...journeyOf,
      method: 'POST',
      url: patterns.signOut,
      evidence: ['SignOut'],
      maxOctets: smallFormOctets,
      run: (visit) => signOut(doors, visit),
    }),
    route({
      ...journeyOf,
      method: 'GET',
      url: patterns.signedOut,
      evidence: { none: 'says what was done' },
      run: async () => ({ kind: 'page', template: 'sign-in/signed-out.njk', title: 'You are signed out', view: {} }),
    }),
  ]
}
