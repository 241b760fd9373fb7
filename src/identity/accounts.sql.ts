// Holders, accounts, addresses and device credentials; only identity/ runs these.
import type { Runner, Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export type HolderState = OrganisationState | 'removed'
/** What an organisation's state makes of its holders, whatever their own is: the stricter counts. */
export type OrganisationState = 'active' | 'sending-suspended' | 'suspended'

export function insertHolder(
  tx: Transaction,
  holder: {
    id: string
    kind: 'account' | 'group'
    organisation: string
    organisationState: OrganisationState
    quotaOctets: number
    createdMs: number
  },
) {
  return tx.run(sql`
    insert into holder (id, kind, organisation, own_state, organisation_state, quota_octets, created_ms)
    values (${holder.id}, ${holder.kind}, ${holder.organisation}, 'active', ${holder.organisationState}, ${holder.quotaOctets}, ${holder.createdMs})`)
}

/** Inserts an account: 0 when its user name was taken an instant ago. */
export function insertAccount(
  tx: Transaction,
  account: {
    id: string
    userName: string
    name: string
    role: string
    passwordHash: string
    changedMs: number
    isDemonstration: boolean
  },
) {
  return tx.run(sql`
    insert into account (id, user_name, name, role, password_hash, password_changed_ms, is_demonstration)
    values (${account.id}, ${account.userName}, ${account.name}, ${account.role}, ${account.passwordHash}, ${account.changedMs}, ${account.isDemonstration}) on conflict (user_name) do nothing`)
}

/** Inserts an address unless it was ever used: 0 when it was. */
export function insertAddress(tx: Transaction, address: string, written: string, holder: string, isPrimary: boolean) {
  return tx.run(sql`
    insert into address (address, holder, written, is_primary) values (${address}, ${holder}, ${written}, ${isPrimary}) on conflict do nothing`)
}

export function userNameRows(tx: Transaction, userName: string) {
  return tx.rows(sql`select from account where user_name = ${userName}`)
}

export interface AddressRow {
  readonly address: string
  readonly holder: string
  readonly state: HolderState
  readonly organisation: string
}

export function holdersAt(run: Runner, addresses: readonly string[]) {
  return run.rows<AddressRow>(sql`
    select address, holder, state, organisation from address join holder on holder.id = address.holder where address = any(${addresses})`)
}

export interface HolderRow {
  readonly id: string
  readonly state: HolderState
  readonly quotaOctets: number
}

export function holdersById(run: Runner, ids: readonly string[]) {
  return run.rows<HolderRow>(sql`select id, state, quota_octets from holder where id = any(${ids}::uuid[])`)
}

/** State and quota of holders, which then stay as they are until commit. */
export function holdersKept(ids: readonly string[]) {
  return sql`select id, state, quota_octets from holder where id = any(${ids}::uuid[]) order by id for share`
}

/** A holder's own state, whatever its organisation's; it stays so until commit. */
export function ownStateKept(tx: Transaction, id: string) {
  return tx.rows<{ ownState: HolderState }>(sql`select own_state from holder where id = ${id} for update`)
}

export function changeState(tx: Transaction, id: string, state: HolderState) {
  return tx.rows<{ was: HolderState }>(sql`
    with before as (select id, own_state from holder where id = ${id} for update)
    update holder set own_state = ${state} from before where holder.id = before.id returning before.own_state as was`)
}

/** The state of their organisation, for all who belong to it. */
export function changeOrganisationState(tx: Transaction, organisation: string, state: OrganisationState) {
  return tx.run(sql`
    with held as (select id from holder where organisation = ${organisation} order by id for update)
    update holder set organisation_state = ${state} from held where holder.id = held.id`)
}

/** Makes an account an officer of the Helpdesk, or no more: 0 when it was so already, or there is none. */
export function changeOfficer(tx: Transaction, id: string, isOfficer: boolean) {
  return tx.run(sql`update account set is_officer = ${isOfficer} where id = ${id} and is_officer <> ${isOfficer}`)
}

/** Shows an account in the directory, or no more: 0 when it was so already, or there is none. */
export function changeListing(tx: Transaction, id: string, isListed: boolean) {
  return tx.run(sql`update account set is_listed = ${isListed} where id = ${id} and is_listed <> ${isListed}`)
}

export interface AccountRow {
  readonly id: string
  readonly userName: string
  readonly name: string
  readonly role: string
  readonly organisation: string
  readonly state: HolderState
  readonly addresses: readonly string[]
  readonly isOfficer: boolean
  /** False for one who is ex-directory. */
  readonly isListed: boolean
}

export function accountsLike(run: Runner, filter: { id?: string; userName?: string; organisation?: string }) {
  return run.rows<AccountRow>(sql`
    select account.id, user_name, name, role, organisation, state, is_officer, is_listed,
           (select array_agg(written order by is_primary desc, written) from address where holder = account.id) as addresses
      from account join holder on holder.id = account.id
     where (${filter.id ?? null}::uuid is null or account.id = ${filter.id ?? null}::uuid)
       and (${filter.userName ?? null}::text is null or user_name = ${filter.userName ?? null}::text)
       and (${filter.organisation ?? null}::uuid is null or organisation = ${filter.organisation ?? null}::uuid)
     order by user_name`)
}

export function insertDevice(
  tx: Transaction,
  device: { id: string; account: string; name: string; passwordHash: Buffer; createdMs: number },
) {
  return tx.run(sql`
    insert into device_credential (id, account, name, password_hash, created_ms)
    values (${device.id}, ${device.account}, ${device.name}, ${device.passwordHash}, ${device.createdMs})`)
}

export interface ComputerRow {
  readonly id: string
  readonly name: string
  readonly kind: 'mail-program' | 'browser'
  readonly createdMs: number
  /** Null while its credential counts. */
  readonly revokedMs: number | null
}

export function computersOf(run: Runner, account: string) {
  return run.rows<ComputerRow>(sql`
    select id, name, kind, created_ms, revoked_ms from device_credential where account = ${account} order by created_ms, id`)
}

export function revokeDevice(tx: Transaction, id: string, atMs: number) {
  return tx.rows<{ account: string }>(sql`
    update device_credential set revoked_ms = ${atMs} where id = ${id} and revoked_ms is null returning account`)
}

export interface CredentialRow {
  readonly account: string
  readonly organisation: string
  readonly state: HolderState
  readonly name: string
  readonly address: string
  readonly mayUse: readonly string[]
  readonly computer: string | null
}

/** In what state the account of a computer is, and whether the computer's credential still counts. */
export function computerStanding(run: Runner, computer: string) {
  return run.rows<{ state: HolderState; revoked: boolean }>(sql`
    select state, revoked_ms is not null as revoked from device_credential join holder on holder.id = account where device_credential.id = ${computer}`)
}

/** The account of a user name or of an address, and the computer whose credential has this hash: null when none of the account's has. */
export function accountWithCredential(run: Runner, name: string, passwordHash: Buffer) {
  return run.rows<CredentialRow>(sql`
    select account.id as account, organisation, state, account.name,
           (select written from address where holder = account.id and is_primary) as address,
           (select array_agg(address) from address where holder = account.id) as may_use,
           (select id from device_credential where device_credential.account = account.id and password_hash = ${passwordHash} and revoked_ms is null) as computer
      from account join holder on holder.id = account.id
     where user_name = ${name} or account.id = (select holder from address where address = ${name})`)
}
