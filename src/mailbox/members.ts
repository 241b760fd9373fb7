// Opening an account: the person, their address in one of their organisation's domains, their mailboxes and their first computer, in one transaction.
import type { Clock } from '#base/clock.ts'
import { type Refused, refused } from '#base/faults.ts'
import type { Organisations } from '#community/organisations.ts'
import type { Evidence } from '#evidence/record.ts'
import type { Accounts, NewAccount } from '#identity/accounts.ts'
import type { Keys } from '#keys/keys.ts'
import { createStandardMailboxes } from '#mailbox/mailboxes.ts'
import type { Database } from '#store/database.ts'

export interface OpenedAccount {
  readonly kind: 'opened'
  readonly id: string
  readonly computer: string
  /** Shown once. */
  readonly devicePassword: string
}

export interface Members {
  /** Opens an account with its standard mailboxes and a credential for its first computer; refuses an address outside the organisation's mailbox domains. */
  openAccount(actor: string, account: NewAccount, firstComputer: string): Promise<OpenedAccount | Refused>
}

/** Carries a refusal out of a transaction that must not be committed. */
class Rollback extends Error {
  readonly refusal: Refused
  constructor(refusal: Refused) {
    super('rolled back')
    this.refusal = refusal
  }
}

export function openMembers(o: {
  database: Database
  keys: Keys
  evidence: Evidence
  clock: Clock
  accounts: Accounts
  organisations: Organisations
}): Members {
  return {
    async openAccount(actor, account, firstComputer) {
      const organisation = (await o.organisations.list()).find((one) => one.id === account.organisation)
      const domain = account.address.slice(account.address.lastIndexOf('@') + 1).toLowerCase()
      if (!organisation?.mailboxDomains.includes(domain)) {
        return refused(
          'G01',
          'address-is-outside-the-organisation',
          `${account.address.slice(0, 80)} is not in a mailbox domain of the organisation`,
          'Use one of its domains, or add the domain first.',
        )
      }
      try {
        return await o.database.transaction(async (tx) => {
          const organisationState = await o.organisations.stateOf(tx, organisation.id)
          const created = await o.accounts.create(tx, actor, { ...account, organisationState })
          if (created.kind === 'refused') throw new Rollback(created)
          await createStandardMailboxes(tx, o.keys, o.clock, created.id)
          const { computer, password } = await o.accounts.issueDevice(tx, actor, created.id, firstComputer)
          return { kind: 'opened', id: created.id, computer, devicePassword: password }
        })
      } catch (fault) {
        if (fault instanceof Rollback) return fault.refusal
        throw fault
      }
    },
  }
}
