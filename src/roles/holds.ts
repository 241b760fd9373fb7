// Held messages put together, and the operator's command on them. T19
import type { Refused } from '#base/faults.ts'
import { type Options, UsageError, needed } from '#cli/command.ts'
import { table } from '#cli/table.ts'
import type { Config } from '#config.ts'
import type { HoldsParts } from '#delivery/decide-hold.ts'
import { type Holds, openHolds } from '#delivery/holds.ts'
import { newNotices } from '#delivery/notices.ts'
import { clamdScanner } from '#delivery/scanner.ts'
import { newSealMessage } from '#delivery/seal-message.ts'
import { openStanding, recordIsHeld } from '#evidence/standing.ts'
import { theService } from '#keys/epoch.ts'
import { openWatcher } from '#mailbox/watch.ts'
import type { Domains } from '#roles/domains.ts'
import { placesOf } from '#roles/places.ts'

type Given = Pick<HoldsParts, 'scanner' | 'hasRoom' | 'recordHeld' | 'announce'> & {
  readonly hostName: string
  /** The page of the rules. */
  readonly rulesUrl?: string
}

/** What stands behind the register of held messages, over the domains. */
export function holdsParts(domains: Domains, given: Given): HoldsParts {
  const { keys, contentStore, clock } = domains
  const sealMessage = newSealMessage({ keys, contentStore, clock })
  return { ...domains, ...given, composeNotice: newNotices({ ...given, sealMessage, clock }) }
}

/** Lists held messages, or decides about one. */
export async function onHolds(
  domains: Domains,
  config: Config,
  options: Options,
  print: (text: string) => void,
): Promise<Refused | null> {
  const [act = ''] = options.words
  const decision = act === 'release' ? 'released' : act === 'refuse' ? 'refused' : null
  if (act !== 'list' && decision === null) throw new UsageError(`${act} is not one of list, release, refuse.`)
  const scanner = clamdScanner(placesOf(config).clamdSocket, config.scanTimeoutMs)
  const watcher = await openWatcher({ ...domains, hears: false })
  const why = await openStanding(domains.database, domains.clock).why()
  const recordHeld = () => (why === null ? null : recordIsHeld(why))
  const given = {
    scanner,
    hasRoom: () => true,
    recordHeld,
    announce: watcher.announce,
    hostName: config.hostName,
    rulesUrl: `${config.publicUrl}/rules`,
  }
  const holds = openHolds(holdsParts(domains, given))
  try {
    if (decision === null) return await listHolds(domains, holds, options, print)
    const id = needed(options, 'id')
    const reason = needed(options, 'reason')
    const decided = await holds.decide(theService, id, decision, reason)
    if ('about' in decided) return decided
    print(`The message is ${decided.state}.`)
    return null
  } finally {
    scanner.close()
    await watcher.close()
  }
}

async function listHolds(domains: Domains, holds: Holds, options: Options, print: (text: string) => void): Promise<null> {
  const { open, decided } = await holds.list()
  const all = [...open, ...decided]
  const people = new Map((await domains.accounts.list()).map((one) => [one.id, one.userName]))
  const rows = all.map((one) => [
    one.id,
    people.get(one.submitter) ?? one.submitter,
    String(one.recipients.length),
    new Date(one.heldMs).toISOString(),
    one.state === 'held' ? `until ${new Date(one.expiresMs).toISOString()}` : one.state,
    one.why,
  ])
  print(
    options.flags.has('json')
      ? JSON.stringify(
          all.map(({ holders: _, ...shown }) => shown),
          null,
          2,
        )
      : table(['held message', 'sender', 'recipients', 'since', 'stands', 'why'], rows),
  )
  return null
}
