// The web face's doors: what its journeys need of the domains; each refusal says how to reach the Helpdesk on its page. T00
import type { WebSessions } from '#identity/web-sessions.ts'
import { theService } from '#keys/epoch.ts'
import type { Mailboxes } from '#mailbox/open-mailboxes.ts'
import type { Domains } from '#roles/domains.ts'
import type { ClauseShown } from '#policy/rulebook.ts'
import { readRulebook } from '#roles/rulebook.ts'
import type { WebDoors } from '#web/doors.ts'
import type { WritingDoors } from '#web/webmail/compose/writing-doors.ts'

export interface WebDoorParts {
  readonly domains: Domains
  readonly sessions: WebSessions
  readonly mailboxes: Mailboxes
  readonly writing: WritingDoors
}

export function webDoors({ domains, sessions, mailboxes, writing }: WebDoorParts): WebDoors {
  const { keys, clock } = domains
  let rulebook: readonly ClauseShown[] | undefined
  return {
    now: () => clock.now(),
    sessions,
    mailboxes,
    writing,
    rulebook: () => (rulebook ??= readRulebook()),
    mac: async (text) => (await keys.hashFor(theService, 'web token'))(text),
    sealed: {
      seal: async (account, about, plain) => keys.seal(await keys.lasting(account, 'registers'), about, plain),
      unseal: (account, about, sealed) => keys.unseal(account, 'registers', about, sealed),
    },
  }
}
