// Statements of organisations and signature blocks of people; only community/ runs these.
import type { Runner, Transaction } from '#store/database.ts'
import { sql } from '#store/sql.ts'

export function sealedBlock(run: Runner, account: string) {
  return run.rows<{ sealed: Buffer }>(sql`select sealed from signature_block where account = ${account}`)
}

export function putBlock(tx: Transaction, account: string, sealed: Buffer) {
  return tx.run(sql`
    insert into signature_block (account, sealed) values (${account}, ${sealed}) on conflict (account) do update set sealed = excluded.sealed`)
}

export function dropBlock(tx: Transaction, account: string) {
  return tx.run(sql`delete from signature_block where account = ${account}`)
}

/** Changes what is given; null leaves it as it is, and an empty statement is none. */
export function changeWording(
  tx: Transaction,
  organisation: string,
  wording: { statement: string | null; statementFor: string | null; unsigned: string | null; unscannable: string | null },
) {
  return tx.run(sql`
    update organisation
       set statement = case when ${wording.statement}::text is null then statement else nullif(${wording.statement}::text, '') end,
           statement_for = coalesce(${wording.statementFor}::text, statement_for),
           unsigned = coalesce(${wording.unsigned}::text, unsigned),
           unscannable = coalesce(${wording.unscannable}::text, unscannable)
     where id = ${organisation}`)
}
