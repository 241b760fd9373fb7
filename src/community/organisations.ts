// Organisations: what they are, whether they adopted the marking scheme, which domains are theirs. G06, G07, T00
import type { Clock } from '#base/clock.ts'
import { type Refused, refused } from '#base/faults.ts'
import { newId } from '#base/ids.ts'
import {
  type OrganisationRow,
  changeOrganisation,
  domainsNamed,
  insertDomain,
  insertException,
  insertOrganisation,
  organisationById,
  organisationKept,
  organisations,
} from '#community/organisations.sql.ts'
import type { Evidence } from '#evidence/record.ts'
import type { Accounts, OrganisationState } from '#identity/accounts.ts'
import { keyOf } from '#community/standing.ts'
import type { Wording } from '#policy/signature-block.ts'
import type { Database, Transaction } from '#store/database.ts'

export type { OrganisationRow as Organisation } from '#community/organisations.sql.ts'

export interface NewOrganisation {
  readonly name: string
  readonly kind: string
  readonly adopter: boolean
  readonly parent: string | null
}

export interface FoundOrganisation {
  readonly name: string
  readonly adopter: boolean
  readonly wording: Wording
}

export interface Organisations {
  create(tx: Transaction, actor: string, organisation: NewOrganisation): Promise<{ kind: 'created'; id: string } | Refused>
  /**
   * Changes whether it adopted the scheme, or its state, in which none of its people can do more than it says; what is left out stays. Returns
   * what was, and how many people it has; null when there is none of that id.
   */
  change(
    tx: Transaction,
    actor: string,
    organisation: string,
    change: { readonly adopter?: boolean; readonly state?: OrganisationState },
    reason: string,
  ): Promise<{ was: { adopter: boolean; state: OrganisationState }; people: number } | null>
  /** The state of an organisation, which then stays until commit. */
  stateOf(tx: Transaction, organisation: string): Promise<OrganisationState>
  /** Gives an organisation a domain whose mailboxes are held here; a reason stands in its record. */
  addMailboxDomain(tx: Transaction, actor: string, organisation: string, domain: string, reason?: string): Promise<null | Refused>
  /** Gives a server organisation its community domain: the home domain with the community suffix behind it. */
  addServerDomain(
    tx: Transaction,
    actor: string,
    organisation: string,
    homeDomain: string,
    reason?: string,
  ): Promise<{ kind: 'added'; domain: string } | Refused>
  /** Maps one community address of a server domain to another home address, or to none. */
  addException(tx: Transaction, actor: string, address: string, homeAddress: string | null): Promise<null | Refused>
  list(): Promise<OrganisationRow[]>
  /** Name, adoption and wording of one, kept for a few seconds. */
  find(id: string): Promise<FoundOrganisation | null>
}

const domainForm = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/
const keepMs = 5_000

