// The web face's doors: what its journeys need of the domains; each refusal says how to reach the Helpdesk on its page. T00
import { keyOf } from '#community/standing.ts'
import type { WebSessions } from '#identity/web-sessions.ts'
import { theService } from '#keys/epoch.ts'
import type { Mailboxes } from '#mailbox/open-mailboxes.ts'
import type { Domains } from '#roles/domains.ts'
import type { MarkingSet } from '#policy/marking-set.ts'
import type { ClauseShown } from '#policy/rulebook.ts'
import { readRulebook } from '#roles/rulebook.ts'
import type { helpdeskDoors } from '#roles/helpdesk-doors.ts'
import type { WebDoors } from '#web/doors.ts'
import type { WritingDoors } from '#web/webmail/compose/writing-doors.ts'

export interface WebDoorParts {
  readonly domains: Domains
  readonly sessions: WebSessions
  readonly mailboxes: Mailboxes
  readonly writing: WritingDoors
  readonly markings: MarkingSet
  readonly desk: ReturnType<typeof helpdeskDoors>
}

export function webDoors({ domains, sessions, mailboxes, writing, markings, desk }: WebDoorParts): WebDoors {
  const { keys, clock, away, database, evidence } = domains
  let rulebook: readonly ClauseShown[] | undefined
  return {
    now: () => clock.now(),
    sessions,
    mailboxes,
    writing,
    ...desk,
    away: {
      noticeOf: (account) => away.noticeOf(account),
      async set(account, notice) {
        await evidence.introduce([account])
        return database.transaction((tx) => away.setNotice(tx, account, account, notice))
      },
    },
    async schemesOf(address) {
      const key = keyOf(address)
      const standing = key === null ? undefined : (await domains.standingOf([key])).get(key)
      const found =
        standing !== undefined && 'organisation' in standing ? await domains.organisations.find(standing.organisation) : null
      return markings.schemesFor(found?.name ?? '')
    },
    rulebook: () => (rulebook ??= readRulebook()),
    mac: async (text) => (await keys.hashFor(theService, 'web token'))(text),
    sealed: {
      seal: async (account, about, plain) => keys.seal(await keys.lasting(account, 'registers'), about, plain),
      unseal: (account, about, sealed) => keys.unseal(account, 'registers', about, sealed),
    },
  }
}
