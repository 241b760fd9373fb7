// The search of people by the beginnings of words of their names, of their addresses, or in organisations; only identity/ runs these.
import type { Runner } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export interface PersonRow {
  readonly address: string
  readonly name: string
  readonly role: string
  readonly organisation: string
}

// Each query stops at the first that fit, and sorts nothing: what is common is not read to its end.

/** People whose names have a word for each that the query (of to_tsquery) wants. */
export function peopleByName(run: Runner, query: string, within: readonly string[] | null, atMost: number) {
  return run.rows<PersonRow>(sql`
    select written as address, name, role, organisation
      from account join holder on holder.id = account.id join address on address.holder = account.id and is_primary
     where to_tsvector('simple', name) @@ to_tsquery('simple', ${query}) and state in ('active', 'sending-suspended') and is_listed
       and (${within}::uuid[] is null or organisation = any(${within}::uuid[]))
     limit ${atMost}`)
}

/** People by the beginning of an address, in lower case; `end` is above all that begin so. */
export function peopleByAddress(run: Runner, start: string, end: string, atMost: number) {
  return run.rows<PersonRow>(sql`
    select written as address, name, role, organisation
      from address join account on account.id = address.holder join holder on holder.id = account.id
     where address >= ${start} and address < ${end} and state in ('active', 'sending-suspended') and is_listed
     order by address limit ${atMost}`)
}

/** At most so many address keys in the directory that are among these, and so many that begin with each of these beginnings. */
export function listedNear(run: Runner, keys: readonly string[], starts: readonly string[], atMost: number) {
  return run.rows<{ address: string }>(sql`
    select address from address join account on account.id = address.holder join holder on holder.id = account.id
     where address = any(${keys}) and state in ('active', 'sending-suspended') and is_listed
    union
    select near.address from unnest(${starts}::text[]) as start cross join lateral (
      select address from address join account on account.id = address.holder join holder on holder.id = account.id
       where address >= start collate "C" and address < (start || chr(1114111)) collate "C"
         and state in ('active', 'sending-suspended') and is_listed
       limit ${atMost}) as near`)
}

export function peopleOf(run: Runner, organisations: readonly string[], atMost: number) {
  return run.rows<PersonRow>(sql`
    select written as address, name, role, organisation
      from holder join account on account.id = holder.id join address on address.holder = holder.id and is_primary
     where organisation = any(${organisations}::uuid[]) and state in ('active', 'sending-suspended') and is_listed
     limit ${atMost}`)
}

/** Who has these addresses, by address key; also those who may not be suggested. */
export function peopleAt(run: Runner, addresses: readonly string[]) {
  return run.rows<PersonRow & { key: string }>(sql`
    select address as key, written as address, name, role, organisation
      from address join account on account.id = address.holder join holder on holder.id = account.id
     where address = any(${addresses})`)
}

export function unlistedAt(run: Runner, addresses: readonly string[]) {
  return run.rows<{ address: string }>(sql`
    select address from address join account on account.id = address.holder where address = any(${addresses}) and not is_listed`)
}
