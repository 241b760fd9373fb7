// Telling the Helpdesk of a message: that it should not have come, or that it is said to be above RESTRICTED. G01, G05, T07
import { reportReasons } from '#helpdesk/reports.ts'
import { maxReportCharacters } from '#helpdesk/limits.ts'
import type { Answer, FieldError } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import { type PersonVisit, type Route, route } from '#web/route.ts'
import { patterns, urls } from '#web/urls.ts'
import { folderList } from '#web/webmail/folders/navigation.ts'
import { uidOf } from '#web/webmail/folders/uids.ts'

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const notFound: Answer = { kind: 'not-found' }

const reasonWords: Readonly<Record<(typeof reportReasons)[number], string>> = {
  spam: 'It is spam or advertising',
  offensive: 'It is offensive, and not because of the case it is about',
  misdirected: 'It was meant for somebody else',
  other: 'Something else',
}

interface Named {
  readonly mailbox: string
  readonly uid: number
}

const pages = {
  report: { template: 'webmail/report/report.njk', title: 'Report this message' },
  toldAbove: { template: 'webmail/report/told-above.njk', title: 'I was told this is above RESTRICTED' },
} as const

/** One of the two forms about a message, as it was typed; null where the person has no such message. */
async function form(
  doors: WebDoors,
  visit: PersonVisit,
  which: keyof typeof pages,
  said: readonly FieldError[] = [],
): Promise<Answer> {
  const named = namedIn(visit)
  if (named === null) return notFound
  const [copy] = await Array.fromAsync(doors.mailboxes.fetchSummaries(visit.reader, named.mailbox, [named.uid]))
  if (copy === undefined) return notFound
  const chosen = visit.form.get('reason')
  const view = {
    ...named,
    folders: await folderList(doors, visit.reader, named.mailbox),
    reasons: reportReasons.map((value) => ({ value, text: reasonWords[value], checked: value === chosen })),
    words: visit.form.get('words') ?? '',
  }
  return { kind: 'page', ...pages[which], errors: said, view }
}

function namedIn({ params }: PersonVisit): Named | null {
  const { mailbox = '', uid: written = '' } = params
  const uid = uidOf(written)
  return uuid.test(mailbox) && uid !== null ? { mailbox, uid } : null
}

async function tell(doors: WebDoors, visit: PersonVisit, which: keyof typeof pages): Promise<Answer> {
  const named = namedIn(visit)
  if (named === null) return notFound
  const words = visit.form.get('words') ?? ''
  const reason = which === 'toldAbove' ? 'told-above' : reportReasons.find((one) => one === visit.form.get('reason'))
  const wrong =
    words.length > maxReportCharacters ? [{ field: 'words', text: `Write ${maxReportCharacters} characters or fewer` }] : []
  if (reason === undefined) return form(doors, visit, which, [{ field: 'reason', text: 'Choose why you report it' }, ...wrong])
  if (wrong.length > 0) return form(doors, visit, which, wrong)
  const told = await doors.reports.report(visit.reader, named, reason, words)
  if (told === 'gone') return notFound
  if (told !== null) return told
  const text =
    which === 'toldAbove'
      ? 'The Helpdesk was told. Pass this message on to nobody until it is decided: forwarding it is refused meanwhile.'
      : 'The Helpdesk was told of this message.'
  return { kind: 'redirect', to: urls.message(named.mailbox, named.uid), notice: { text } }
}

export const reportRoutes = (doors: WebDoors): Route[] =>
  (['report', 'toldAbove'] as const).flatMap((which) => {
    const of = { url: patterns[which], journey: 'webmail/report', who: 'signed-in' } as const
    return [
      route({
        ...of,
        method: 'GET',
        evidence: { none: 'a form about the person’s own message' },
        run: (visit) => form(doors, visit, which),
      }),
      route({
        ...of,
        method: 'POST',
        evidence: ['IncidentOpened', 'MessageReported'],
        whenExpired: 'keep',
        run: (visit) => tell(doors, visit, which),
      }),
    ]
  })
