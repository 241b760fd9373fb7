// Whether an address may be written to: member, unknown, removed, at a server organisation, or outside. G01, G02, RFC 5321 §4.5.1
import type { Clock } from '#base/clock.ts'
import { domainsNamed, exceptionsFor } from '#community/organisations.sql.ts'
import type { Accounts } from '#identity/accounts.ts'
import { addressKey } from '#mail/address.ts'
import type { Database } from '#store/database.ts'

export type Standing =
  | { readonly standing: 'member'; readonly holder: string; readonly organisation: string }
  | { readonly standing: 'removed' | 'unknown' | 'outside' }
  | { readonly standing: 'server-organisation'; readonly organisation: string; readonly homeAddress: string }

export type StandingOf = (addresses: readonly string[]) => Promise<Map<string, Standing>>

const keepMs = 2_000
const keepAtMost = 50_000

const isPostmaster = (address: string) => address.startsWith('postmaster@')

/**
 * Makes the look-up of standings by address key. What it says may be two seconds old: acceptance looks again in its transaction.
 * The postmaster of every domain with mailboxes here, and of the service itself, is who has the Helpdesk's address.
 */
export function newStandingOf(o: {
  database: Database
  accounts: Accounts
  clock: Clock
  communitySuffix: string
  hostName: string
  /** An address key; null where the Helpdesk has no address. */
  helpdesk: string | null
}): StandingOf {
  const { database, accounts, clock, communitySuffix, hostName, helpdesk } = o
  const kept = new Map<string, { standing: Standing; untilMs: number }>()

  async function look(addresses: readonly string[]): Promise<Map<string, Standing>> {
    const found = new Map<string, Standing>()
    const forHelpdesk = helpdesk !== null && addresses.some(isPostmaster) ? [helpdesk] : []
    const holders = await accounts.holdersAt([...addresses, ...forHelpdesk])
    const heldAt = (address: string): Standing | null => {
      const at = holders.get(address)
      if (at === undefined) return null
      return at.state === 'removed'
        ? { standing: 'removed' }
        : { standing: 'member', holder: at.holder, organisation: at.organisation }
    }
    for (const address of addresses) {
      const held = heldAt(address)
      if (held !== null) found.set(address, held)
    }
    const postmaster = heldAt(helpdesk ?? '') ?? { standing: 'unknown' as const }
    const rest = addresses.filter((address) => !found.has(address))
    if (rest.length === 0) return found
    const domainOf = (address: string) => address.slice(address.lastIndexOf('@') + 1)
    const domains = new Map((await domainsNamed(database, rest.map(domainOf))).map((row) => [row.domain, row]))
    const exceptions = new Map((await exceptionsFor(database, rest)).map((row) => [row.address, row.homeAddress]))
    for (const address of rest) {
      const domain = domains.get(domainOf(address))
      const inside = domain !== undefined || domainOf(address) === communitySuffix || address.endsWith(`.${communitySuffix}`)
      const isOurs = domain?.kind === 'mailbox' || domainOf(address) === communitySuffix || domainOf(address) === hostName
      if (isPostmaster(address) && isOurs) found.set(address, postmaster)
      else if (domain?.kind !== 'server') found.set(address, { standing: inside ? 'unknown' : 'outside' })
      else {
        const homeAddress = exceptions.has(address)
          ? exceptions.get(address)!
          : `${address.slice(0, address.lastIndexOf('@'))}@${domain.homeDomain}`
        found.set(
          address,
          homeAddress === null
            ? { standing: 'unknown' }
            : { standing: 'server-organisation', organisation: domain.organisation, homeAddress },
        )
      }
    }
    return found
  }

  return async (addresses) => {
    const nowMs = clock.monotonic()
    const fresh = new Map<string, Standing>()
    const asked: string[] = []
    for (const address of addresses) {
      const known = kept.get(address)
      if (known !== undefined && known.untilMs > nowMs) fresh.set(address, known.standing)
      else asked.push(address)
    }
    if (asked.length > 0) {
      if (kept.size + asked.length > keepAtMost) kept.clear()
      for (const [address, standing] of await look(asked)) {
        fresh.set(address, standing)
        kept.set(address, { standing, untilMs: nowMs + keepMs })
      }
    }
    return fresh
  }
}

/** The key of an address that may be malformed: null then. */
export function keyOf(address: string): string | null {
  try {
    return addressKey(address)
  } catch {
    return null
  }
}
