// Organisations and their domains; only community/ runs these.
import type { OrganisationState } from '#identity/accounts.ts'
import type { Wording } from '#policy/signature-block.ts'
import type { Runner, Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export interface OrganisationRow {
  readonly id: string
  readonly parent: string | null
  readonly kind: string
  readonly name: string
  readonly adopter: boolean
  readonly state: OrganisationState
  readonly mailboxDomains: readonly string[]
  readonly serverDomains: readonly string[]
}

export function insertOrganisation(
  tx: Transaction,
  o: { id: string; parent: string | null; kind: string; name: string; adopter: boolean; createdMs: number },
) {
  return tx.run(sql`
    insert into organisation (id, parent, kind, name, adopter, created_ms)
    values (${o.id}, ${o.parent}, ${o.kind}, ${o.name}, ${o.adopter}, ${o.createdMs}) on conflict (name) do nothing`)
}

/** Adoption and state of one, and the row stays as it is until commit. */
export function organisationKept(tx: Transaction, id: string) {
  return tx.rows<{ adopter: boolean; state: OrganisationState }>(
    sql`select adopter, state from organisation where id = ${id} for update`,
  )
}

export function changeOrganisation(tx: Transaction, id: string, adopter: boolean, state: OrganisationState) {
  return tx.run(sql`update organisation set adopter = ${adopter}, state = ${state} where id = ${id}`)
}

export function insertDomain(
  tx: Transaction,
  domain: string,
  organisation: string,
  kind: 'mailbox' | 'server',
  homeDomain: string | null,
) {
  return tx.run(sql`
    insert into domain (domain, organisation, kind, home_domain) values (${domain}, ${organisation}, ${kind}, ${homeDomain}) on conflict do nothing`)
}

export function insertException(tx: Transaction, address: string, domain: string, homeAddress: string | null) {
  return tx.run(sql`
    insert into server_address_exception (address, domain, home_address) values (${address}, ${domain}, ${homeAddress})
    on conflict (address) do update set home_address = excluded.home_address`)
}

export function organisations(run: Runner) {
  return run.rows<OrganisationRow>(sql`
    select id, parent, kind, name, adopter, state,
           array(select domain from domain where domain.organisation = organisation.id and domain.kind = 'mailbox' order by 1) as mailbox_domains,
           array(select domain from domain where domain.organisation = organisation.id and domain.kind = 'server' order by 1) as server_domains
      from organisation order by name`)
}

export function organisationById(run: Runner, id: string) {
  return run.rows<{ id: string; name: string; adopter: boolean } & Wording>(
    sql`select id, name, adopter, statement, statement_for, unsigned, unscannable from organisation where id = ${id}`,
  )
}

export interface DomainRow {
  readonly domain: string
  readonly organisation: string
  readonly kind: 'mailbox' | 'server'
  readonly homeDomain: string | null
}

export function domainsNamed(run: Runner, domains: readonly string[]) {
  return run.rows<DomainRow>(sql`select domain, organisation, kind, home_domain from domain where domain = any(${domains})`)
}

export function exceptionsFor(run: Runner, addresses: readonly string[]) {
  return run.rows<{ address: string; homeAddress: string | null }>(
    sql`select address, home_address from server_address_exception where address = any(${addresses})`,
  )
}

/** Organisations whose names have words for a query of to_tsquery. */
export function organisationsByName(run: Runner, query: string, atMost: number) {
  return run.rows<{ id: string }>(
    sql`select id from organisation where to_tsvector('simple', name) @@ to_tsquery('simple', ${query}) limit ${atMost}`,
  )
}

export function organisationNames(run: Runner, ids: readonly string[]) {
  return run.rows<{ id: string; name: string }>(sql`select id, name from organisation where id = any(${ids}::uuid[])`)
}
