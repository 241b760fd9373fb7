// The parts of the Helpdesk's console, in the order of its navigation; each part is a folder beside this one. Every page of it is for officers only.
import type { PersonRoute } from '#web/route.ts'
import { urls } from '#web/urls.ts'

/** What every route of the console states. */
export const ofConsole = { journey: 'helpdesk', who: 'signed-in', isForOfficers: true } as const satisfies Partial<PersonRoute>

export const sections = [
  { id: 'incidents', text: 'Incidents', href: urls.helpdesk() },
  { id: 'holds', text: 'Held messages', href: urls.helpdeskHolds() },
  { id: 'permits', text: 'Permits', href: urls.helpdeskPermits() },
] as const

/** The navigation of a page in one of them, for helpdesk/console.njk. */
export const sectionsWith = (current: (typeof sections)[number]['id']) =>
  sections.map((one) => ({ ...one, isCurrent: one.id === current }))
