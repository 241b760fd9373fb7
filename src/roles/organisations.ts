// The operator's commands on organisations: what they are, whether they adopted the scheme, in what state they are, and their domains. G02, G06, T00
import type { Refused } from '#base/faults.ts'
import { type Options, UsageError, needed } from '#cli/command.ts'
import { table } from '#cli/table.ts'
import type { OrganisationState } from '#identity/accounts.ts'
import { theService } from '#keys/epoch.ts'
import type { Domains } from '#roles/domains.ts'
import { named } from '#roles/named.ts'
import type { Database, Transaction } from '#store/database.ts'

type Print = (text: string) => void

const states: readonly OrganisationState[] = ['active', 'sending-suspended', 'suspended']
const schemes = ['adopter', 'none'] as const

export async function listOrganisations({ organisations }: Domains, options: Options, print: Print): Promise<null> {
  const all = await organisations.list()
  const rows = all.map((one) => [
    one.name,
    one.kind,
    one.adopter ? 'adopter' : '',
    one.state === 'active' ? '' : one.state,
    [...one.mailboxDomains, ...one.serverDomains.map((domain) => `${domain} (server)`)].join(', '),
  ])
  print(
    options.flags.has('json')
      ? JSON.stringify(all, null, 2)
      : table(['organisation', 'kind', 'scheme', 'state', 'domains'], rows),
  )
  return null
}

export async function addOrganisation(domains: Domains, options: Options, print: Print): Promise<Refused | null> {
  const { organisations, database } = domains
  const parent = options.values.get('parent')
  const organisation = {
    name: needed(options, 'name'),
    kind: needed(options, 'kind'),
    adopter: options.flags.has('adopter'),
    parent: parent === undefined ? null : (await named(domains, parent)).id,
  }
  const domain = domainIn(options)
  if (domain === null) throw new UsageError('--domain is missing.')
  const refusal = await committedUnlessRefused(database, async (tx) => {
    const made = await organisations.create(tx, theService, organisation)
    return made.kind === 'refused' ? made : domain.give(domains, tx, made.id)
  })
  if (refusal === null) print(`${organisation.name} was added, with ${domain.name}.`)
  return refusal
}

/** Changes what an organisation is, or gives it another domain. */
export async function setOrganisation(domains: Domains, options: Options, print: Print): Promise<Refused | null> {
  const { id, name } = await named(domains, options.words[0] ?? '')
  const [state, scheme] = [choiceOf(options, 'state', states), choiceOf(options, 'scheme', schemes)]
  const domain = domainIn(options)
  if (state === null && scheme === null && domain === null)
    throw new UsageError('set-organisation needs --state, --scheme, --domain or --server-domain.')
  const reason = needed(options, 'reason')
  const change = { ...(state === null ? {} : { state }), ...(scheme === null ? {} : { adopter: scheme === 'adopter' }) }
  const said: string[] = []
  const refusal = await committedUnlessRefused(domains.database, async (tx) => {
    if (state !== null || scheme !== null) {
      const changed = await domains.organisations.change(tx, theService, id, change, reason)
      if (state !== null) said.push(`${name} was ${changed!.was.state} and is ${state} now, with ${people(changed!.people)}.`)
      if (scheme !== null) said.push(`${name} ${scheme === 'adopter' ? 'has adopted the scheme' : 'has not adopted the scheme'}.`)
    }
    if (domain !== null) said.push(`${name} has the domain ${domain.name} now.`)
    return domain === null ? null : domain.give(domains, tx, id, reason)
  })
  if (refusal === null) print(said.join('\n'))
  return refusal
}

/** Says which home address a community address of a server organisation stands for, where it does not follow its domain. */
export async function mapAddress(domains: Domains, options: Options, print: Print): Promise<Refused | null> {
  const [address = ''] = options.words
  const isNobody = options.flags.has('nobody')
  const home = isNobody ? null : needed(options, 'home')
  if (isNobody && options.values.has('home')) throw new UsageError('--home and --nobody exclude each other.')
  const refusal = await domains.database.transaction((tx) => domains.organisations.addException(tx, theService, address, home))
  if (refusal === null) print(home === null ? `${address} is nobody’s now.` : `${address} stands for ${home} now.`)
  return refusal
}

/** The domain that the options name, and how an organisation is given it; null when they name none. */
function domainIn(options: Options) {
  const [mailbox, home] = [options.values.get('domain'), options.values.get('server-domain')]
  if (home !== undefined && mailbox !== undefined) throw new UsageError('--domain and --server-domain exclude each other.')
  const name = home ?? mailbox
  if (name === undefined || name === '') return null
  return {
    name,
    async give({ organisations }: Domains, tx: Transaction, organisation: string, reason?: string): Promise<Refused | null> {
      if (home === undefined) return organisations.addMailboxDomain(tx, theService, organisation, name, reason)
      const added = await organisations.addServerDomain(tx, theService, organisation, name, reason)
      return added.kind === 'refused' ? added : null
    },
  }
}

/** Runs a transaction that is rolled back where its work is refused. */
async function committedUnlessRefused(
  database: Database,
  work: (tx: Transaction) => Promise<Refused | null>,
): Promise<Refused | null> {
  let refusal: Refused | null = null
  try {
    await database.transaction(async (tx) => {
      refusal = await work(tx)
      if (refusal !== null) throw new Error('refused')
    })
  } catch (fault) {
    if (refusal === null) throw fault
  }
  return refusal
}

function choiceOf<T extends string>(options: Options, name: string, all: readonly T[]): T | null {
  const given = options.values.get(name)
  if (given === undefined) return null
  const found = all.find((one) => one === given)
  if (found === undefined) throw new UsageError(`--${name} is one of ${all.join(', ')}.`)
  return found
}

const people = (count: number) => (count === 1 ? '1 account' : `${count} accounts`)
