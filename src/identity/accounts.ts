// Accounts: who someone is, which addresses are theirs, and in what state they are. G02, T06
import type { Clock } from '#base/clock.ts'
import { type Refused, refused } from '#base/faults.ts'
import { newId } from '#base/ids.ts'
import type { Evidence } from '#evidence/record.ts'
import {
  type AccountRow,
  type ComputerRow,
  type HolderRow,
  type HolderState,
  type OrganisationState,
  accountsLike,
  changeListing,
  changeOfficer,
  changeOrganisationState,
  changeState,
  computersOf,
  holdersAt,
  holdersById,
  holdersKept,
  insertAccount,
  insertAddress,
  insertDevice,
  insertHolder,
  ownStateKept,
  revokeDevice,
  userNameRows,
} from '#identity/accounts.sql.ts'
import { devicePasswordKey, hashPassword, newDevicePassword } from '#identity/passwords.ts'
import { theService } from '#keys/epoch.ts'
import type { Keys } from '#keys/keys.ts'
import { addressKey, parseAddress } from '#mail/address.ts'
import type { Database, Runner, Transaction } from '#store/database.ts'
import type { Query } from '#store/sql.ts'

export type { AccountRow as Account, ComputerRow as Computer, HolderState, OrganisationState } from '#identity/accounts.sql.ts'

export interface NewAccount {
  readonly organisation: string
  /** Active when left out. */
  readonly organisationState?: OrganisationState
  readonly address: string
  readonly userName: string
  readonly name: string
  readonly role: string
  readonly password: string
  readonly quotaOctets: number
  /** True for people of the demonstration, who may use any browser while it is one. */
  readonly isDemonstration?: boolean
}

/** Who did an administrative act: a holder, or theService for the operator's commands. */
export type Actor = string

export interface Accounts {
  /** Makes an account with its first address; refuses what is taken or malformed. Mailboxes are mailbox/open-account.ts' part. */
  create(tx: Transaction, actor: Actor, account: NewAccount): Promise<{ kind: 'created'; id: string } | Refused>
  list(filter?: { id?: string; userName?: string; organisation?: string }): Promise<AccountRow[]>
  /** Changes an account's own state; returns the one before, or null when there is no such holder. Nothing is lost by any of them. G02 */
  setState(
    tx: Transaction,
    actor: Actor,
    id: string,
    state: HolderState,
    reason: { clause: string; reason: string },
  ): Promise<HolderState | null>
  /** Makes all who belong to an organisation at most what it is; it says how many they are. Their own states stay. */
  setOrganisationState(tx: Transaction, organisation: string, state: OrganisationState): Promise<number>
  /** Makes somebody an officer of the Helpdesk, or no more; false when they were that already. G05 */
  setOfficer(tx: Transaction, actor: Actor, id: string, isOfficer: boolean, reason: string): Promise<boolean>
  /** Shows somebody in the directory, or makes them ex-directory; false when they were so already. G11 */
  setListed(tx: Transaction, actor: Actor, id: string, isListed: boolean, reason: string): Promise<boolean>
  /** Gives a computer of the account its credential: `password` is shown once. */
  issueDevice(tx: Transaction, actor: Actor, account: string, name: string): Promise<{ computer: string; password: string }>
  revokeDevice(tx: Transaction, actor: Actor, computer: string): Promise<boolean>
  /** The computers that an account ever had, the oldest first. */
  computers(account: string): Promise<ComputerRow[]>
  /** The holders of address keys that were ever given out, by address key. */
  holdersAt(addresses: readonly string[]): Promise<Map<string, { holder: string; state: HolderState; organisation: string }>>
  /** State and quota of holders, by id. */
  holdersById(run: Runner, ids: readonly string[]): Promise<Map<string, { state: HolderState; quotaOctets: number }>>
  /** The same, kept as they are until commit. */
  keepHolders(tx: Transaction, ids: readonly string[]): Promise<Map<string, { state: HolderState; quotaOctets: number }>>
  /** An account's own state, whatever its organisation's, which then stays until commit; null when there is no such holder. */
  keepOwnState(tx: Transaction, id: string): Promise<HolderState | null>
  /** The part of a statement that gives id, state and quota_octets of holders, and keeps them so until commit. */
  holdersKept(ids: readonly string[]): Query
}

const userNameForm = /^[a-z0-9][a-z0-9._-]{2,63}$/
const leastPasswordLength = 8

/** T06: at least 8 characters, upper and lower case, and a digit or another character. */
function passwordIsStrong(password: string): boolean {
  return (
    password.length >= leastPasswordLength &&
    /\p{Lu}/u.test(password) &&
    /\p{Ll}/u.test(password) &&
    /[^\p{Lu}\p{Ll}]/u.test(password)
  )
}

