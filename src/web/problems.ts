// Everything that is no page of a journey: refusals, what is not there, and faults, each as one page. A refusal reads as it does in SMTP: clause, fact, remedy, Helpdesk. T00
import { BadCommand, type Refused, Unavailable, isDiskFull } from '#base/faults.ts'
import type { Page } from '#web/answers.ts'

/** What the page of a problem shows. `reference` is the log's id of the request: never the fault's own text. */
export interface ProblemView {
  readonly heading: string
  readonly sentences: readonly string[]
  readonly clause?: string
  readonly reference?: string
}

const problem = (status: number, view: ProblemView): Page => ({
  kind: 'page',
  template: 'layout/problem.njk',
  title: view.heading,
  status,
  view: { problem: view },
})

/** A text as a sentence: refusals say what they are about in part of one; an address that it begins with stays as it is. */
export const sentence = (text: string): string => {
  const begun = /^\S*@/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1)
  return /[.?!]$/.test(begun) ? begun : `${begun}.`
}

/** The page of a refusal (403). */
export const refusalPage = (refusal: Refused): Page =>
  problem(403, {
    heading: 'You cannot do this',
    sentences: [sentence(refusal.about), sentence(refusal.remedy)],
    clause: refusal.clause,
  })

const sentences = {
  400: [
    'There is a problem with the request',
    ['Your browser sent something that this service cannot read.', 'Go back and try again.'],
  ],
  401: ['You are signed out', ['Sign in, and try again.']],
  403: [
    'This form did not come from this service',
    [
      'Your browser says that the request began somewhere else, or the page was open for too long.',
      'Go back, reload the page, and try again. Nothing was changed.',
    ],
  ],
  404: [
    'Page not found',
    ['If you typed or pasted the address, check it.', 'The message or folder may have been moved or deleted.'],
  ],
  405: ['This cannot be done here', ['Use the links and buttons on the pages of this service.']],
  413: ['That is too large', ['What you sent is larger than this page takes.', 'Go back and send less.']],
  414: ['The address is too long', ['Use the links on the pages of this service.']],
  415: ['This cannot be read', ['Your browser sent the form in a way that this page does not take.']],
  429: ['Too many requests', ['Wait a minute, then try again.']],
  503: ['The service cannot do this at the moment', ['Try again in a few minutes. Nothing was lost.']],
} as const satisfies Record<number, readonly [string, readonly string[]]>

/** The page of a status that needs no more words. */
export function problemPage(status: number): Page {
  const [heading, said] = sentences[status as keyof typeof sentences] ?? sentences[400]
  return problem(status in sentences ? status : 400, { heading, sentences: said })
}

/** The page for one who came by a link from another site. */
export const goOnPage = (to: string): Page => ({
  kind: 'page',
  template: 'layout/go-on.njk',
  title: 'Go on to your mail',
  view: { to },
})

/** The page of a guesser who has to wait (429): nobody is locked out. T06 */
export const waitPage = (seconds: number): Page =>
  problem(429, {
    heading: 'Wait before you try again',
    sentences: [
      `There were too many attempts to sign in. You can try again in ${seconds < 60 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`}.`,
      'Your account is not locked.',
    ],
    clause: 'T06',
  })

/** The page of something that was thrown; `isFault` says that it is ours, and belongs into the log as an error. */
export function pageOfThrown(thrown: unknown, reference: string): { page: Page; isFault: boolean } {
  if (thrown instanceof BadCommand) {
    return { page: problem(400, { heading: sentences[400][0], sentences: [sentence(thrown.message)] }), isFault: false }
  }
  const status = (thrown as { statusCode?: unknown } | null)?.statusCode
  if (typeof status === 'number' && status >= 400 && status < 500) return { page: problemPage(status), isFault: false }
  if (thrown instanceof Unavailable || isDiskFull(thrown)) return { page: problemPage(503), isFault: false }
  const page = problem(500, {
    heading: 'Sorry, there is a problem with the service',
    sentences: ['Try again later. If it happens again, tell the Helpdesk the reference.'],
    reference,
  })
  return { page, isFault: true }
}