export function openOrganisations(o: {
  database: Database
  evidence: Evidence
  accounts: Accounts
  clock: Clock
  communitySuffix: string
}): Organisations {
  const { database, evidence, accounts, clock, communitySuffix } = o
  const kept = new Map<string, { found: FoundOrganisation | null; untilMs: number }>()

  async function addDomain(
    tx: Transaction,
    actor: string,
    organisation: string,
    domain: string,
    homeDomain: string | null,
    reason?: string,
  ): Promise<null | Refused> {
    if (!domainForm.test(domain))
      return refused(
        'T00',
        'domain-is-malformed',
        `${domain.slice(0, 80)} is not a domain name of at most 253 octets`,
        'Write it as in firm.example, in lower case.',
      )
    const kind = homeDomain === null ? 'mailbox' : 'server'
    if ((await insertDomain(tx, domain, organisation, kind, homeDomain)) === 0) {
      return refused(
        'T00',
        'domain-is-taken',
        `the domain ${domain} belongs to an organisation already`,
        'Check the name: a domain stays with its organisation.',
      )
    }
    await evidence.write(tx, {
      event: 'DomainAdded',
      actor,
      about: organisation,
      details: [{ organisation, domain, kind, homeDomain, ...(reason === undefined ? {} : { reason }) }],
    })
    return null
  }

  return {
    async create(tx, actor, organisation) {
      if (!/^[a-z][a-z-]{1,39}$/.test(organisation.kind))
        return refused(
          'T00',
          'organisation-kind-is-malformed',
          'the kind is not a word in lower case',
          'Use a word such as police, prosecution, solicitors or chambers.',
        )
      const name = organisation.name.normalize('NFC').trim()
      if (name.length === 0 || name.length > 200)
        return refused(
          'T00',
          'organisation-name-is-malformed',
          'the name is empty or over 200 characters',
          'Give the name it is known by.',
        )
      const id = newId(clock.now())
      const made = await insertOrganisation(tx, { ...organisation, name, id, createdMs: clock.now() })
      if (made === 0)
        return refused('T00', 'organisation-exists', `there is an organisation called ${name}`, 'Use that one, or another name.')
      await evidence.write(tx, {
        event: 'OrganisationCreated',
        actor,
        about: id,
        details: [
          { organisation: id, name, kind: organisation.kind, adopter: organisation.adopter, parent: organisation.parent },
        ],
      })
      return { kind: 'created', id }
    },
    async change(tx, actor, organisation, change, reason) {
      const [was] = await organisationKept(tx, organisation)
      if (was === undefined) return null
      const is = { ...was, ...change }
      await changeOrganisation(tx, organisation, is.adopter, is.state)
      const people = await accounts.setOrganisationState(tx, organisation, is.state)
      const details = [{ organisation, was, is, people, reason }]
      await evidence.write(tx, { event: 'OrganisationChanged', actor, about: organisation, details })
      return { was, people }
    },
    async stateOf(tx, organisation) {
      const [row] = await organisationKept(tx, organisation)
      return row?.state ?? 'active'
    },
    addMailboxDomain(tx, actor, organisation, domain, reason) {
      if (!domain.endsWith(`.${communitySuffix}`)) {
        return Promise.resolve(
          refused(
            'G01',
            'domain-is-outside-the-community',
            `${domain.slice(0, 80)} does not end in .${communitySuffix}`,
            'Mailboxes have addresses with the community suffix.',
          ),
        )
      }
      return addDomain(tx, actor, organisation, domain, null, reason)
    },
    async addServerDomain(tx, actor, organisation, homeDomain, reason) {
      const domain = `${homeDomain}.${communitySuffix}`
      return (await addDomain(tx, actor, organisation, domain, homeDomain, reason)) ?? { kind: 'added', domain }
    },
    async addException(tx, actor, address, homeAddress) {
      const key = keyOf(address)
      if (key === null || (homeAddress !== null && keyOf(homeAddress) === null)) {
        return refused(
          'T00',
          'address-is-malformed',
          'one of the addresses is not one, or is longer than 254 octets',
          'Write it as name@domain.',
        )
      }
      const [domain] = await domainsNamed(tx, [key.slice(key.lastIndexOf('@') + 1)])
      if (domain?.kind !== 'server') {
        return refused(
          'T00',
          'domain-is-not-a-server-organisations',
          `${address.slice(0, 80)} is not in the domain of an organisation with a mail server of its own`,
          'Check the address, or add the domain first.',
        )
      }
      await insertException(tx, key, domain.domain, homeAddress)
      await evidence.write(tx, {
        event: 'AddressMappingChanged',
        actor,
        about: domain.organisation,
        details: [{ exception: address, homeAddress }],
      })
      return null
    },
    list: () => organisations(database),
    async find(id) {
      const known = kept.get(id)
      if (known !== undefined && known.untilMs > clock.monotonic()) return known.found
      const [row] = await organisationById(database, id)
      const found = row === undefined ? null : foundIn(row)
      if (kept.size > 20_000) kept.clear()
      kept.set(id, { found, untilMs: clock.monotonic() + keepMs })
      return found
    },
  }
}

function foundIn({
  name,
  adopter,
  statement,
  statementFor,
  unsigned,
  unscannable,
}: { name: string; adopter: boolean } & Wording): FoundOrganisation {
  return { name, adopter, wording: { statement, statementFor, unsigned, unscannable } }
}