export function openAccounts(o: { database: Database; keys: Keys; evidence: Evidence; clock: Clock }): Accounts {
  const { database, keys, evidence, clock } = o
  return {
    async create(tx, actor, account) {
      const wrong = await whatIsWrong(tx, account)
      if (wrong !== null) return wrong
      const atMs = clock.now()
      const id = newId(atMs)
      await insertHolder(tx, {
        id,
        kind: 'account',
        organisation: account.organisation,
        organisationState: account.organisationState ?? 'active',
        quotaOctets: account.quotaOctets,
        createdMs: atMs,
      })
      const inserted = await insertAccount(tx, {
        id,
        userName: account.userName,
        name: account.name,
        role: account.role,
        passwordHash: await hashPassword(account.password),
        changedMs: atMs,
        isDemonstration: account.isDemonstration === true,
      })
      if (inserted === 0) return userNameIsTaken(account.userName)
      const taken = (await insertAddress(tx, addressKey(account.address), account.address, id, true)) === 0
      if (taken)
        return refused(
          'G03',
          'address-is-taken',
          `${account.address} is or was somebody’s address`,
          'Addresses are never given to another person. Choose a different one.',
        )
      await evidence.write(tx, {
        event: 'AccountCreated',
        actor,
        about: id,
        details: [
          {
            account: id,
            organisation: account.organisation,
            address: account.address,
            userName: account.userName,
            name: account.name,
            role: account.role,
          },
        ],
      })
      return { kind: 'created', id }
    },
    list: (filter = {}) => accountsLike(database, filter),
    async setState(tx, actor, id, state, { clause, reason }) {
      const [changed] = await changeState(tx, id, state)
      if (changed === undefined) return null
      await evidence.write(tx, {
        event: 'AccountStateChanged',
        actor,
        about: id,
        details: [{ account: id, was: changed.was, is: state, clause, reason }],
      })
      return changed.was
    },
    setOrganisationState: changeOrganisationState,
    async setOfficer(tx, actor, id, isOfficer, reason) {
      if ((await changeOfficer(tx, id, isOfficer)) === 0) return false
      const event = isOfficer ? 'OfficerAppointed' : 'OfficerDismissed'
      await evidence.write(tx, { event, actor, about: id, details: [{ account: id, reason }] })
      return true
    },
    async setListed(tx, actor, id, isListed, reason) {
      if ((await changeListing(tx, id, isListed)) === 0) return false
      const details = [{ account: id, isListed, reason }]
      await evidence.write(tx, { event: 'DirectoryListingChanged', actor, about: id, details })
      return true
    },
    async issueDevice(tx, actor, account, name) {
      const password = newDevicePassword()
      const computer = newId(clock.now())
      const hash = await keys.hashFor(theService, 'device password')
      await insertDevice(tx, {
        id: computer,
        account,
        name,
        passwordHash: hash(devicePasswordKey(password)),
        createdMs: clock.now(),
      })
      await evidence.write(tx, { event: 'DeviceCredentialIssued', actor, about: account, details: [{ account, computer, name }] })
      return { computer, password }
    },
    async revokeDevice(tx, actor, computer) {
      const [revoked] = await revokeDevice(tx, computer, clock.now())
      if (revoked === undefined) return false
      await evidence.write(tx, {
        event: 'DeviceCredentialRevoked',
        actor,
        about: revoked.account,
        details: [{ account: revoked.account, computer }],
      })
      return true
    },
    computers: (account) => computersOf(database, account),
    async holdersAt(addresses) {
      const rows = await holdersAt(database, addresses)
      return new Map(rows.map(({ address, ...row }) => [address, row]))
    },
    holdersById: async (run, ids) => byId(await holdersById(run, ids)),
    keepOwnState: async (tx, id) => (await ownStateKept(tx, id))[0]?.ownState ?? null,
    keepHolders: async (tx, ids) => byId(await tx.rows<HolderRow>(holdersKept(ids))),
    holdersKept,
  }
}

const byId = (rows: readonly HolderRow[]) => new Map(rows.map(({ id, ...row }) => [id, row]))

async function whatIsWrong(tx: Transaction, account: NewAccount): Promise<Refused | null> {
  try {
    parseAddress(account.address)
  } catch {
    return refused(
      'T06',
      'address-is-malformed',
      'the address is not one, or is longer than 254 octets',
      'Write it as name@domain, at most 64 octets before the @ and 254 in all.',
    )
  }
  if (!userNameForm.test(account.userName)) {
    return refused(
      'T06',
      'user-name-is-malformed',
      'the user name is not 3 to 64 letters, digits, dots or hyphens in lower case',
      'Choose another user name.',
    )
  }
  if ((await userNameRows(tx, account.userName)).length > 0) {
    return userNameIsTaken(account.userName)
  }
  if (!passwordIsStrong(account.password)) {
    return refused(
      'T06',
      'password-is-weak',
      'the password is too simple',
      'Use at least 8 characters, with upper and lower case and a digit or another character.',
    )
  }
  return null
}

const userNameIsTaken = (userName: string) =>
  refused(
    'T06',
    'user-name-is-taken',
    `the user name ${userName} is somebody’s already`,
    'Every person has a user name of their own: choose another.',
  )
