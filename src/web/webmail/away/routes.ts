// The page on which a person says that they are away, and what is answered for them. G11, RFC 3834
import { daysOfNotice, maxAwayCharacters, noticeOfDays } from '#community/away.ts'
import type { Answer, FieldError } from '#web/answers.ts'
import type { WebDoors } from '#web/doors.ts'
import { type PersonVisit, type Route, route } from '#web/route.ts'
import { patterns, urls } from '#web/urls.ts'
import { folderList } from '#web/webmail/folders/navigation.ts'

interface Typed {
  readonly from: string
  readonly until: string
  readonly text: string
}

const nothing: Typed = { from: '', until: '', text: '' }

/** The page with what was typed, or with the notice that there is. */
async function page(doors: WebDoors, visit: PersonVisit, typed: Typed | null, errors: FieldError[]): Promise<Answer> {
  const folders = await folderList(doors, visit.reader, null)
  const notice = await doors.away.noticeOf(visit.session.who.account)
  const set = notice === null ? null : { ...daysOfNotice(notice), text: notice.text }
  const view = { folders, typed: typed ?? set ?? nothing, set }
  return { kind: 'page', template: 'webmail/away/page.njk', title: 'When you are away', view, errors }
}

async function save(doors: WebDoors, visit: PersonVisit): Promise<Answer> {
  const { who } = visit.session
  const field = (name: keyof Typed) => (visit.form.get(name) ?? '').trim()
  if (visit.form.get('do') === 'off') {
    const refusal = await doors.away.set(who.account, null)
    return refusal ?? { kind: 'redirect', to: urls.away(), notice: { text: 'Nobody is told that you are away.' } }
  }
  const typed = { from: field('from'), until: field('until'), text: field('text').replace(/\r\n?/g, '\n') }
  const errors = whatIsWrong(typed)
  const notice = noticeOfDays(typed.from, typed.until, typed.text)
  if (errors.length > 0 || notice === null) return page(doors, visit, typed, errors)
  const refusal = await doors.away.set(who.account, notice)
  if (refusal?.reason === 'away-notice-is-malformed')
    return page(doors, visit, typed, [
      { field: refusal.about.startsWith('the text') ? 'text' : 'until', text: capital(refusal.about) },
    ])
  return (
    refusal ?? { kind: 'redirect', to: urls.away(), notice: { text: `Your reply is sent from ${typed.from} to ${typed.until}.` } }
  )
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

function whatIsWrong({ from, until, text }: Typed): FieldError[] {
  const isDay = (day: string) => noticeOfDays(day, day, '') !== null
  const errors: FieldError[] = []
  if (!isDay(from)) errors.push({ field: 'from', text: 'The first day must be a date like 2026-12-21' })
  if (!isDay(until)) errors.push({ field: 'until', text: 'The last day must be a date like 2026-12-31' })
  if (errors.length === 0 && until < from) errors.push({ field: 'until', text: 'The last day must not be before the first' })
  if (text === '') errors.push({ field: 'text', text: 'Enter what is answered' })
  else if (text.length > maxAwayCharacters)
    errors.push({
      field: 'text',
      text: `What is answered must have ${maxAwayCharacters.toLocaleString('en-GB')} characters or fewer`,
    })
  return errors
}

/** The journey's routes. */
export const awayRoutes = (doors: WebDoors): Route[] => [
  route({
    method: 'GET',
    url: patterns.away,
    journey: 'webmail/away',
    evidence: { none: 'shows what is the person’s own' },
    who: 'signed-in',
    run: (visit) => page(doors, visit, null, []),
  }),
  route({
    method: 'POST',
    url: patterns.away,
    journey: 'webmail/away',
    evidence: ['AwayNoticeChanged'],
    who: 'signed-in',
    whenExpired: 'keep',
    run: (visit) => save(doors, visit),
  }),
]
